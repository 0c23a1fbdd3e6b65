"""Remotes by their names, and the tracking ref of each.

Rule 1: a remote is named, never given as an address: git would take any word for one, and an option for an option.
Rule 2: the tracking ref lies beside our own folder of refs, where no refspec that a user is likely to have prunes or
moves it, and not below refs/remotes/, where every `git fetch --prune` would delete it.
"""

import re

import pygit2

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.plumbing.settings import Settings

TRACKING = "refs/coordinaut-remote"
_UNFIT = re.compile(r"-|.*[=\x00-\x20\x7f]", re.DOTALL)  # "=" would end the name in `git -c remote.<name>.<key>=`


def tracking_ref(remote: str) -> str:
    """The ref that notes what the remote's line was when it was last seen."""
    return f"{TRACKING}/{remote}/state"


def check_remote_name(name: str, settings: Settings) -> str:
    """A name that a remote can have, configured or not; raises invalid `bad_remote`."""
    if _UNFIT.match(name) or not pygit2.reference_is_valid_name(tracking_ref(name)):
        raise _bad(f"{name!r} cannot be the name of a remote", settings)
    return name


def check_remote(name: str, settings: Settings) -> str:
    """The name of a configured remote; raises invalid `bad_remote`."""
    check_remote_name(name, settings)
    if not settings.push_urls.get(name):
        raise _bad(f"This repository has no remote {name}", settings)
    return name


def check_one_judge(name: str, settings: Settings) -> None:
    """Raise invalid `bad_remote` for a remote that a push goes to several places of."""
    if (places := settings.push_urls.get(name, 0)) > 1:
        raise invalid(
            "bad_remote",
            f"A push to {name} goes to {places} places, and only one can decide who was first.",
            hint="Give the team a remote of its own: git remote add coordination URL, then"
            " git config coordinaut.remote coordination",
            remote=name,
        )


def _bad(what: str, settings: Settings) -> CoordinautError:
    match [*settings.push_urls]:
        case []:
            hint = "There is none. Name the team's: git remote add NAME URL; then coordinaut init --remote NAME"
        case [name]:
            hint = f"There is {name}. If the team meets there: coordinaut init --remote {name}"
        case names:
            hint = f"There are {', '.join(names)}. Where the team meets: coordinaut init --remote NAME"
    return invalid("bad_remote", f"{what}.", hint=hint)
