"""The trailers that say which agent made a commit, and for which tasks.

Rule 1: the names of the trailers are written here and nowhere else; capitals do not matter when they are read.
Rule 2: a trailer that stands twice names nobody: it is not guessed which of the two is meant.

Which lines of a message are trailers is git's to say (git-interpret-trailers(1)); here they come as pairs.
"""

from collections.abc import Iterable
from typing import NamedTuple

from coordinaut_git.errors import CoordinautError
from coordinaut_git.protocol.values import check_identifier, clip

AGENT, INSTANCE, THREAD, TASK = "Agent", "Agent-Instance", "Agent-Thread", "Agent-Task"
KEYS = (AGENT, INSTANCE, THREAD, TASK)

Trailers = Iterable[tuple[str, str]]


class Named(NamedTuple):
    """Whom a commit names. `anybody`: whether one of our trailers is there at all.

    `instance` is empty where none is named clearly; `tasks` are as they were written, each once; `unclear` says what
    is wrong, a hint for each trailer that is missing, doubled or malformed.
    """

    anybody: bool
    instance: str
    tasks: tuple[str, ...]
    unclear: tuple[str, ...]


def named_in(trailers: Trailers) -> Named:
    """Whom these trailers name."""
    values: dict[str, list[str]] = {key: [] for key in KEYS}
    known = {key.lower(): key for key in KEYS}
    for key, value in trailers:
        if ours := known.get(key.lower()):
            values[ours].append(value)
    instance = values[INSTANCE][0] if values[INSTANCE] else ""
    unclear = [*_missing(values), *_doubled(values), *_malformed(instance)]
    return Named(
        anybody=any(values.values()),
        instance="" if len(values[INSTANCE]) != 1 or list(_malformed(instance)) else instance,
        tasks=tuple(dict.fromkeys(value for value in values[TASK] if value)),
        unclear=tuple(unclear),
    )


def _missing(values: dict[str, list[str]]) -> Iterable[str]:
    for key, what in ((INSTANCE, "the id of the agent instance that made it"), (TASK, "the id of its task")):
        if not any(values[key]):
            yield f"Add the trailer {key} with {what}."


def _doubled(values: dict[str, list[str]]) -> Iterable[str]:
    for key in (AGENT, INSTANCE, THREAD):
        if len(values[key]) > 1:
            yield f"{key} stands {len(values[key])} times; leave the one that is true."
    for value in dict.fromkeys(values[TASK]):
        if values[TASK].count(value) > 1:
            yield f"{TASK}: {clip(value)} stands {values[TASK].count(value)} times; leave one."


def _malformed(instance: str) -> Iterable[str]:
    try:
        if instance:
            check_identifier("an agent instance", instance)
    except CoordinautError as error:
        yield f"{INSTANCE}: {error.message}"
