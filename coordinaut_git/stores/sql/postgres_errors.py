"""What PostgreSQL's errors mean (its manual, appendix A).

Rule 1: the SQLSTATE decides. Only where there is none, because no session came about, the text is looked at.
"""

import re

import psycopg
from psycopg import errors

from coordinaut_git.errors import CoordinautError, contended, environment

_TURNED_AWAY = re.compile(r"FATAL:|no password supplied|authentication|certificate|could not translate host name")
_COMES_BACK = re.compile(r"starting up|shutting down|recovery|too many clients|reserved for|not yet accepting")
_LOST_CLASSES = ("08", "57P")
_WAITED = (errors.LockNotAvailable, errors.QueryCanceled)
_DAMAGED = ("XX001", "XX002", "42", "22")


def lost(error: psycopg.Error) -> bool:
    """Whether the connection is over, or the server is on its way down or up."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and error.sqlstate is None:
        return True
    return (error.sqlstate or "").startswith(_LOST_CLASSES)


def failure(error: psycopg.Error, place: str, what: str) -> CoordinautError:
    """What to tell the user when PostgreSQL could not `what` (read, write, reach) the database."""
    text = " ".join(str(error).split()).rstrip(".")
    state = error.sqlstate or ""
    if isinstance(error, errors.InsufficientPrivilege) or (not state and _is_refusal(text)):
        return _refused(place, text)
    if lost(error) or (state.startswith("53") and state != errors.DiskFull.sqlstate):
        return _unreachable(place, text)
    if isinstance(error, _WAITED):
        return contended(
            "database_locked",
            f"Another program has kept the state in {place} locked for too long; nothing was changed.",
            hint="Try again. If it stays so, look for a session that waits in a transaction (pg_stat_activity).",
        )
    if isinstance(error, errors.DiskFull):
        return environment(
            "disk_full", f"There was no room to {what} {place}: {text}.", hint="Free some space on its server."
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return environment(
            "read_only",
            f"The database {place} can only be read: {text}.",
            hint="Is it a standby? Name the server that takes writes.",
        )
    if state.startswith(_DAMAGED):
        return environment(
            "damaged_database",
            f"The database {place} is not as it should be: {text}; nothing was changed.",
            hint="Look at the tables named coordinaut_…; restore them from a backup if they were changed by hand.",
        )
    return environment("write_failed", f"The database {place} could not {what}: {text}.", hint="Look at its log.")


def _is_refusal(text: str) -> bool:
    return bool(_TURNED_AWAY.search(text)) and not _COMES_BACK.search(text)


def _refused(place: str, text: str) -> CoordinautError:
    return environment(
        "database_refused",
        f"The database {place} does not let us in: {text}.",
        hint="Look at the user, the password, the name of the database, and what the user may do there.",
    )


def _unreachable(place: str, text: str) -> CoordinautError:
    return contended(
        "database_unreachable",
        f"The database {place} cannot be reached: {text}.",
        hint="Is the server running? Try again when it is.",
    )
