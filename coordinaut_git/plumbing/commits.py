"""Commits, read with the git program: who made them when, their trailers, and the paths that they changed.

Rule 1: two processes for a range, however long: git-rev-list(1) names the commits, git-diff-tree(1) describes them.
Both are plumbing, which the user's `log.*` and `diff.*` settings do not touch.
Rule 2: a range or a revision is data: it stands behind `--end-of-options`, and what could be an option is refused.
Rule 3: fields end in NUL, which no commit can hold; nothing in a message can pass for a field.
Rule 4: trailers are what git-interpret-trailers(1) takes for trailers: in the last paragraph, unfolded, all of them.

What a merge changed is what it has otherwise than every one of its parents (an "evil merge"); what it only took from
one of them was changed by other commits. A first commit changed all that it holds. A renamed file is one path deleted
and one added. A submodule is a directory. Replacement refs (git-replace(1)) do not count.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment, invalid, not_found
from coordinaut_git.plumbing.raw_diff import RawPath, raw_path
from coordinaut_git.plumbing.run import Answer, git_reading

MOST_BYTES = 512 * 1024 * 1024
WAIT_S = 600.0

_AS_IT_IS = ("-c", "core.useReplaceRefs=false", "-c", "trailer.separators=:")
_TRAILERS = "%(trailers:only,unfold,separator=%x00,key_value_separator=%x00)"
_FORM = f"--format=%H%x00%P%x00%at%x00%ct%x00%an%x00%s%x00{_TRAILERS}%x00"
_NOBODY = re.compile(r"0{40}(?:0{24})?\Z")
_BAD_REVISION = re.compile(r"-|\^|.*[\x00-\x1f\x7f]|.*\.\.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit. Instants are milliseconds since the epoch, always whole seconds: git keeps no more.

    `trailers` are the keys as they were written, and the values, in the order of the message. `changes` are the paths
    that it changed; see above for merges.
    """

    id: str
    parents: tuple[str, ...]
    author: str
    authored_at: int
    committed_at: int
    subject: str
    trailers: tuple[tuple[str, str], ...]
    changes: tuple[RawPath, ...]


def commits_in(text: str, at: Path) -> list[Commit]:
    """The commits of a range (see `commit_ids`), oldest first; raises as `commit_ids` and `read_commits`."""
    return read_commits(commit_ids(text, at), at)


def commit_ids(text: str, at: Path) -> list[str]:
    """The ids of the commits that a range names, oldest first: gitrevisions(7), "Dotted Range Notations".

    `A..B`, `A...B`, either side HEAD if left out; a single revision is that one commit. An id of zeros, with which git
    tells hooks and hosts that there is nothing: `0…0..B` is what B has and no remote-tracking branch that stands
    elsewhere has; `A..0…0` is nothing. Raises invalid `bad_range`, not_found `no_such_commit` or `shallow_history`.
    """
    left, dots, right = _ends(text)
    if dots and _NOBODY.match(right):
        return []
    words = _words(left, dots, right, at)
    answer = _git("rev-list", "--topo-order", "--reverse", *words, at=at)
    if not answer.ok:
        raise _failed(answer, text, at)
    return _whole(answer.out.decode().split(), at)


def signed_here_first(name: str, at: Path) -> list[str]:
    """The ids of the commits that the commit of this id brings to the branches here, oldest first.

    Only those in whose message a line begins with `Agent`: others have no trailers of ours. Raises `git_failed`.
    """
    words = ("--topo-order", "--reverse", "--regexp-ignore-case", "--grep=^agent", "--not", "--branches", "--not")
    answer = _git("rev-list", *words, "--end-of-options", name, at=at)
    if not answer.ok:
        raise environment("git_failed", f"git rev-list failed: {answer.complaint}.")
    return answer.out.decode().split()


def is_published(name: str, at: Path) -> bool:
    """Whether a remote-tracking branch has the commit of this id, so that to push it brings nothing new."""
    answer = _git("for-each-ref", "--count=1", "--format=x", f"--contains={name}", "refs/remotes", at=at)
    return answer.ok and bool(answer.out)


def read_commits(ids: Iterable[str], at: Path) -> list[Commit]:
    """The commits of these ids, in this order; raises what `git_reading` raises, or `git_failed`."""
    asked = "".join(f"{name}\n" for name in ids)
    if not asked:
        return []
    answer = _git(
        "diff-tree", "--stdin", "--root", "-r", "-c", "-z", "--raw", "--no-abbrev", "--no-renames", "--always",
        "--ignore-submodules=none", "--no-relative", "--encoding=UTF-8", _FORM,
        at=at,
        stdin=asked.encode("ascii"),
    )  # fmt: skip
    if not answer.ok:
        raise environment("git_failed", f"git diff-tree failed: {answer.complaint}.")
    return list(_commits(answer.out))


