"""The git program, run in one way.

Rule 1: only this module starts processes, and only with a list of arguments: no shell ever sees a word of ours.
Rule 2: every run has an end: a time limit for the whole process group, and a bound on what it may say.

`subprocess` is imported where a process is started: most commands start none.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coordinaut_git.errors import environment
from coordinaut_git.plumbing.exchange import Exchange, TooLate, TooMuch
from coordinaut_git.plumbing.interrupts import held_back
from coordinaut_git.plumbing.surroundings import NEUTRAL, clean_environment, network_environment

if TYPE_CHECKING:
    from subprocess import Popen

OLDEST_GIT = (2, 39, 0)
WAIT_S = 60.0
GRACE_S = 2.0
OUTPUT_BYTES = 64 * 1024 * 1024

_VERSION = re.compile(rb"git version (\d+)\.(\d+)(?:\.(\d+))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How git ended: its exit `code` (negative: the signal that ended it), and its two outputs as bytes.

    `late`: it was ended because its time was up.
    """

    code: int
    out: bytes
    err: bytes
    late: bool = False

    @property
    def ok(self) -> bool:
        """Whether git did what it was asked."""
        return self.code == 0

    @property
    def complaint(self) -> str:
        """The first `fatal:` or `error:` line without that word, else the first line, clean of control characters."""
        lines = self.err.decode("utf-8", "replace").splitlines() or [f"it ended with code {self.code} without a word"]
        grave = [line for line in lines if line.startswith(("fatal: ", "error: "))]
        first = (grave or lines)[0].removeprefix("fatal: ").removeprefix("error: ")
        return _CONTROL.sub(" ", first).strip()


def git(
    *arguments: str,
    at: Path,
    stdin: bytes | None = None,
    index: Path | None = None,
    told: Mapping[str, str] | None = None,
    wait_s: float = WAIT_S,
    most_bytes: int = OUTPUT_BYTES,
) -> Answer:
    """Run git as if started in the folder `at`, for at most `wait_s` seconds; `stdin` is closed unless given.

    `index` is an index file to use in place of the work tree's own, `told` more variables of its environment.

    A non-zero exit is an answer, not an error. Words that come from data belong behind `--` or `--end-of-options`.
    Raises a `CoordinautError` of kind environment: git_missing, git_not_started, no_directory, git_timeout, or
    git_output where git says more than `most_bytes` on one output.
    """
    around = clean_environment() | ({"GIT_INDEX_FILE": str(index)} if index else {}) | dict(told or {})
    answer = _run(arguments, at, around, stdin=stdin, wait_s=wait_s, most_bytes=most_bytes)
    if answer.late:
        raise environment(
            "git_timeout",
            f"git {_name(arguments)} did not end within {wait_s:g} seconds and was stopped.",
            hint="Look for a slow disk, a network that does not answer, or a git that waits for something.",
        )
    return answer


def git_reading(
    *arguments: str,
    at: Path,
    stdin: bytes | None = None,
    index: Path | None = None,
    wait_s: float = WAIT_S,
    most_bytes: int = OUTPUT_BYTES,
) -> Answer:
    """`git` for a command that only reads, with the `NEUTRAL` settings; the same errors.

    A `filter.*.clean` command of the repository may still run where git must compare contents.
    """
    return git(*_neutral(), *arguments, at=at, stdin=stdin, index=index, wait_s=wait_s, most_bytes=most_bytes)


def git_remote(
    *arguments: str, at: Path, settings: Sequence[str] = (), told: Mapping[str, str] | None = None, wait_s: float
) -> Answer:
    """`git` for a command that talks to a remote: `NEUTRAL` and these `settings`, in the `network_environment`.

    `told` are more variables of its environment. Time that is up is an answer, for something may have happened
    (`Answer.late`); Ctrl-C ends git. Raises the other errors of `git`.
    """
    around = network_environment() | dict(told or {})
    return _run((*_neutral(*settings), *arguments), at, around, stdin=None, wait_s=wait_s, most_bytes=OUTPUT_BYTES)


