"""What a check is given and what it gives.

Rule 1: a summary is one sentence without its full stop; an advice is one or more whole sentences, or a command.
Rule 2: `failed` is for what keeps coordination from working or makes it wrong; everything else is a `warning`.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.configured import Configured, configured
from coordinaut_git.protocol.model import Lease
from coordinaut_git.protocol.state import State
from coordinaut_git.workspace import Workspace


class Finding(NamedTuple):
    """What a check found: ok, warning, failed or skipped; a sentence; what to do."""

    status: str
    summary: str
    advice: str | None = None


class Exam:
    """The workspace that is looked at, and what several checks want to know of it, found out once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.place = workspace.place
        self.settings = workspace.settings
        self.now_ms = workspace.clock.now()

    @cached_property
    def configured(self) -> tuple[Configured, ...]:
        """Everything that git's configuration says, file by file, the least important first."""
        return configured(self.workspace.root)

    def said(self, key: str) -> Configured | None:
        """The last word on a key (in lower case)."""
        return next((one for one in reversed(self.configured) if one.key == key), None)

    @property
    def state(self) -> State:
        """The newest state."""
        return self.workspace.coordinator.read().state

    @cached_property
    def leases(self) -> list[Lease]:
        """All leases, by fence."""
        return sorted(self.state.leases().values(), key=lambda lease: lease.fence)

    def expired(self, lease: Lease) -> bool:
        """Whether a lease has expired, as any claim would judge it."""
        _, moment = self.workspace.coordinator.now()
        return moment.expired(lease)


Check = tuple[str, Callable[[Exam], Finding]]


def guarded(check: Callable[[Exam], Finding], exam: Exam) -> Finding:
    """A check that cannot be carried out has failed, and says why."""
    try:
        return check(exam)
    except CoordinautError as error:
        if error.code == "git_missing":
            return Finding("skipped", "this needs the git program")
        return Finding("failed", error.message.removesuffix("."), error.hint or "Try again, and report it if it stays.")
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        return Finding("warning", f"this could not be looked at:{where} {error.strerror}", "Look at who may read it.")


def some(items: list[str], most: int = 3) -> str:
    """The first few of a list, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
