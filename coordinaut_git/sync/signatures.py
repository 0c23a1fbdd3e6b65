"""Who vouches for what is on a line: a signature on a commit stands for all that lies between it and the one before.

Rule 1: the signers are those that the line named before the commit came: nobody admits himself.
Rule 2: while a line names no signers, nothing is looked at.
"""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from coordinaut_git.documents import Entry, Head
from coordinaut_git.plumbing.objects import COMMIT
from coordinaut_git.plumbing.signing import is_signed, signer_of
from coordinaut_git.protocol.ops import SignersSet, from_entry
from coordinaut_git.stores.git.store import GitStore


class Vouched(NamedTuple):
    """A commit that was to be signed: its place, and whose good signature it has; None for no good one."""

    commit: str
    seq: int
    signer: str | None


def signer_at(store: GitStore, head: Head, signers: tuple[str, ...]) -> str | None:
    """Who of the `signers` has signed the commit of this head."""
    if not is_signed(store.line.content(COMMIT, head)):
        return None
    scratch = store.place.own_dir / f"signers.{os.getpid()}"
    store.place.own_dir.mkdir(parents=True, exist_ok=True)
    return signer_of(head, signers, at=store.place.git_dir, scratch=scratch)


def vouched_for(store: GitStore, head: Head, published: int) -> Iterator[Vouched]:
    """The signed commits of a line that asks for signatures, oldest first, and number `published` in any case."""
    named: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    for name, seq, said in _steps(store, head):
        due = is_signed(store.line.content(COMMIT, name)) or seq == published
        if asked and due:
            yield Vouched(name, seq, signer_at(store, name, asked))
        named = named if said is None else said
        asked = named if due or not asked else asked


def _steps(store: GitStore, head: Head) -> Iterable[tuple[Head, int, tuple[str, ...] | None]]:
    """Every point, oldest first, with its number and the signers that its operation names, if it is one of those."""
    points = [(name, entry.seq, _named(entry)) for name, entry in store.back(head)]
    return reversed(points)


def _named(entry: Entry) -> tuple[str, ...] | None:
    if b'"signers_set"' not in entry.body:
        return None
    operation = from_entry(entry)
    return operation.change.signers if isinstance(operation.change, SignersSet) and not operation.refused else None
