"""Mending what is safe to mend, for `doctor --fix`.

Rule 1: nothing that can be read is lost: a ref's old value is kept in a file before it is set aside.
Rule 2: a line is only ever put back to a point that is whole from end to end.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from coordinaut_git.documents import Head
from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.engine import Ref, RefAt, RefBroken, RefMissing
from coordinaut_git.stores.git.heal import heal_recent
from coordinaut_git.stores.git.stale_lock import set_aside_if_stale
from coordinaut_git.stores.git.store import GitStore

WAIT_S = 5.0


def mend(store: GitStore, restore: Callable[[Head], int] = lambda _: 0) -> Iterator[str]:
    """Put objects and a broken ref back, and pack what is loose; a sentence for each thing that was done.

    `restore` puts back what is lost of the documents at a head, as far as that can be known, and gives how many.
    """
    with store.queue(WAIT_S) as held:
        healed = heal_recent(store.journal, store.engine.missing, store.engine.write)
        if healed:
            yield f"missing objects were put back from the journal: {len(healed)}"
        lock = store.place.common_dir / f"{store.settings.ref}.lock"
        if held and lock.exists() and set_aside_if_stale(lock, folder=store.place.own_dir, unfinished=None):
            yield f"{lock.name}, which a dead program had left, was set aside"
        ref = store.engine.read_ref(store.settings.ref)
        if isinstance(ref, RefAt) and (restored := _restored(Head(ref.id), restore)):
            yield f"lost or damaged objects of documents were put back from the operations: {restored}"
        if isinstance(ref, RefMissing):
            yield from _at_newest(store)
        elif not _is_whole(store, ref):
            yield from _put_back(store, ref)
        ref = store.engine.read_ref(store.settings.ref)
        if isinstance(ref, RefAt) and (packed := store.pack_loose(Head(ref.id))):
            yield f"loose objects were packed: {packed}"


def _restored(head: Head, restore: Callable[[Head], int]) -> int:
    with suppress(CoordinautError):  # where commits are lost too, only an older point helps
        return restore(head)
    return 0


def _is_whole(store: GitStore, ref: Ref) -> bool:
    """Whether the ref names a commit from which the state can be read."""
    if not isinstance(ref, RefAt):
        return False
    try:
        store.snapshot(Head(ref.id))
    except CoordinautError as error:
        return error.code in {"newer_format", "older_format"}  # it is whole, for those who know it
    return True


def _put_back(store: GitStore, ref: Ref) -> Iterator[str]:
    kept = _set_aside(store, ref)
    if kept is None:
        return
    yield f"the broken value of {store.settings.ref} was moved to {kept}"
    yield from _at_newest(store)


def _at_newest(store: GitStore) -> Iterator[str]:
    """Make the ref that is not there, where this clone remembers a line that is whole."""
    last = store.journal.last_head()
    if last and _is_whole(store, RefAt(last)) and store.engine.create_ref(store.settings.ref, last):
        yield f"{store.settings.ref} was put back to {last}, the newest operation this clone remembers"


def _set_aside(store: GitStore, ref: Ref) -> Path | None:
    """Move the loose ref file away; None for a ref that has none, which is left as it is."""
    loose = store.place.common_dir / store.settings.ref
    if not loose.is_symlink() and not loose.is_file():
        return None
    folder = store.place.own_dir / "set-aside"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"ref-{loose.lstat().st_mtime_ns}"
    loose.rename(kept)
    reason = ref.reason if isinstance(ref, RefBroken) else "named no line of operations"
    kept.with_suffix(".txt").write_text(f"{store.settings.ref} {reason}\n")
    return kept
