"""A second opinion on the line of a team: which of its operations count, who holds what after each, and what was said.

Rule 1: nothing here is shared with what it judges: it reads JSON, and thinks in sets of listed paths (`ownership.py`).
Rule 2: an operation that breaks a promise where it stands must be refused there, and no other may be.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from ownership import Held, History, instant_ms

from coordinaut_git.documents import Documents

Json = dict[str, Any]


class Holdings(NamedTuple):
    """Who held what from an instant of the line on."""

    at: int
    leases: tuple[Held, ...]


class Published(History):
    """The published line as it grows: `refused` tells which operations do not count on it, and why."""

    def __init__(self, elapsed_ms: Callable[[int, int], int]) -> None:
        super().__init__(elapsed_ms)
        self.bodies: list[Json] = []
        self.holdings: list[Holdings] = []
        self._ids: set[str] = set()
        self.refused: dict[str, str] = {}
        self.fences: dict[tuple[str, str], set[int]] = defaultdict(set)

    def take(self, body: Json) -> None:
        """Follow one operation, or note why it does not count; an AssertionError is for a line that is broken."""
        assert body["seq"] == len(self.bodies) + 1, f"{body['id']} says {body['seq']} at {len(self.bodies) + 1}"
        assert body["id"] not in self._ids, f"{body['id']} stands on the line twice"
        self._ids.add(body["id"])
        self.bodies.append(body)
        self._seq = body["seq"]
        held, self.held = self.held, {task: replace(one, fences=set(one.fences)) for task, one in self.held.items()}
        before = held, {name: replace(one) for name, one in self.asked.items()}, dict(self._closed), dict(self._fences)
        at, self._at = self._at, max(self._at, instant_ms(body["at"]))
        try:
            self._follow(body)
        except (AssertionError, KeyError) as error:
            self.refused[body["id"]] = str(error)
            self.held, self.asked, self._closed, self._fences = before
            self._at = at
        self.holdings.append(Holdings(self._at, tuple(self.held.values())))

    def _follow(self, body: Json) -> None:
        assert "refused" not in body, "it was refused before"
        who = body.get("agentInstance")
        renewed = [self._renews(renewal, who) for renewal in body.get("renewals", [])]
        assert body["op"] != "leases_renewed" or any(renewed), "it renews nothing"
        getattr(self, f"_{body['op']}")(body.get("taskId"), who, body["data"])
        self._call_off()
        for task, held in self.held.items():
            self.fences[task, held.instance] |= held.fences

    def _renews(self, renewal: Json, who: str | None) -> bool:
        """Renewals on the way of something else may come too late."""
        lease = self.held.get(renewal["taskId"])
        if lease is None or lease.instance != who:
            return False
        self._renew(renewal["taskId"], who, renewal["termMs"])
        return True

    def _end(self, takeover: Json, data: Json) -> None:
        """A takeover of a lease that is not there any more as it was judged ends nothing."""
        lease = self.held.get(takeover["taskId"])
        named = (takeover["agentInstance"], instant_ms(takeover["expiresAt"]))
        if lease and named == (lease.instance, lease.expires) and takeover["fence"] in lease.fences:
            super()._end(takeover, data)

    def _handoffs_kept(self, task: str | None, who: str | None, data: Json) -> None:
        """Of the promises that are named, those that still stand are kept."""
        named = [self.asked[name] for name in data["handoffs"] if name in self.asked]
        kept = [one for one in named if one.owner == who and one.status == "grant_after_commit"]
        assert kept, "there is nothing to keep"
        for asked in kept:
            if asked.status == "grant_after_commit":
                self._honour(asked)

    def follow(self, entries: Iterable[bytes], documents: Documents) -> None:
        """Take what was published at once, and compare the documents at its end."""
        for body in entries:
            self.take(json.loads(body))
        self.agrees(documents)

    def agrees(self, documents: Documents) -> None:
        """The documents at this point say what this opinion says."""
        leases, handoffs, refusals = (
            [json.loads(data) for _, data in everything(documents, folder)]
            for folder in ("leases", "handoffs", "refusals")
        )
        self._agree_on_refusals({one["id"] for one in refusals})
        self.agrees_with(leases, handoffs)

    def _agree_on_refusals(self, recorded: set[str]) -> None:
        for id_ in self.refused.keys() - recorded:
            raise AssertionError(f"{id_} counts, though: {self.refused[id_]}")
        for id_ in recorded - self.refused.keys():
            raise AssertionError(f"{id_} was refused without a reason")


def everything(documents: Documents, folder: str = "") -> Iterator[tuple[str, bytes]]:
    """All documents below a folder with their paths."""
    for name in documents.names(folder):
        path = f"{folder}/{name}".strip("/")
        if name.endswith("/"):
            yield from everything(documents, path)
        else:
            yield path, documents.get(path) or b""
