"""A second opinion on who may hold what: read from the stored JSON alone, path by path.

Rule 1: nothing here is shared with `coordinaut_git`, so that a mistake there cannot excuse itself here. Scopes are sets
        of listed paths, as `oracles.covered` judges them.
Rule 2: `History` takes the bodies of the line in order and complains about the first that breaks a promise.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from oracles import covered, paths

LISTED = paths(["src", "docs", "lib", "a", "b", "x.md"], 3)
CLOSED = {"done", "cancelled"}


@cache
def places(files: tuple[str, ...]) -> frozenset[int]:
    """The listed paths that a scope covers, by number."""
    return frozenset(at for at, path in enumerate(LISTED) if any(covered(text, path) for text in files))


def go_together(one: str, other: str) -> bool:
    """Whether two instances may hold one path in these modes."""
    return "advisory" in (one, other) or (one == other and one.startswith("shared"))


def instant_ms(text: str) -> int:
    """RFC 3339 as milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass(kw_only=True)
class Held:
    """A lease as this opinion sees it."""

    instance: str
    files: tuple[str, ...]
    mode: str
    fold: bool
    expires: int
    term: int
    fence: int
    renewed: int


def rivals(leases: list[dict], now: int) -> list[tuple[dict, dict]]:
    """Of stored leases, the unexpired pairs of two instances on one listed path that do not go together."""
    alive = [lease for lease in leases if instant_ms(lease["expiresAt"]) > now]
    return [
        (one, other)
        for number, one in enumerate(alive)
        for other in alive[number + 1 :]
        if one["agentInstance"] != other["agentInstance"]
        and not go_together(one["mode"], other["mode"])
        and places(tuple(one["files"])) & places(tuple(other["files"]))
    ]


class History:
    """Who holds what after each operation of a line on which every operation is lawful.

    `elapsed_ms(seq, seq)` gives how much time truly went by between two operations; without it instants are compared.
    """

    def __init__(self, elapsed_ms=None):
        self.held: dict[str, Held] = {}
        self._closed: dict[str, bool] = {}
        self._fences: dict[int, tuple[str, int]] = {}
        self._elapsed_ms = elapsed_ms
        self._at = 0
        self._seq = 0

    def take(self, body: dict) -> None:
        """Follow one operation; an AssertionError tells what it breaks."""
        at, self._seq = instant_ms(body["at"]), self._seq + 1
        assert body["seq"] == self._seq, "the line has a gap"
        assert at >= self._at, "instants run backwards"
        self._at = at
        renewals = [(renewal["taskId"], renewal["termMs"]) for renewal in body.get("renewals", [])]
        for task, term in renewals:
            self._renew(task, body["agentInstance"], term)
        getattr(self, f"_{body['op']}")(body.get("taskId"), body.get("agentInstance"), body["data"])

    def _renew(self, task, who, term) -> None:
        lease = self.held[task]
        assert lease.instance == who, f"{who} renewed what {lease.instance} holds"
        lease.expires, lease.term, lease.renewed = self._at + term, term, self._seq

    def _task_created(self, task, who, data) -> None:
        assert task not in self._closed, "a stable id was given twice"
        self._closed[task] = False

    def _task_updated(self, task, who, data) -> None:
        assert task not in self.held or self.held[task].instance == who, "updated by somebody else than the holder"
        status = data.get("status")
        assert status in {None, "open", *CLOSED} or not self._closed[task], "a closed task went on"
        if status:
            self._closed[task] = status in CLOSED
        if status in CLOSED:
            self.held.pop(task, None)

    def _task_released(self, task, who, data) -> None:
        assert self.held.pop(task).instance == who, "released by somebody else than the holder"
        self._closed[task] = data["status"] in CLOSED

    def _message_posted(self, task, who, data) -> None:
        assert data["text"]

    def _messages_read(self, task, who, data) -> None:
        assert who
        assert data["messages"]

    def _leases_renewed(self, task, who, data) -> None:
        assert data == {}, "a heartbeat says nothing else"

    def _task_claimed(self, task, who, data) -> None:
        assert who, "nobody holds a lease"
        assert not self._closed[task], "a closed task was claimed"
        new = self._granted(task, who, data)
        for takeover in data.get("takeovers", []):
            self._end(takeover, data)
        in_the_way = [other for name, other in self.held.items() if self._blocks(name, other, task, new)]
        assert not in_the_way, f"{who} was granted what {in_the_way} stands in the way of"
        self.held[task] = new
        self._check_fences(new)

    def _granted(self, task, who, data) -> Held:
        new = Held(
            instance=who,
            files=tuple(data["files"]),
            mode=data["mode"],
            fold=data.get("fold", False),
            expires=self._at + data["termMs"],
            term=data["termMs"],
            fence=self._seq,
            renewed=self._seq,
        )
        old = self.held.get(task)
        if old and old.instance == who and self._at < old.expires:
            unchanged = (old.files, old.mode, old.fold) == (new.files, new.mode, new.fold)
            new.fence = old.fence if unchanged else new.fence
        return new

    def _end(self, takeover, data) -> None:
        lease = self.held.pop(takeover["taskId"])
        assert data["reason"].strip(), "a takeover without a reason"
        named = (takeover["agentInstance"], instant_ms(takeover["expiresAt"]), takeover["fence"])
        assert named == (lease.instance, lease.expires, lease.fence), "another lease was judged than was ended"
        if self._elapsed_ms is None:
            assert lease.expires <= self._at, "a lease was taken over before it expired"
        else:
            gone_by = self._elapsed_ms(lease.renewed, self._seq)
            assert gone_by >= lease.term, f"a lease of {lease.term} ms was taken over after {gone_by} ms"

    def _blocks(self, name: str, other: Held, task: str, new: Held) -> bool:
        if other.instance == new.instance:
            return False
        meet = places(other.files) & places(new.files)
        return name == task or (bool(meet) and not go_together(other.mode, new.mode))

    def _check_fences(self, new: Held) -> None:
        for place in places(new.files) if new.mode == "exclusive" else ():
            who, fence = self._fences.get(place, (new.instance, 0))
            assert who == new.instance or new.fence > fence, f"the fence of {LISTED[place]} does not grow"
            self._fences[place] = new.instance, max(fence, new.fence)

    def agrees_with(self, leases: list[dict]) -> None:
        """The stored leases are those that are held by this opinion."""
        stored = {
            lease["taskId"]: (
                lease["agentInstance"],
                tuple(lease["files"]),
                lease["mode"],
                instant_ms(lease["expiresAt"]),
                lease["fence"],
                lease["seq"],
            )
            for lease in leases
        }
        own = {
            task: (held.instance, held.files, held.mode, held.expires, held.fence, held.renewed)
            for task, held in self.held.items()
        }
        assert stored == own
