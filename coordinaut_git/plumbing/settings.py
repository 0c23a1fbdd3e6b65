"""The `coordinaut.*` keys of git's configuration.

Rule 1: read once, through libgit2: the files of the system, the user, the repository and the worktree.
Rule 2: a value that makes no sense is an error that names its key, never a silent default.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pygit2

from coordinaut_git.errors import CoordinautError, environment, invalid
from coordinaut_git.plumbing.libgit2_errors import FAILURES, text_of
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.plumbing.run import git

DEFAULT_REF = "refs/coordinaut/state"
KEYS = frozenset(
    {"ref", "flush", "storage", "remote", "policy", "hooks", "instance", "agent", "thread", "task", "worktreeconfig"}
    | {"statedir", "remoteurl", "team", "project", "sign", "fetchevery"}
)
"""Every `coordinaut.*` key that somebody reads, in lower case; doctor warns of any other."""

PROVISIONAL, CONFIRMED = POLICIES = ("provisional", "confirmed")
"""Whether what a team's remote has not got yet counts, or is refused."""

HOOK_POLICIES = ("block", "warn", "off")
_OURS = "coordinaut."
_REMOTE = re.compile(r"remote\.(.+)\.([^.]+)\Z", re.DOTALL)
_REFSPEC = re.compile(r"remote\..*\.(fetch|push)\Z")
_INCLUDES = ("include.", "includeif.")
_PER_WORKTREE = ("refs/worktree/", "refs/bisect/", "refs/rewritten/")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the git store needs, and every `coordinaut.*` value by its lower-case key without that prefix.

    `ignore_case` is `core.ignoreCase`: whether paths here are the same in any case. `refspecs` are the configured
    fetch and push refspecs of all remotes, as `key = value`, `push_urls` how many places a push to each remote goes to.
    `hooks` is what git hooks do about what they find wrong, one of `HOOK_POLICIES`, or empty; `policy` is one of
    `POLICIES`. `includes` tells whether some of it may stand in files that were included.
    """

    ref: str = DEFAULT_REF
    flush: bool = True
    ignore_case: bool = False
    shared_repository: str = ""
    hooks: str = ""
    policy: str = PROVISIONAL
    remotes: tuple[str, ...] = ()
    push_urls: Mapping[str, int] = field(default_factory=dict)
    refspecs: tuple[str, ...] = ()
    includes: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


def read_settings(repository: pygit2.Repository) -> Settings:
    """Read and check them; raises an invalid `CoordinautError`, `bad_setting` or `bad_ref_name`."""
    try:
        listed = [(entry.name, _text(entry)) for entry in repository.config_snapshot]
    except FAILURES as error:
        raise invalid("bad_setting", f"git's configuration cannot be read: {text_of(error)}.") from error
    entries = dict(listed)
    values = {name.removeprefix(_OURS): text for name, text in entries.items() if name.startswith(_OURS)}
    if not values.get("remote", "").strip():
        values.pop("remote", None)  # an empty one is how a configuration undoes what a wider one has set
    return Settings(
        ref=check_ref_name(values.get("ref", DEFAULT_REF)),
        flush=boolean("coordinaut.flush", values.get("flush", "true")),
        ignore_case=boolean("core.ignorecase", entries.get("core.ignorecase", "false")),
        shared_repository=entries.get("core.sharedrepository", ""),
        hooks=_word("coordinaut.hooks", values.get("hooks", ""), HOOK_POLICIES),
        policy=_word("coordinaut.policy", values.get("policy", PROVISIONAL), POLICIES),
        remotes=tuple(dict.fromkeys(found[1] for name, _ in listed if (found := _REMOTE.match(name)))),
        push_urls=_push_urls(listed),
        refspecs=tuple(f"{name} = {text}" for name, text in listed if _REFSPEC.match(name)),
        includes=any(name.startswith(_INCLUDES) for name in entries),
        values=values,
    )


def _push_urls(listed: list[tuple[str, str]]) -> dict[str, int]:
    """How many places `git push` to each remote goes to: its `pushurl`s if it has any, else its `url`s."""
    keys = Counter((found[1], found[2]) for name, _ in listed if (found := _REMOTE.match(name)))
    return {name: keys[name, "pushurl"] or count for (name, key), count in keys.items() if key == "url"}


def write_setting(place: Place, key: str, value: str) -> None:
    """Set `coordinaut.<key>` for this repository and all its worktrees; raises `cannot_configure`."""
    answer = git("config", "--local", f"{_OURS}{key}", value, at=place.common_dir)
    if not answer.ok:
        raise environment(
            "cannot_configure",
            f"git cannot set {_OURS}{key}: {answer.complaint}.",
            hint=f"Try it yourself: git config --local {_OURS}{key} {value}",
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
            f"{key} is {text!r}, which is neither true nor false.",
            hint=f"git config {key} true",
        )
    return word in _TRUE


def _word(key: str, text: str, vocabulary: tuple[str, ...]) -> str:
    if text and text not in vocabulary:
        raise invalid(
            "bad_setting", f"{key} is {text!r}, which says nothing.", hint=f"Set it to {', '.join(vocabulary)}."
        )
    return text


def check_ref_name(name: str) -> str:
    """A full ref name that every worktree of a clone shares and hosts accept; raises `bad_ref_name`."""
    if not name.startswith("refs/") or "\0" in name or not pygit2.reference_is_valid_name(name):
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
