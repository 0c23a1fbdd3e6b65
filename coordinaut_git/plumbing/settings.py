"""The `coordinaut.*` keys of git's configuration.

Rule 1: read once, through libgit2: the files of the system, the user, the repository and the worktree.
Rule 2: a value that makes no sense is an error that names its key, never a silent default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pygit2

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.plumbing.libgit2_errors import FAILURES, text_of

DEFAULT_REF = "refs/coordinaut/state"
_PER_WORKTREE = ("refs/worktree/", "refs/bisect/", "refs/rewritten/")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the git store needs, and every `coordinaut.*` value by its lower-case key without that prefix."""

    ref: str = DEFAULT_REF
    flush: bool = True
    values: Mapping[str, str] = field(default_factory=dict)


def read_settings(repository: pygit2.Repository) -> Settings:
    """Read and check them; raises an invalid `CoordinautError`, `bad_setting` or `bad_ref_name`."""
    try:
        values = {
            entry.name.removeprefix("coordinaut."): _text(entry)
            for entry in repository.config_snapshot
            if entry.name.startswith("coordinaut.")
        }
    except FAILURES as error:
        raise invalid("bad_setting", f"git's configuration cannot be read: {text_of(error)}.") from error
    return Settings(
        ref=check_ref_name(values.get("ref", DEFAULT_REF)),
        flush=boolean("flush", values.get("flush", "true")),
        values=values,
    )


def _text(entry: pygit2.config.ConfigEntry) -> str:
    # A key without "=" is true to git; libgit2 gives no value for it.
    return "true" if entry.value is None else str(entry.value)


def boolean(key: str, text: str) -> bool:
    """A git boolean as in git-config(1); raises `bad_setting`."""
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise invalid(
            "bad_setting",
            f"coordinaut.{key} is {text!r}, which is neither true nor false.",
            hint=f"git config coordinaut.{key} true",
        )
    return word in _TRUE


def check_ref_name(name: str) -> str:
    """A full ref name that every worktree of a clone shares and hosts accept; raises `bad_ref_name`."""
    if not name.startswith("refs/") or not pygit2.reference_is_valid_name(name):
        raise _bad_ref(name, "is not a full ref name")
    if name.count("/") < 2:  # noqa: PLR2004 - refs/x is one level, which hosts refuse
        raise _bad_ref(name, "has only one level below refs/")
    if name.startswith(_PER_WORKTREE):
        raise _bad_ref(name, "belongs to one worktree only")
    return name


def _bad_ref(name: str, why: str) -> CoordinautError:
    return invalid(
        "bad_ref_name",
        f"coordinaut.ref is {name!r}, which {why}.",
        hint=f"Use {DEFAULT_REF}, or for a host that accepts only branches refs/heads/coordinaut/state.",
    )
