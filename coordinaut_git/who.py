"""Who acts: the instance, the name, the thread and the tool of whoever asks in a worktree.

Rule 1: what is said on purpose comes first: the request, the environment, git's configuration; then what was written
        down for this worktree, then the session.
Rule 2: nobody borrows what belongs to another instance.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from coordinaut_git.clock import Ids
from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.plumbing.repository import Place
from coordinaut_git.protocol.model import Actor, Instance, Tool
from coordinaut_git.protocol.requests import Request
from coordinaut_git.protocol.values import check_identifier

SESSIONS = (
    ("CLAUDE_CODE_SESSION_ID", Tool.CLAUDE),
    ("CODEX_THREAD_ID", Tool.CODEX),
    ("COPILOT_AGENT_SESSION_ID", Tool.COPILOT),
)
"""Where agents tell their session, in the order in which they are asked."""

INSTANCE_BYTES = 4


class Who:
    """Who acts in one worktree; `known_as` tells what the history knows of an instance."""

    def __init__(
        self,
        place: Place,
        values: Mapping[str, str],
        environ: Mapping[str, str],
        ids: Ids,
        known_as: Callable[[str], Instance | None],
    ) -> None:
        self._place, self._values, self._environ, self._ids = place, values, environ, ids
        self._known_as = known_as

    def actor(self, request: Request) -> Actor:
        """Who acts: what the request says, filled up from the environment, the worktree and what is known.

        Whoever gives a name is not taken for the worktree's or the session's instance that goes by another.
        """
        named = _said(request, "agent", "from_agent")
        instance = _said(request, "agent_instance", "from_agent_instance") or self._named() or self._fitting(named)
        session, session_tool = self._session()
        identity = self._identity_of(instance)
        actor = Actor(
            instance=instance,
            agent=named or identity.get("agent"),
            thread_id=getattr(request, "thread", None) or identity.get("thread") or session,
            tool=getattr(request, "tool", None) or session_tool,
        )
        return self._known(actor) if instance else actor

    def instance(self) -> str | None:
        """The agent instance of this worktree or session, if anything names one."""
        return self._named() or self._fitting(None)

    def mint(self, actor: Actor) -> tuple[Actor, str | None]:
        """The actor with an instance of its own, remembered where there was none; and what to say of that."""
        other = self.instance()
        instance = actor.instance or f"agent_{self._ids.token(INSTANCE_BYTES)}"
        if not other:
            self._remember(instance)
        told = None if actor.instance and other else _introduced(instance, other)
        return replace(actor, instance=instance), told

    def owner(self, request: Request) -> Actor:
        """The actor of a request that makes sense only for an agent instance; raises invalid without one."""
        actor = self.actor(request)
        if not actor.instance:
            other = self.instance()
            raise invalid(
                "no_instance",
                f"No agent instance is named, and the one here, {other}, does not go by the name of {actor.agent}."
                if other
                else "No agent instance is named, and this worktree has none.",
                hint="Give --agent-instance, set COORDINAUT_INSTANCE, or claim a task here first.",
            )
        check_identifier("an agent instance", actor.instance)
        return actor

    def _known(self, actor: Actor) -> Actor:
        """Fill in what the history knows of the instance."""
        known = self._known_as(actor.instance or "")
        if not known:
            return actor
        return replace(
            actor,
            agent=actor.agent or (known.name if known.name != known.id else None),
            thread_id=actor.thread_id or known.thread_id,
            tool=known.tool if actor.tool == Tool.UNKNOWN else actor.tool,
        )

    def _identity_of(self, instance: str | None) -> Mapping[str, str]:
        """What git's configuration says of this instance: another one's name and thread are not borrowed."""
        values = self._values
        return values if values.get("instance", instance) == instance else {}

    def _named(self) -> str | None:
        """The instance that somebody set up on purpose."""
        return self._environ.get("COORDINAUT_INSTANCE") or self._values.get("instance")

    def _fitting(self, name: str | None) -> str | None:
        """The instance remembered for this worktree, or else the session's, if it goes by this name or has none."""
        for instance in (self._remembered(), self._session()[0]):
            known = self._known_as(instance) if instance and name else None
            if instance and (known is None or known.name in {name, known.id}):
                return instance
        return None

    def _session(self) -> tuple[str | None, Tool]:
        for name, tool in SESSIONS:
            if self._environ.get(name):
                return self._environ[name], tool
        return None, Tool.UNKNOWN

    @property
    def _instance_file(self) -> Path:
        name = f"worktree-{self._place.worktree}" if self._place.worktree else "main"
        return self._place.own_dir / "instances" / name

    def _remembered(self) -> str | None:
        """The instance that was written down here; what is no instance was not written by us and counts as none."""
        try:
            return check_identifier("an agent instance", self._instance_file.read_text().strip())
        except (OSError, UnicodeDecodeError, CoordinautError):
            return None

    def _remember(self, instance: str) -> None:
        check_identifier("an agent instance", instance)
        touch(self._instance_file, instance + "\n")


def touch(path: Path, text: str = "") -> None:
    """Write a small file; it is a convenience, so a full or read-only disk does not matter here."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _said(request: Request, *names: str) -> str | None:
    """The first of these parameters that the request has and that was given."""
    given = (getattr(request, name, None) for name in names)
    return next((value for value in given if value), None)


def _introduced(instance: str, other: str | None) -> str:
    if not other:
        return f"You are the agent instance {instance} in this worktree from now on."
    return (
        f"You are the agent instance {instance}, and {other} is somebody else's in this worktree: "
        f"give --agent-instance {instance} from now on."
    )