def trailers_of(message: bytes, at: Path) -> tuple[tuple[str, str], ...]:
    """The trailers that a commit with this message would have, whose comments and scissors are still in it."""
    answer = _git("interpret-trailers", "--parse", "--no-divider", at=at, stdin=message)
    if not answer.ok:
        raise environment("git_failed", f"git interpret-trailers failed: {answer.complaint}.")
    lines = answer.out.decode("utf-8", "surrogateescape").split("\n")
    pairs = (line.partition(":") for line in lines if line)
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _git(*arguments: str, at: Path, stdin: bytes | None = None) -> Answer:
    return git_reading(*_AS_IT_IS, *arguments, at=at, stdin=stdin, wait_s=WAIT_S, most_bytes=MOST_BYTES)


def _ends(text: str) -> tuple[str, str, str]:
    dots = "..." if "..." in text else ".." if ".." in text else ""
    left, right = text.split(dots, 1) if dots else ("", text)
    ends = (left or "HEAD", right or "HEAD") if dots else (left, right)
    if not text or text == dots or any(_BAD_REVISION.match(end) for end in ends):
        raise invalid(
            "bad_range",
            f"{_shown(text)} is not a range of commits.",
            hint="Write it as A..B, for example origin/main..HEAD, or name one commit.",
        )
    return ends[0], dots, ends[1]


def _words(left: str, dots: str, right: str, at: Path) -> list[str]:
    """What git-rev-list(1) is told; `^{commit}` makes git refuse what names no commit."""
    end = f"{right}^{{commit}}"
    if not dots:
        return ["--no-walk", "--end-of-options", end, "--"]
    if _NOBODY.match(left):
        return ["--end-of-options", end, *(f"^{name}" for name in _published(right, at)), "--"]
    return ["--end-of-options", f"{left}^{{commit}}{dots}{end}", "--"]


def _published(tip: str, at: Path) -> list[str]:
    """Where the remote-tracking branches stand that stand elsewhere than at `tip`."""
    answer = _git("for-each-ref", "--format=%(objectname) %(objecttype)", "refs/remotes", at=at)
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{tip}^{{commit}}", at=at)
    if not answer.ok or not found.ok:
        return []  # the listing that follows says what is wrong
    names = (line.split() for line in answer.out.decode().splitlines())
    return sorted({name for name, kind in names if kind == "commit"} - {found.out.decode().strip()})


def _whole(ids: list[str], at: Path) -> list[str]:
    """The ids, none of which is where a shallow clone was cut off: its parents, and so its changes, are unknown."""
    cut = _cut_off(at)
    for name in ids:
        if name in cut:
            raise not_found(
                "shallow_history",
                f"This clone is shallow: its history is cut off at {name}, so what that commit changed is unknown.",
                hint=DEEPER,
            )
    return ids


DEEPER = "Fetch the whole history: git fetch --unshallow, or fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)."


def _cut_off(at: Path) -> frozenset[str]:
    """The commits at which a shallow clone ends: gitrepository-layout(5), `shallow`."""
    answer = _git("rev-parse", "--git-path", "shallow", at=at)
    file = at / answer.out.decode("utf-8", "surrogateescape").removesuffix("\n")
    try:
        return frozenset(file.read_text("ascii").split()) if answer.ok else frozenset()
    except OSError:
        return frozenset()


def _failed(answer: Answer, text: str, at: Path) -> CoordinautError:
    if not re.search(rb"bad revision|unknown revision|bad object|[Ii]nvalid revision|Not a valid", answer.err):
        return environment("git_failed", f"git rev-list failed: {answer.complaint}.")
    if _cut_off(at):
        return not_found(
            "shallow_history", f"This clone is shallow and does not hold all of {_shown(text)}.", hint=DEEPER
        )
    return not_found(
        "no_such_commit",
        f"{_shown(text)} names a commit that is not in this repository.",
        hint="Look with git log; a branch of a remote must be fetched before.",
    )


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 100 else text[:99] + "…")  # noqa: PLR2004 - a line's worth


def _commits(data: bytes) -> Iterator[Commit]:
    tokens = iter(data.split(b"\0"))
    token = next(tokens, b"")
    while token:
        head = [token, *(next(tokens, b"") for _ in range(5))]
        trailers = tuple(_pairs(tokens))
        token = _past_blanks(tokens)
        changes: list[RawPath] = []
        while token.startswith(b":"):
            changes.append(raw_path(token, next(tokens, b"")))
            token = next(tokens, b"")
        yield _commit(head, trailers, tuple(changes))


def _pairs(tokens: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    while key := next(tokens, b""):
        yield _text(key), _text(next(tokens, b""))


def _past_blanks(tokens: Iterator[bytes]) -> bytes:
    """What comes after the header, which ends in one or two empty fields, and a line break before some differences."""
    return next((word for token in tokens if (word := token.removeprefix(b"\n"))), b"")


def _commit(head: list[bytes], trailers: tuple[tuple[str, str], ...], changes: tuple[RawPath, ...]) -> Commit:
    name, parents, authored, committed, author, subject = map(_text, head)
    try:
        authored_at, committed_at = int(authored) * 1000, int(committed) * 1000
    except ValueError:
        raise environment("git_failed", f"git gave a commit that is not understood: {head!r:.120}.") from None
    return Commit(
        id=name,
        parents=tuple(parents.split()),
        author=author,
        authored_at=authored_at,
        committed_at=committed_at,
        subject=subject,
        trailers=trailers,
        changes=changes,
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
