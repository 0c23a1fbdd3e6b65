"""A second opinion on who may hold what: read from the stored JSON alone, path by path.

Rule 1: nothing here is shared with `coordinaut_git`, so that a mistake there cannot excuse itself here. Scopes are sets
        of listed paths, as `oracles.covered` judges them.
Rule 2: `History` takes the bodies of the line in order and complains about the first that breaks a promise.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from oracles import covered, paths

LISTED = paths(["src", "docs", "lib", "a", "b", "x.md"], 3)
CLOSED = {"done", "cancelled"}
PENDING = {"requested", "grant_after_commit"}


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


def held_places(lease: dict) -> frozenset[int]:
    """The listed paths that a stored lease holds: of each of its layers, what was not given away."""
    layers = [lease, *lease.get("also", [])]
    return frozenset().union(
        *(places(tuple(layer["files"])) - places(tuple(layer.get("without", []))) for layer in layers)
    )


@dataclass(kw_only=True)
class Held:
    """A lease as this opinion sees it.

    `fences` are those it may have: where a claim says the same files again, perhaps in other words, there are two.
    """

    instance: str
    places: frozenset[int]
    mode: str
    fold: bool
    expires: int
    term: int
    fences: set[int]
    renewed: int

    def in_the_way_of(self, instance: str, wanted: frozenset[int], mode: str) -> bool:
        """Whether it keeps an instance from holding these places in this mode."""
        return self.instance != instance and bool(self.places & wanted) and not go_together(self.mode, mode)


@dataclass(kw_only=True)
class Asked:
    """A handoff as this opinion sees it."""

    task: str
    requester: str
    owner: str
    places: frozenset[int]
    mode: str
    term: int
    fold: bool
    status: str = "requested"


def rivals(leases: list[dict], now: int) -> list[tuple[dict, dict]]:
    """Of stored leases, the unexpired pairs of two instances on one listed path that do not go together."""
    alive = [lease for lease in leases if instant_ms(lease["expiresAt"]) > now]
    return [
        (one, other)
        for number, one in enumerate(alive)
        for other in alive[number + 1 :]
        if one["agentInstance"] != other["agentInstance"]
        and not go_together(one["mode"], other["mode"])
        and held_places(one) & held_places(other)
    ]


class History:
    """Who holds what after each operation of a line on which every operation is lawful.

    `elapsed_ms(seq, seq)` gives how much time truly went by between two operations; without it instants are compared.
    """

    def __init__(self, elapsed_ms=None):
        self.held: dict[str, Held] = {}
        self.asked: dict[str, Asked] = {}
        self.happened: Counter[str] = Counter()
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
        self._call_off()

    def _lease(self, task: str) -> Held:
        assert task in self.held, f"nobody holds {task}"
        return self.held[task]

    def _renew(self, task, who, term) -> None:
        lease = self._lease(task)
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
        if status in CLOSED and task in self.held:
            self._let_go(self.held.pop(task))

    def _task_released(self, task, who, data) -> None:
        lease = self._lease(task)
        del self.held[task]
        assert lease.instance == who, "released by somebody else than the holder"
        self._closed[task] = data["status"] in CLOSED
        self._let_go(lease)

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
        self._grant(task, new)

    def _grant(self, task: str, new: Held) -> None:
        in_the_way = [
            other
            for name, other in self.held.items()
            if other.in_the_way_of(new.instance, new.places, new.mode)
            or (name == task and other.instance != new.instance)
        ]
        assert not in_the_way, f"{new.instance} was granted what {in_the_way} stands in the way of"
        self.held[task] = new
        self._check_fences(new)

    def _granted(self, task, who, data) -> Held:
        new = Held(
            instance=who,
            places=held_places(data),
            mode=data["mode"],
            fold=data.get("fold", False),
            expires=self._at + data["termMs"],
            term=data["termMs"],
            fences={self._seq},
            renewed=self._seq,
        )
        old = self.held.get(task)
        if old and old.instance == who and self._at < old.expires:
            unchanged = (old.places, old.mode, old.fold) == (new.places, new.mode, new.fold)
            new.fences |= old.fences if unchanged else set()
        return new

    def _end(self, takeover, data) -> None:
        lease = self._lease(takeover["taskId"])
        del self.held[takeover["taskId"]]
        assert data["reason"].strip(), "a takeover without a reason"
        named = (takeover["agentInstance"], instant_ms(takeover["expiresAt"]))
        assert named == (lease.instance, lease.expires), "another lease was judged than was ended"
        assert takeover["fence"] in lease.fences, "another lease was judged than was ended"
        if self._elapsed_ms is None:
            assert lease.expires <= self._at, "a lease was taken over before it expired"
        else:
            gone_by = self._elapsed_ms(lease.renewed, self._seq)
            assert gone_by >= lease.term, f"a lease of {lease.term} ms was taken over after {gone_by} ms"

    def _check_fences(self, new: Held) -> None:
        lowest = min(new.fences)
        for place in new.places if new.mode == "exclusive" else ():
            who, fence = self._fences.get(place, (new.instance, 0))
            assert who == new.instance or lowest > fence, f"the fence of {LISTED[place]} does not grow"
            self._fences[place] = new.instance, max(fence, lowest)

    # --- handoffs

    def _handoff_requested(self, task, who, data) -> None:
        assert data["handoffId"] not in self.asked, "a handoff's id was given twice"
        asked = Asked(
            task=task,
            requester=who,
            owner=data["owner"],
            places=places(tuple(data["files"])),
            mode=data["mode"],
            term=data["termMs"],
            fold=data.get("fold", False),
        )
        self.asked[data["handoffId"]] = asked
        assert self._kept_by_owner(asked), "files were asked of somebody who is not in the way"
        assert self._may_receive(asked), "files were asked for a task of somebody else's"

    def _handoff_answered(self, task, who, data) -> None:
        asked, answer = self.asked[data["handoffId"]], data["status"]
        assert asked.task == task
        assert asked.status in PENDING, f"{asked.status} was answered"
        assert who == asked.owner or (who == asked.requester and answer == "cancelled"), f"{who} said {answer}"
        if answer in {"handoff_now", "grant_after_commit"}:
            promised = [other for other in self._promises(asked.owner) if other is not asked]
            assert not [one for one in promised if one.places & asked.places], "two were promised one file"
            assert self._kept_by_owner(asked), "what was not held was given away"
            assert self._can_move(asked), "what others hold was given away"
        asked.status = answer
        if answer == "handoff_now":
            self._move(asked)

    def _handoffs_kept(self, task, who, data) -> None:
        kept = [self.asked[name] for name in data["handoffs"]]
        assert kept
        for asked in kept:
            assert asked.owner == who, f"{who} kept a promise of {asked.owner}"
            assert asked.status == "grant_after_commit", f"what was {asked.status} was kept"
            self._honour(asked)

    def _let_go(self, ended: Held) -> None:
        """The promises of whoever let go of a lease by its own will are kept."""
        for asked in self._promises(ended.instance):
            if ended.in_the_way_of(asked.requester, asked.places, self._mode(asked)):
                self._honour(asked)

    def _honour(self, asked: Asked) -> None:
        asked.status = "completed" if self._can_move(asked) else "cancelled"
        self.happened[asked.status] += 1
        if asked.status == "completed":
            self._move(asked)

    def _call_off(self) -> None:
        """What nothing can come of any more is not pending."""
        for asked in self.asked.values():
            if asked.status in PENDING and not (self._may_receive(asked) and self._kept_by_owner(asked)):
                self.happened[f"{asked.status} and called off"] += 1
                asked.status = "cancelled"

    def _move(self, asked: Asked) -> None:
        """The files leave all leases of the owner that are in the way, and reach the task of the requester."""
        own, mode = self.held.get(asked.task), self._mode(asked)
        for task, lease in list(self.held.items()):
            if lease.instance == asked.owner and lease.in_the_way_of(asked.requester, asked.places, mode):
                lease.places -= asked.places
                if not lease.places:
                    del self.held[task]
        expires = self._at + asked.term
        new = Held(
            instance=asked.requester,
            places=asked.places | (own.places if own else frozenset()),
            mode=mode,
            fold=own.fold if own else asked.fold,
            expires=max(own.expires, expires) if own else expires,
            term=own.term if own else asked.term,
            fences={self._seq},
            renewed=self._seq,
        )
        self.happened["moved"] += 1
        self._grant(asked.task, new)

    def _can_move(self, asked: Asked) -> bool:
        others = [lease for lease in self.held.values() if lease.instance != asked.owner]
        mode = self._mode(asked)
        return self._may_receive(asked) and not any(
            lease.in_the_way_of(asked.requester, asked.places, mode) for lease in others
        )

    def _may_receive(self, asked: Asked) -> bool:
        own = self.held.get(asked.task)
        return not self._closed[asked.task] and (own is None or own.instance == asked.requester)

    def _kept_by_owner(self, asked: Asked) -> bool:
        mine = [lease for lease in self.held.values() if lease.instance == asked.owner]
        return any(lease.in_the_way_of(asked.requester, asked.places, self._mode(asked)) for lease in mine)

    def _mode(self, asked: Asked) -> str:
        own = self.held.get(asked.task)
        return own.mode if own and own.instance == asked.requester else asked.mode

    def _promises(self, owner: str) -> list[Asked]:
        return [one for one in self.asked.values() if one.owner == owner and one.status == "grant_after_commit"]

    def agrees_with(self, leases: list[dict], handoffs: list[dict]) -> None:
        """The stored leases and handoffs are those of this opinion."""
        stored = {lease["taskId"]: _seen(lease) for lease in leases}
        own = {
            task: (held.instance, held.places, held.mode, held.expires, held.term, held.renewed)
            for task, held in self.held.items()
        }
        assert stored == own
        for lease in leases:
            assert lease["fence"] in self.held[lease["taskId"]].fences, f"{lease} has another fence than was granted"
        asked = {handoff["id"]: handoff.get("status", "requested") for handoff in handoffs}
        assert asked == {name: asked.status for name, asked in self.asked.items()}


def _seen(lease: dict) -> tuple:
    return (
        lease["agentInstance"],
        held_places(lease),
        lease["mode"],
        instant_ms(lease["expiresAt"]),
        lease["termMs"],
        lease["seq"],
    )
