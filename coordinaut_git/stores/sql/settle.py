"""What became of a transaction whose commit was not answered with success.

Rule 1: whether it counts is looked up, never guessed; what cannot be looked up in time is `OutcomeUnknown`.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from coordinaut_git.documents import OutcomeUnknown
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.stores.sql.database import CommitUnclear

T = TypeVar("T")

SETTLE_S = 10.0
_PAUSE_S = 0.1


def settled(attempt: Callable[[], T], look: Callable[[], T | None]) -> T:
    """What the attempt gives; where its commit failed, what `look` finds, and if that is None it is made once more.

    Raises what the attempt raises, the reason for which its commit failed for good, or `OutcomeUnknown`.
    """
    try:
        return attempt()
    except CommitUnclear as unclear:
        found = _looked(look, unclear)
        if found is not None:
            return found
        if unclear.error.kind != Kind.CONTENDED:
            raise unclear.error from unclear
    try:
        return attempt()
    except CommitUnclear as unclear:
        found = _looked(look, unclear)
        if found is None:
            raise unclear.error from unclear
        return found


def _looked(look: Callable[[], T | None], unclear: CommitUnclear) -> T | None:
    until = time.monotonic() + SETTLE_S
    while True:
        try:
            return look()
        except (CoordinautError, CommitUnclear) as error:
            again = isinstance(error, CommitUnclear) or error.kind == Kind.CONTENDED
            if not again or time.monotonic() > until:
                raise OutcomeUnknown(unclear.error.message) from error
        time.sleep(_PAUSE_S)
