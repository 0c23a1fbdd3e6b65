"""The remote and the way to it: a cell that is compared and swapped, behind a network that loses and delays.

Rule 1: the cell is what a git host is to us. It swaps or it does not, and hears of no reason; it checks nothing.
Rule 2: every outcome that a real push has is here: done, raced, cut before and after, late, refused, unreachable. What
        is on its way may be delivered again, later, and in another order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinaut_git.documents import Head
from coordinaut_git.errors import contended, environment, refused
from coordinaut_git.sync.remote import PushUnknown, Raced

if TYPE_CHECKING:
    from actors import Running

CUTS = ("all", "all", "answers", "push", "fetch")
"""What does not come through while a machine is cut off: anything, what the remote says, or one of the two."""

JOURNEYS_MS = (5, 40, 100, 100, 900, 30_000)


@dataclass(frozen=True, kw_only=True)
class Network:
    """How often a connection fails in which way; `partitions` and `hidden` are of a look of the weather."""

    unreachable: float = 0.0
    cut_before: float = 0.0
    cut_after: float = 0.0
    late: float = 0.0
    refused: float = 0.0
    twice: float = 0.0
    hidden: float = 0.0
    partitions: float = 0.0


class Remote:
    """One ref of one host; `watch` is told of every swap before it happens.

    While it is `hidden`, the host says nothing of it, and takes no push to it (`transfer.hideRefs`, git-config(1)).
    """

    def __init__(self, watch: Callable[[Head | None, Head], None]) -> None:
        self.tip: Head | None = None
        self.hidden = False
        self._watch = watch

    def swap(self, expected: Head | None, new: Head) -> bool:
        """Move the ref if it is where it is expected to be."""
        if self.tip != expected:
            return False
        self._watch(self.tip, new)
        self.tip = new
        return True


class Line:
    """The `RemoteLine` of one process on one machine."""

    name = "origin"

    def __init__(self, running: "Running") -> None:
        self._running, self._machine, self._world = running, running.machine, running.world

    def seen(self) -> Head | None:
        """What the tracking ref says."""
        self._running.point()
        return self._machine.tracking

    def fetch(self) -> Head | None:
        """Ask the remote; the tracking ref follows it forwards only."""
        self._connect("fetch")
        remote, machine = self._world.remote, self._machine
        tip = None if remote.hidden else remote.tip
        self._travel()
        if self._happens(self._world.network.cut_before):
            raise unreachable("the answer was cut off")
        if machine.tracking and tip is None:
            raise environment("remote_deleted", "The remote has no coordination ref any more.")
        if machine.tracking and tip and not machine.continues(machine.tracking, tip):
            raise environment("remote_replaced", "The remote's line is not the one that was seen.")
        machine.tracking = tip
        self._running.log("fetched", (tip or "nothing")[:6])
        return tip

    def push(self, new: Head, expected: Head | None) -> None:
        """Try to swap the cell; what is told of it may be less than what happened."""
        self._connect("push")
        network, remote = self._world.network, self._world.remote
        if remote.hidden:
            self._world.happened["push to a hidden ref"] += 1
            raise Raced if expected else refused("push_refused", "The host keeps this ref for itself.")
        if self._happens(network.cut_before):
            raise PushUnknown
        if self._happens(network.late):
            self._running.log("push is late", (expected or "nothing")[:6], "->", new[:6])
            self._send_later(expected, new)
            self._travel()
            raise PushUnknown
        if self._happens(network.refused):
            raise refused("push_refused", "The host took nothing today.")
        if self._happens(network.twice):
            self._send_later(expected, new)
        swapped = remote.swap(expected, new)
        self._running.log("push", (expected or "nothing")[:6], "->", new[:6], "landed" if swapped else "raced")
        self._travel()
        if self._happens(network.cut_after) or self._machine.cut_off == "answers":
            raise PushUnknown
        if not swapped:
            raise Raced
        self._machine.tracking = new

    def _send_later(self, expected: Head | None, new: Head) -> None:
        """Leave something on its way, perhaps twice; nobody waits for it any more."""
        for _ in range(1 + self._happens(self._world.network.twice)):
            self._world.later.append(lambda: self._world.remote.swap(expected, new))

    def _connect(self, what: str) -> None:
        self._running.point()
        self._world.happened[what] += 1
        if self._is_cut_off(what) or self._happens(self._world.network.unreachable):
            self._travel()
            raise unreachable("nobody answered")
        self._travel()

    def _is_cut_off(self, what: str) -> bool:
        """Whether the remote is not to be had for this; where only answers are lost, a push arrives all the same."""
        cut = self._machine.cut_off
        if cut:
            self._world.happened[f"cut off: {cut}"] += 1
        return cut in {"all", what} or (cut == "answers" and what != "push")

    def _travel(self) -> None:
        self._running.point(self._world.chance.choice(JOURNEYS_MS))

    def _happens(self, often: float) -> bool:
        return self._world.happens(often)


def unreachable(why: str) -> Exception:
    """The error of a remote that surely took nothing."""
    return contended("remote_unreachable", f"The remote could not be reached: {why}.")
