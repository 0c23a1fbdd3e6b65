"""The parts of a running server, put together."""

from dataclasses import dataclass

from coordinaut_git.faces.http.backups import Backups
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.health import Health
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.projects import Projects
from coordinaut_git.faces.http.settings import Settings
from coordinaut_git.faces.http.tokens import Grant, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What every request needs."""

    settings: Settings
    tokens: Tokens
    projects: Projects
    health: Health
    backups: Backups
    log: Log

    def grant(self, authorization: str | None) -> Grant | None:
        """What the token of a request allows (RFC 6750, 2.1); None without one that is known."""
        scheme, _, token = (authorization or "").partition(" ")
        return self.tokens.grant(token.strip()) if scheme.lower() == "bearer" and token.strip() else None

    def allows(self, call: Call) -> bool:
        """Whether whoever asked may still read: tokens can be taken away while a stream runs."""
        grant = self.grant(call.header("authorization"))
        return grant is not None and grant.reads(call.team)
