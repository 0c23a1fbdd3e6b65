"""The changelog, in the form of Keep a Changelog: what stands under Unreleased becomes the section of a release.

Rule 1: what was written by hand is kept to the letter.
Rule 2: a commit that counts and wrote nothing into the changelog is listed after it: no change goes unmentioned.
"""

import re
from collections.abc import Sequence

from tools.release.conventional import Commit, Level, Version

UNRELEASED = "## [Unreleased]"
_SECTION = re.compile(r"^## ", re.MULTILINE)
_ESCAPED = r"\\\1"
_MARKS = re.compile(r"([\\`*_\[\]<>])")


def released(text: str, version: Version, day: str, commits: Sequence[Commit]) -> str:
    """The changelog with a section for the release of that day (`2026-11-22`); raises ValueError without Unreleased."""
    head, _, rest = text.partition(f"{UNRELEASED}\n")
    if not rest and not text.endswith(f"{UNRELEASED}\n"):
        raise ValueError(f"there is no line {UNRELEASED}")
    following = _SECTION.search(rest)
    by_hand, older = (rest[: following.start()], rest[following.start() :]) if following else (rest, "")
    parts = [f"{head}{UNRELEASED}", f"## [{version}] - {day}", by_hand.strip(), _listed(commits), older.strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def notes(text: str, version: Version) -> str:
    """What the changelog says of a release, without its heading."""
    _, _, rest = text.partition(f"\n## [{version}]")
    following = _SECTION.search(rest)
    section = rest[: following.start()] if following else rest
    return section.partition("\n")[2].strip() + "\n"


def _listed(commits: Sequence[Commit]) -> str:
    """The commits that count and are not mentioned, oldest first."""
    unmentioned = [commit for commit in commits if commit.level > Level.NOTHING and not commit.in_changelog]
    lines = [f"- {_MARKS.sub(_ESCAPED, commit.subject)} ({commit.id})" for commit in unmentioned]
    return "\n".join(["### Further changes", "", *lines]) if lines else ""
