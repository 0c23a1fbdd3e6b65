"""The state that the operations of a line give, in any store, whatever its documents say.

Rule 1: only operations are believed; a line is read in portions, so that a long one needs little memory.
"""

from collections.abc import Iterator, Mapping

from coordinaut_git.documents import Entry, Head, Store
from coordinaut_git.errors import environment
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.state import State
from coordinaut_git.stores.memory import DocumentMap

PORTION = 256
"""So many operations are had at once, which every store gives."""


def state_anew(store: Store, head: Head) -> State:
    """Replay the line up to `head`; raises what reading it raises."""
    state = State(DocumentMap({}), 0)
    for entry in oldest_first(store, head):
        state = apply(state, from_entry(entry), entry.seq)
    return state.rebased(DocumentMap(state.contents()))


def differing(kept: State, right: State) -> tuple[str, ...]:
    """The sorted paths of the documents that are not the same in both."""
    mine, theirs = kept.contents(), right.contents()
    return tuple(sorted(path for path in mine.keys() | theirs.keys() if _differ(path, mine, theirs)))


def oldest_first(store: Store, head: Head) -> Iterator[Entry]:
    """Every entry up to `head`; raises environment `unreadable_history` for a line that cannot be gone along twice."""
    marks = [point for number, (point, _) in enumerate(store.walk(head)) if number % PORTION == 0][::-1]
    before: Head | None = None
    for mark in marks:
        portion = store.since(before, mark) if before else tuple(store.log(mark))[::-1]
        if portion is None:
            raise environment(
                "unreadable_history",
                f"The line of operations in the {store.name} storage does not hang together before {mark[:12]}.",
                hint="See what can be repaired: coordinaut doctor",
            )
        yield from portion
        before = mark


def _differ(path: str, mine: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> bool:
    return mine.get(path) != theirs.get(path)
