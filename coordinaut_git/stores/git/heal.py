"""Put objects back that somebody pruned or that a crash left empty.

Rule 1: only bytes whose checksum is the missing id are written; the journal is a memory, not an authority.
"""

from collections.abc import Callable, Iterable

from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.plumbing.objects import object_id


def heal(missing: Iterable[str], journal: Journal, write_raw: Callable[[str, bytes], object]) -> frozenset[str]:
    """Write back what the journal remembers of the `missing` ids; gives the ids that are whole again.

    `write_raw(kind, data)` must replace an empty or damaged copy, which neither git nor libgit2 does by itself: both
    only touch a loose file that is there.
    """
    healed = set()
    for oid, (kind, data) in journal.find(missing).items():
        if object_id(kind, data) == oid:
            write_raw(kind, data)
            healed.add(oid)
    return frozenset(healed)


def heal_recent(
    journal: Journal, missing: Callable[[Iterable[str]], Iterable[str]], write_raw: Callable[[str, bytes], object]
) -> frozenset[str]:
    """Put back everything the journal remembers that `missing` (asked with many ids) says is not on disk.

    For use once one object is found missing: a prune takes many at a time.
    """
    return heal(tuple(missing(sorted(journal.oids()))), journal, write_raw)
