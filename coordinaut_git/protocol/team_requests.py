"""Requests about the remote that a team shares.

Rule 1: these exchange operations, and make none of their own.
"""

from dataclasses import dataclass

from coordinaut_git.protocol.requests import Request, param


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Request):
    """Exchange operations with the team's remote: get what others did, and publish what was done here."""

    remote: str | None = param("The remote, where init has not set the team's.", None, metavar="NAME")
    watch: bool = param("Go on, and tell what comes.", default=False)
