"""When this machine first saw the operation that stands at a position of the line.

Rule 1: a sighting is of an operation, never of a position. What was noted of a position counts only while the commit
        that it was noted of is on the line, for a sync may have given the position to another operation.
Rule 2: what cannot be told exactly is told too late or not at all, never too early: a lease could be stolen.

While no line was ever joined here, the journal knows it all. From then on a second file of the same form lies beside
it, which reaches back further, for it has no objects: a record for each operation that was published here, and one for
each joining, about all that it brought and all that was put after them. The order of the records means nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from coordinaut_git.documents import Entry
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.boot_clock import boot_id, boottime_ms_now
from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.stores.git.line import Point

MOST_WALKED = 65_536
"""So many operations back from the newest the line is looked at."""

MOST_CARRIED = 8_192
"""Of so many operations that were put after others at once it is noted when each was first seen."""

_FEW = 512

_About = Mapping[str, Any]
Names = Callable[[str], Iterator[str]]
"""Gives the names of the commits from one back to the first operation."""


class _Noted(NamedTuple):
    """A record says: what stands from `first` to `last` was seen `at_ms`, if commit `proof` is number `proof_seq`."""

    first: int
    last: int
    at_ms: int
    proof: str
    proof_seq: int


class Sightings:
    """What is known here of one line; `head` gives the newest point of it, `names` goes back along it."""

    def __init__(self, journal: Journal, head: Callable[[], Point | None], names: Names) -> None:
        self._journal, self._joined = journal, Journal(journal.folder, "sightings")
        self._head, self._names = head, names
        self._walked = _Walked(names)
        self._read: tuple[object, tuple[_Noted, ...]] = (None, ())

    def joining(self, before: Point, onto: Point) -> int:
        """Note, before a line is joined to another, that positions are not to be believed any more.

        Gives the number up to which both are the same. Raises environment `write_failed`.
        """
        if not self._joined.exists() and not self._joined.append((), head="", entry_id="", seq=0):
            raise environment(
                "write_failed",
                f"Nothing can be written to {self._journal.folder}.",
                hint="Make that folder writable for this user, and see that the disk is not full.",
            )
        with suppress(CoordinautError):  # what cannot be read was not seen here
            return common_seq(self._names, before, onto)
        return onto.seq

    def published(self, head: str, entry: Entry) -> None:
        """Note an operation that was just made here."""
        if self._joined.exists():
            self._joined.append((), head=head, entry_id=entry.id, seq=entry.seq)

    def joined(self, common: int, onto: Point, ours: Sequence[Entry], head: str) -> None:
        """Note that the line ends in `head` now: with `ours` after `onto`, of which all after `common` is new here."""
        seen, now_ms = self._seen_by_id(), boottime_ms_now()
        carried = ours[-MOST_CARRIED:]
        self._joined.append(
            (),
            head=head,
            entry_id="",
            seq=onto.seq + len(ours),
            more={
                "new": [common + 1, onto.id, onto.seq],
                "ours": [[entry.id, seen.get(entry.id, now_ms)] for entry in carried],
            },
        )

    def ms_ago(self, seq: int) -> int | None:
        """How long ago the operation that is at `seq` now was first seen; None where that is not known."""
        if not self._joined.exists():
            return self._journal.seen_ms_ago(seq)
        head = self._head()
        found = (noted for noted in self._notes() if noted.first <= seq <= noted.last)
        times = [noted.at_ms for noted in found if head and self._walked.has(noted.proof, noted.proof_seq, head)]
        return boottime_ms_now() - min(times) if times else None

    def _seen_by_id(self) -> dict[str, int | None]:
        """When each operation was first seen; None: before this machine was started last."""
        seen: dict[str, int | None] = {}
        for about in self._abouts():
            here = about["boot"] == boot_id() != ""
            own = [[about["entry"], about["boot_ms"]]] if about["entry"] else []
            for name, noted_ms in [*about.get("ours", ()), *own]:
                times = [at_ms for at_ms in (seen.get(name), noted_ms if here else None) if at_ms is not None]
                seen[name] = min(times, default=None)
        return seen

    def _notes(self) -> tuple[_Noted, ...]:
        stamp = self._journal.stamp(), self._joined.stamp()
        if self._read[0] != stamp:
            self._read = stamp, tuple(_notes(self._abouts(), self._seen_by_id()))
        return self._read[1]

    def _abouts(self) -> Iterator[_About]:
        yield from self._joined.abouts()
        yield from self._journal.abouts()


def _notes(abouts: Iterable[_About], seen: Mapping[str, int | None]) -> Iterator[_Noted]:
    for about in abouts:
        head, seq = about["head"], about["seq"]
        ours = about.get("ours", [[about["entry"], None]])
        for place, (name, _) in enumerate(ours, seq - len(ours) + 1):
            if (at_ms := seen.get(name)) is not None:
                yield _Noted(place, place, at_ms, head, seq)
        if "new" in about and about["boot"] == boot_id() != "":
            first, onto, onto_seq = about["new"]
            yield _Noted(first, onto_seq, about["boot_ms"], onto, onto_seq)


def common_seq(names: Names, one: Point, other: Point) -> int:
    """The number of the newest commit that both lines have; a larger one where that lies too far back."""
    new, old = sorted((one, other), key=lambda point: -point.seq)
    news, olds = names(new.id), names(old.id)
    seq = max(old.seq, new.seq - MOST_WALKED)
    for _ in range(new.seq - seq):
        next(news, None)
    while seq and new.seq - seq < MOST_WALKED and next(news, None) != next(olds, None):
        seq -= 1
    return seq


class _Walked:
    """The line's commits by number, as far back as was asked for, for one newest commit after another."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: list[str] = []
        self._older: Iterator[str] = iter(())

    def has(self, name: str, seq: int, head: Point) -> bool:
        """Whether that commit is number `seq` on the line of `head`; False also where it cannot be told."""
        back = head.seq - seq
        if not 0 <= back < MOST_WALKED:
            return False
        with suppress(CoordinautError):
            self._go_to(head.id)
            self._known.extend(islice(self._older, max(back + 1 - len(self._known), 0)))
        return back < len(self._known) and self._known[back] == name

    def _go_to(self, head: str) -> None:
        if self._known[:1] == [head]:
            return
        names = self._names(head)
        fresh: list[str] = []
        for name in islice(names, _FEW if self._known else 0):
            if self._known[:1] == [name]:
                self._known[:0] = fresh
                return
            fresh.append(name)
        self._known, self._older = fresh, names
