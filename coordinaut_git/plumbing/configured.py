"""All that git's configuration says, and where, for a close look; see git-config(1), `--list`.

Rule 1: nothing is interpreted here but the one thing that patterns of refs mean.
"""

from pathlib import Path
from typing import NamedTuple

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.run import git_reading


class Configured(NamedTuple):
    """One line of configuration. `scope` is system, global, local, worktree or command; `key` as git writes it."""

    scope: str
    origin: str
    key: str
    value: str


def configured(at: Path) -> tuple[Configured, ...]:
    """Every line in force at `at`, in git's order: what comes later has the last word. Raises `git_failed`."""
    answer = git_reading("config", "--list", "--show-scope", "--show-origin", "-z", at=at)
    if not answer.ok:
        raise environment("git_failed", f"git cannot list its configuration: {answer.complaint}.")
    words = answer.out.decode("utf-8", "surrogateescape").split("\0")
    return tuple(
        Configured(scope, origin.removeprefix("file:"), *_key_and_value(line))
        for scope, origin, line in zip(words[0::3], words[1::3], words[2::3], strict=False)
        if scope != "command"
    )


def _key_and_value(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("\n")
    return key, value if equals else "true"


def writes_to(refspec: str, ref: str) -> bool:
    """Whether a refspec's right side (its only side, if it has one) names `ref`; see gitglossary(7), "refspec"."""
    if refspec.startswith("^"):
        return False
    source, colon, target = refspec.removeprefix("+").partition(":")
    head, star, tail = (target if colon else source).partition("*")
    if not star:
        return ref == head
    return ref.startswith(head) and ref.endswith(tail) and len(ref) >= len(head) + len(tail)
