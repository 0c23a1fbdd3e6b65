"""Where each document lies.

Rule 1: this is written here and nowhere else.
Rule 2: folders stay small, and neighbours in time share one, so that what an operation changes is cheap to write.
"""

from functools import lru_cache
from zlib import crc32

from coordinaut_git.protocol.model import Message, RefusedOperation

NUMBERS_A_SHARD = 64
LINE = "line.json"
HOME = "home.json"
SIGNERS = "signers.json"


@lru_cache(4_096)  # asked several times for every operation
def task_path(task_id: str, *, closed: bool) -> str:
    """Tasks lie by day and by number, open ones apart from the archive: neighbours in time share a folder."""
    _, day, number, *_ = f"{task_id}___".split("_", 3)
    shard = int(number) // NUMBERS_A_SHARD if is_number(number) else 0
    return f"tasks/{'closed' if closed else 'open'}/{day or '0'}/{shard:02d}/{task_id}.json"


def lease_path(task_id: str) -> str:
    """Only leases held now, expired or not, have a document."""
    return f"leases/{task_id}.json"


def instance_path(instance: str) -> str:
    """Instances are spread over 256 folders by a checksum of their id."""
    return f"instances/{crc32(instance.encode()) & 0xFF:02x}/{instance}.json"


def message_path(message: Message) -> str:
    """Messages lie by day and by position, neighbours in one folder."""
    return f"messages/{message.at.day}/{message.seq // NUMBERS_A_SHARD}/{message.id}.json"


def reading_path(instance: str) -> str:
    """What an instance has read lies beside what is known of it."""
    return instance_path(instance).replace("instances/", "readings/", 1)


def handoff_path(handoff_id: str, *, pending: bool) -> str:
    """Handoffs that wait for something lie together; the others lie by the day in their id."""
    day = f"{handoff_id}__".split("_")[1]
    return f"handoffs/pending/{handoff_id}.json" if pending else f"handoffs/ended/{day}/{handoff_id}.json"


def refusal_path(refusal: RefusedOperation) -> str:
    """Refused operations lie by day."""
    return f"refusals/{refusal.at.day}/{refusal.id}.json"


def numbers_path(day: str) -> str:
    """One counter of display numbers for each day."""
    return f"numbers/{day}.json"


def alias_path(display_id: str) -> str:
    """Where a display id that moved on is looked up first."""
    return f"aliases/{display_id}.json"


def is_number(name: str) -> bool:
    """Whether a name is that of a folder of numbers, and not whatever else somebody has put there."""
    return name.isdecimal() and len(name) < 12  # noqa: PLR2004 - any bound will do
