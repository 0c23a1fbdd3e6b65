"""The names of the points of a line: a chain of hashes, so that equal names mean equal histories.

Rule 1: nothing here may ever change: the names are in databases, and clients keep them.
"""

import json
from hashlib import sha256

from coordinaut_git.documents import Entry, Head

FIRST = Head(sha256(b"coordinaut line, format 1\n").hexdigest())
"""The name of the point before the first operation, the same for every line."""

_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def next_head(head: Head, entry: Entry) -> Head:
    """The name of the point that `entry` makes after `head`; ValueError for text that is no Unicode.

    It is the SHA-256, in hexadecimal, of one line of JSON, `[head,id,seq,at,summary,author,author_id]`, a line feed,
    and the body.
    """
    facts = (head, entry.id, entry.seq, entry.at, entry.summary, entry.author, entry.author_id)
    return Head(sha256(_encoded(facts).encode() + b"\n" + entry.body).hexdigest())
