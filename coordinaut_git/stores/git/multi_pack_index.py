"""Which packs the user's git has put under its multi-pack-index: those are no longer ours to remove.

Format: gitformat-pack(5), "multi-pack-index (MIDX) files have the following format".
"""

import struct
from itertools import pairwise
from pathlib import Path

_HEADER_BYTES = 12
_CHUNK_BYTES = 12
_NAMES = b"PNAM"


def indexed_packs(folder: Path) -> frozenset[str] | None:
    """The names (`pack-<checksum>`) that `folder`'s multi-pack-index holds; None if that cannot be told."""
    if (folder / "multi-pack-index.d").exists():  # a chain of them, git 2.47 and later
        return None
    try:
        with (folder / "multi-pack-index").open("rb") as file:
            header = file.read(_HEADER_BYTES)
            chunks = file.read(_CHUNK_BYTES * (header[6] + 1))
            starts = [struct.unpack_from(">4sQ", chunks, at) for at in range(0, len(chunks), _CHUNK_BYTES)]
            place, end = next((one[1], two[1]) for one, two in pairwise(starts) if one[0] == _NAMES)
            file.seek(place)
            names = file.read(end - place)
    except FileNotFoundError:
        return frozenset()
    except (OSError, struct.error, IndexError, StopIteration):
        return None
    return frozenset(name.decode("ascii", "replace").removesuffix(".idx") for name in names.split(b"\0") if name)
