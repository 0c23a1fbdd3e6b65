"""The line on a remote, as one clone sees it.

Rule 1: the remote decides by one compare-and-swap of its ref; nothing is ever forced beyond it.
Rule 2: what was seen of the remote is kept in a tracking ref of our own; losing it loses nothing.
"""

from typing import Protocol

from coordinaut_git.documents import Head


class Raced(Exception):
    """The remote's line is not where we thought: somebody was faster, or we saw an old point. Nothing was published."""


class PushUnknown(Exception):
    """The remote may have taken what was pushed, or not: fetch, and look whether it is there."""


class RemoteLine(Protocol):
    """One ref of one remote. Every method may raise `CoordinautError` of kind environment for a broken repository."""

    name: str

    def seen(self) -> Head | None:
        """What the remote had when it was last seen, without a connection; None if it never had anything."""
        ...

    def fetch(self) -> Head | None:
        """What the remote has now, which is `seen` from then on; None where it has no such ref and never had.

        One connection. Raises contended `remote_unreachable`, and environment `remote_replaced` or `remote_deleted`
        for a line that does not continue the one that was seen, or is gone.
        """
        ...

    def push(self, new: Head, expected: Head | None) -> None:
        """Move the remote's ref from `expected` (None: there must be none) to `new`, which is `seen` from then on.

        One connection. Raises `Raced`, `PushUnknown`, contended `remote_unreachable` (surely nothing happened), or
        `push_refused` (a rule of the host: refused; its disk: environment).
        """
        ...
