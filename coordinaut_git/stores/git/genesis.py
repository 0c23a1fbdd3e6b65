"""The fixed first commit of every line: the same bytes in every clone, so that histories made apart can be joined.

Rule 1: nothing here may ever change; the test pins the id.
"""

from coordinaut_git.plumbing.objects import BLOB, COMMIT, TREE, Commit, TreeItem, commit_bytes, object_id, tree_bytes

CHECKPOINT = "checkpoint.json"
"""The one document that belongs to the store: up to which operation the tree's documents are."""

_MESSAGE = """\
This is the first commit of coordinaut's state.

Agents and people that work on this repository coordinate through the commits
that follow: each is one operation, with a sentence for people as its subject
and the operation as JSON in its body. The tree holds the state as of the
operation that checkpoint.json names.

Nothing here is part of the project's own history. Please do not edit, rebase
or merge this ref; `coordinaut doctor` tells how it is.
"""


def checkpoint_document(seq: int, form: int) -> bytes:
    """The content of `checkpoint.json` for documents of that format as of `seq`."""
    return b'{"format":%d,"seq":%d}\n' % (form, seq)


_BLOB = checkpoint_document(0, 1)  # of no documents, which is the same in every format
_TREE = tree_bytes([TreeItem(name=CHECKPOINT, id=object_id(BLOB, _BLOB), folder=False)])
_COMMIT = commit_bytes(
    Commit(
        tree=object_id(TREE, _TREE),
        parents=(),
        author="coordinaut",
        email="genesis@coordinaut",
        at_s=1_767_225_600,  # 2026-01-01T00:00:00Z
        message=_MESSAGE.encode(),
    )
)

GENESIS_OBJECTS = ((BLOB, _BLOB), (TREE, _TREE), (COMMIT, _COMMIT))
"""What to write, in this order: what is named stands before what names it."""

GENESIS_TREE = object_id(TREE, _TREE)
GENESIS = object_id(COMMIT, _COMMIT)
GENESIS_IDS = frozenset(object_id(kind, data) for kind, data in GENESIS_OBJECTS)