def _neutral(*more: str) -> tuple[str, ...]:
    return tuple(word for setting in (*NEUTRAL, *more) for word in ("-c", setting))


def git_version() -> tuple[int, int, int]:
    """The version of the git program, to be compared with `OLDEST_GIT`; raises as `git` does, or git_unknown."""
    said = git("version", at=Path("/"), wait_s=10).out
    found = _VERSION.match(said)
    if not found:
        raise environment("git_unknown", f"`git version` answered {said[:60]!r}, which is not a version of git.")
    return int(found[1]), int(found[2]), int(found[3] or 0)


def _run(
    arguments: tuple[str, ...],
    at: Path,
    around: dict[str, str],
    *,
    stdin: bytes | None,
    wait_s: float,
    most_bytes: int,
) -> Answer:
    with held_back() as interrupt, _start(arguments, at, around, closed=stdin is None) as process:
        try:
            return _hear_out(process, stdin or b"", wait_s, most_bytes, interrupt)
        except TooMuch:
            raise environment(
                "git_output", f"git {_name(arguments)} said more than {most_bytes:,} bytes and was stopped."
            ) from None


def _start(arguments: tuple[str, ...], at: Path, around: dict[str, str], *, closed: bool) -> "Popen[bytes]":
    from subprocess import DEVNULL, PIPE, Popen

    folder = _absolute(at)
    try:
        return Popen(  # noqa: S603 - a list of arguments, no shell
            ["git", "-C", folder, *arguments],  # noqa: S607 - the user's git is the one on the path
            stdin=DEVNULL if closed else PIPE,
            stdout=PIPE,
            stderr=PIPE,
            bufsize=0,
            env=around,
            start_new_session=True,  # its own group, and no terminal to ask questions on
        )
    except FileNotFoundError:
        raise environment(
            "git_missing", "The git program was not found.", hint="Install git 2.39 or newer and have it on the PATH."
        ) from None
    except OSError as error:
        raise environment(
            "git_not_started", f"The git program could not be started: {error.strerror or error}."
        ) from error


def _hear_out(
    process: "Popen[bytes]", stdin: bytes, wait_s: float, most_bytes: int, interrupt: Callable[[], None]
) -> Answer:
    from subprocess import TimeoutExpired

    assert process.stdout is not None, "started with pipes"
    assert process.stderr is not None, "started with pipes"
    deadline_s = time.monotonic() + wait_s
    talk = Exchange(process.stdin, stdin, (process.stdout, process.stderr), most_bytes)
    late = False
    try:
        interrupt()
        talk.run(deadline_s, lambda: process.poll() is not None)
        process.wait(max(0.0, deadline_s - time.monotonic()))
    except (TooLate, TimeoutExpired):
        late = True
        _end_group(process, talk)
    except BaseException:  # a bound that broke, or the user's Ctrl-C, which its own session keeps from git
        _end_group(process, talk)
        raise
    out, err = talk.heard
    return Answer(code=process.wait(), out=bytes(out), err=bytes(err), late=late)


def _end_group(process: "Popen[bytes]", talk: Exchange) -> None:
    """End git and its group: first by a signal on which all of them take their lock files away, then without asking.

    Whoever of them has not ended yet holds our pipes. What they still say is heard.
    """
    from subprocess import TimeoutExpired

    until_s = time.monotonic() + GRACE_S
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(TooLate, TooMuch):
            talk.run(until_s, lambda: False)
        with contextlib.suppress(TimeoutExpired):
            process.wait(max(0.0, until_s - time.monotonic()))
        os.killpg(process.pid, signal.SIGKILL)


def _absolute(at: Path) -> Path:
    try:
        return at.absolute()
    except FileNotFoundError:
        raise environment(
            "no_directory", "The current directory does not exist any more.", hint="Change to one that does."
        ) from None


def _name(arguments: tuple[str, ...]) -> str:
    """The command among the arguments, for a message: the first word that is no `-c` setting."""
    words = iter(arguments)
    for word in words:
        if word != "-c":
            return word
        next(words, None)
    return ""
