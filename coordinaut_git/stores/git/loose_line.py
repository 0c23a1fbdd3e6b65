"""Which objects of our line are loose: one file each on disk, 4 KiB for a commit of 300 bytes.

Rule 1: only what our own line reaches is looked at; other people's loose objects are not ours to touch.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from coordinaut_git.plumbing.loose import loose_path, read_loose
from coordinaut_git.plumbing.objects import COMMIT, TREE, parse_commit, parse_tree

Read = Callable[[str], tuple[str, bytes]]
"""Gives kind and content of an object by its id, loose or packed."""

PACKED_RUN = 16
"""So many packed commits one after another mean that what is older was packed before."""


def loose_of_line(objects_dir: Path, head: str, read: Read) -> dict[str, tuple[str, bytes]]:
    """The loose objects of the line that ends in commit `head`: id to kind and content.

    Raises what `read` raises, `BadObject` for what is no commit or tree, and `ObjectDamaged` for a bad loose file.
    """
    collected: dict[str, tuple[str, bytes]] = {}
    packed, name, tree = 0, head, ""
    while packed < PACKED_RUN:
        loose = read_loose(str(objects_dir), name)
        _, data = loose or read(name)
        packed = 0 if loose else packed + 1
        if loose:
            collected[name] = (COMMIT, data)
        commit = parse_commit(data)
        if commit.tree != tree:
            tree = commit.tree
            collected.update(_loose_below(objects_dir, tree, collected))
        if not commit.parents:
            break
        name = commit.parents[0]
    return collected


def _loose_below(
    objects_dir: Path, name: str, known: dict[str, tuple[str, bytes]]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """The loose objects of a tree; a packed one was packed together with what it holds."""
    found = read_loose(str(objects_dir), name)
    if found is None:
        return
    yield name, found
    if found[0] == TREE:
        for item in parse_tree(found[1]).values():
            if item.id not in known:
                yield from _loose_below(objects_dir, item.id, known)


def remove_loose(objects_dir: Path, names: Iterator[str] | list[str]) -> None:
    """Remove the loose copies of objects that are in a pack for good, as `git prune-packed` does."""
    for name in names:
        Path(loose_path(str(objects_dir), name)).unlink(missing_ok=True)
