"""The file with the message of a commit that is being made.

Rule 1: trailers are put in by git itself (git-interpret-trailers(1)), whatever the user's `trailer.*` settings are.
Rule 2: a message that nobody wrote stays one: git stops a commit whose message is empty or an untouched template, and
our trailers must not hide that.
"""

from pathlib import Path

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.commits import trailers_of
from coordinaut_git.plumbing.run import git, git_reading

_SCISSORS = " ------------------------ >8 ------------------------"  # wt-status.c, cut_line


def add_trailers(file: Path, wanted: list[tuple[str, str]], *, several: str, at: Path) -> None:
    """Put trailers into a message, each once: one that is there with another value is replaced.

    The trailer named `several` may stand there with several values; one is added to them. Raises `git_failed`.
    """
    message = file.read_bytes()
    if not message.endswith(b"\n"):  # git would put the first trailer on the line after, as more of the paragraph
        message += b"\n"
    there = trailers_of(message, at)
    wanted_values = {key.lower(): value for key, value in wanted if key != several}
    for key, value in there:
        if wanted_values.get(key.lower(), value) != value:
            message = _without(message, key, value)
    missing = [(key, value) for key, value in wanted if (key.lower(), value) not in {(k.lower(), v) for k, v in there}]
    file.write_bytes(message)
    if missing:
        _append(file, missing, at)


def _append(file: Path, missing: list[tuple[str, str]], at: Path) -> None:
    """To replace is not left to git: to it `Agent` and `Agent-Task` are one trailer, as one begins with the other."""
    words = [word for key, value in missing for word in ("--trailer", f"{key}: {value}")]
    settings = ("--in-place", "--no-divider", "--where", "end", "--if-exists", "add", "--if-missing", "add")
    answer = git("-c", "trailer.separators=:", "interpret-trailers", *settings, *words, str(file), at=at)
    if not answer.ok:
        raise environment("git_failed", f"git interpret-trailers failed: {answer.complaint}.")
    message = file.read_bytes()
    if message.startswith(b"\n") and not message.startswith(b"\n\n"):
        file.write_bytes(b"\n" + message)  # room for a subject, and the blank line below it


def _without(message: bytes, key: str, value: str) -> bytes:
    """The message without the last line that is this trailer; one that was folded is left to whoever checks."""
    lines = message.split(b"\n")
    said = f"{key}:{value}".encode("utf-8", "surrogateescape")
    for number in reversed(range(len(lines))):
        name, colon, rest = lines[number].partition(b":")
        if name.strip() + colon + rest.strip() == said:
            return b"\n".join(lines[:number] + lines[number + 1 :])
    return message


def written(message: bytes, mine: tuple[bytes, ...], at: Path) -> bytes:
    """What somebody wrote: a message without comments, without what stands below the scissors, and without `mine`."""
    comment = git_reading("config", "--get", "core.commentChar", at=at).out.strip() or b"#"
    comment = b"#" if comment == b"auto" else comment
    above = message.partition(b"\n" + comment + _SCISSORS.encode())[0]
    lines = (line.rstrip() for line in above.split(b"\n") if not line.startswith(comment))
    return b"\n".join(line for line in lines if line not in mine).strip()
