"""From commits to the next version: Conventional Commits 1.0.0 and Semantic Versioning 2.0.0.

Rule 1: feat raises the minor version, fix and perf the patch, `!` or a BREAKING CHANGE footer the major.
Rule 2: before 1.0.0 a breaking change raises the minor version. 1.0.0 itself is a person's decision.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

_SUBJECT = re.compile(r"(?P<type>[A-Za-z]+)(?:\((?P<scope>[^()]+)\))?(?P<breaking>!)?: +(?P<text>\S.*)")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: +\S", re.MULTILINE)
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Level(IntEnum):
    """How much of a version a change raises."""

    NOTHING = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


RAISES = {"feat": Level.MINOR, "fix": Level.PATCH, "perf": Level.PATCH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its short id, its whole message, and whether it wrote into the changelog itself."""

    id: str
    message: str
    in_changelog: bool = False

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0].strip()

    @property
    def level(self) -> Level:
        """What it raises; a subject in another form raises nothing, unless a footer says that it breaks something."""
        found = _SUBJECT.fullmatch(self.subject)
        if _BREAKING.search(self.message) or (found and found["breaking"]):
            return Level.MAJOR
        return RAISES.get(found["type"].lower(), Level.NOTHING) if found else Level.NOTHING


class Version(NamedTuple):
    """A version without pre-release or build: larger ones compare larger."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read `1.2.3`; raises ValueError."""
        found = _VERSION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a version of three numbers")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        """`1.2.3`."""
        return f"{self.major}.{self.minor}.{self.patch}"

    def raised(self, level: Level) -> "Version":
        """The next version after changes of this level."""
        if level == Level.MAJOR and self.major:
            return Version(self.major + 1, 0, 0)
        if level >= Level.MINOR:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + level)


def level_of(commits: Iterable[Commit]) -> Level:
    """The most that any of them raises."""
    return max((commit.level for commit in commits), default=Level.NOTHING)
