"""Sets of characters, as sorted ranges of code points.

Rule 1: a set holds only characters that a path component may hold: no NUL, no slash, and of the surrogates only those
that stand for an undecodable byte (`surrogateescape`).
Rule 2: folding is git's: A to Z become a to z and nothing else does (`wildmatch.c`, `WM_CASEFOLD`). A folded set holds
folded characters only, so that what two sets share is always something a folded path can hold.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import xor

Ranges = tuple[tuple[int, int], ...]

_ALPHABET: Ranges = ((0x01, 0x2E), (0x30, 0xD7FF), (0xDC80, 0xDCFF), (0xE000, 0x10FFFF))
_LETTERS = "xabcdefghijklmnopqrstuvwyz"
_READABLE = _LETTERS + "0123456789_" + _LETTERS.upper() + "-+=@,~%#!$&'();^`{}[]<>|\"*?:\\ ."
_LATIN = 0xA1  # where the printable characters beyond ASCII begin
_SURROGATES = range(0xD800, 0xE000)
_UPPER = (ord("A"), ord("Z"))
_CASE = ord("a") - ord("A")
_LAST = 0x10FFFF
_FOLDING = {upper: upper + _CASE for upper in range(_UPPER[0], _UPPER[1] + 1)}


def folded(text: str) -> str:
    """`text` with A to Z as a to z."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


@dataclass(frozen=True, slots=True, eq=False)
class CharSet:
    """A set of characters; `ranges` are inclusive, sorted and apart from each other."""

    ranges: Ranges

    def __contains__(self, char: str) -> bool:
        """Whether the one character `char` is in the set."""
        point = ord(char)
        at = bisect_right(self.ranges, (point, 0x110000)) - 1
        return at >= 0 and point <= self.ranges[at][1]

    @property
    def single(self) -> str | None:
        """The only character of the set, or None if there are more."""
        first, last = self.ranges[0]
        return chr(first) if len(self.ranges) == 1 and first == last else None


def overlap(one: CharSet, other: CharSet) -> bool:
    """Whether the two sets share a character."""
    return one is other or _common(one.ranges, other.ranges, first_only=True) != ()


def pick(one: CharSet, other: CharSet, avoid: Iterable[str] = ()) -> str | None:
    """A character of both sets that is not in `avoid`, as easy to read as can be; None if there is none."""
    unwanted = frozenset(avoid)
    for char in _READABLE:
        if char in one and char in other and char not in unwanted:
            return char
    points = {ord(char) for char in unwanted}
    shared = _common(_common(one.ranges, other.ranges), _complement((point, point) for point in points))
    starts = [max(first, _LATIN) if first < _LATIN <= last else first for first, last in shared]
    return chr(min(starts, key=_legibility)) if starts else None


def representatives(sets: Iterable[tuple[CharSet, int]], *, apart: str, fold: bool) -> list[tuple[str, int]]:
    """A character for each way to be in some of the sets, the most readable first, with the bits of its sets.

    A bit belongs to one set only. The characters `apart` stand only for themselves. Folded, there are no capitals.
    """
    chosen: dict[tuple[int, str], str] = {}
    for char, bits in _pieces(sets, apart):
        if _offered(char, fold=fold):
            chosen.setdefault((bits, char if char in apart else ""), char)
    return [(char, bits) for (bits, _), char in chosen.items()]


@lru_cache(maxsize=4096)
def _offered(char: str, *, fold: bool) -> bool:
    return char in ANY and not (fold and folded(char) != char)


def _pieces(sets: Iterable[tuple[CharSet, int]], apart: str) -> list[tuple[str, int]]:
    """Characters of every stretch that no set cuts through, with the bits of its sets, the most readable first.

    A set is entered at the first point of a range and left after its last: each flips its bits.
    """
    flips = dict.fromkeys(_always(apart), 0)
    for chars, bits in sets:
        for point in (edge for first, last in chars.ranges for edge in (first, last + 1)):
            flips[point] = flips.get(point, 0) ^ bits
    points = sorted(flips)
    found = zip(points, accumulate((flips[point] for point in points), xor), strict=True)
    inside = [(point, bits) for point, bits in found if point <= _LAST]
    return [(chr(point), bits) for point, bits in sorted(inside, key=lambda piece: _legibility(piece[0]))]


@lru_cache(maxsize=4096)
def _legibility(point: int) -> tuple[int, bool, bool, int]:
    """Sorts the characters that are easy to read first."""
    rank = _READABLE.find(chr(point))
    return (rank if rank >= 0 else len(_READABLE), point < _LATIN, point in _SURROGATES, point)


@lru_cache(maxsize=16)
def _always(apart: str) -> tuple[int, ...]:
    """The points that are looked at whatever the sets are."""
    return (*(ord(char) for char in _READABLE + apart), *(first for first, _ in _ALPHABET), _LATIN)


@lru_cache(maxsize=4096)
def charset(ranges: Ranges, *, negated: bool, fold: bool) -> CharSet | None:
    """The set of a class: what is in `ranges`, or everything else; None where that is nothing."""
    chosen = _fold(ranges) if fold else _union(ranges)
    if negated:
        chosen = _complement([*chosen, _UPPER] if fold else chosen)
    kept = _common(chosen, _ALPHABET)
    return CharSet(kept) if kept else None


def _fold(ranges: Ranges) -> Ranges:
    capitals = _common(_union(ranges), (_UPPER,))
    others = _common(_union(ranges), _complement([_UPPER]))
    return _union([*others, *((first + _CASE, last + _CASE) for first, last in capitals)])


def _union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(pair for pair in ranges if pair[0] <= pair[1]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _complement(ranges: Iterable[tuple[int, int]]) -> Ranges:
    gaps: list[tuple[int, int]] = []
    start = 0
    for first, last in _union(ranges):
        gaps.append((start, first - 1))
        start = last + 1
    return tuple(gap for gap in [*gaps, (start, 0x10FFFF)] if gap[0] <= gap[1])


def _common(one: Ranges, other: Ranges, *, first_only: bool = False) -> Ranges:
    shared: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first <= last:
            shared.append((first, last))
            if first_only:
                break
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


ANY = CharSet(_ALPHABET)
