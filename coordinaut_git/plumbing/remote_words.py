"""What git and a remote said about a failed exchange, for people.

Rule 1: it is one line, bounded, clean of control characters, of passwords, and of what git traces.
"""

import re

from coordinaut_git.plumbing.run import Answer

_MOST = 400
_TRACE = re.compile(r'(?:remote: )?\{"event":.*|\d\d:\d\d:\d\d\.\d+ .*')
_SAYS_NOTHING = re.compile(
    r"(hint|warning): .*|To \S+|Done|Please make sure you have the correct access rights|and the repository exists\."
    r"|(error: )?failed to push some refs to .*|remote:\s*|remote: (Enumerating|Counting|Compressing|Resolving) .*"
)
_AFTERMATH = re.compile(
    r"send-pack: unexpected disconnect .*|[Tt]he remote end hung up unexpectedly|Could not read from remote repository"
    r"|unpack-objects abnormal exit"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")
_GRAVE = re.compile(r"^(?:remote: ?)?(?:(?:fatal|error|ERROR): )*")


def lines_of(answer: Answer) -> list[str]:
    """The lines of git's error output that say something, those of the remote with `remote: ` before them."""
    text = answer.err.decode("utf-8", "replace").replace("\r", "\n")
    lines = (_TRACE.sub("", line).rstrip() for line in text.split("\n"))
    return [line for line in lines if line and not _SAYS_NOTHING.fullmatch(line)]


def said(answer: Answer, reason: str = "") -> str:
    """`reason` and what git or the remote said, as one line for people; without a final full stop."""
    parts = [part for part in dict.fromkeys(map(_clean, (reason, *lines_of(answer)))) if part]
    causes = [part for part in parts if not _AFTERMATH.fullmatch(part)]
    text = "; ".join(causes or parts) or f"git ended with code {answer.code} without a word"
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _clean(line: str) -> str:
    return _SECRET.sub("", _CONTROL.sub(" ", _GRAVE.sub("", line))).strip().rstrip(".")
