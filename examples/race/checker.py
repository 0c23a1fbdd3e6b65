"""Checks the promises of coordinaut from outside: from `git log` of its ref, and from what the agents were answered.

Rule 1: it shares no code with what it checks: the log is read with git, scopes are matched by the few lines below.
Rule 2: every function takes plain values and gives what is wrong as sentences; an empty list means: kept.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from race.stage import git

REF = "refs/coordinaut/state"
OPERATIONS = {"create": "task_created", "claim": "task_claimed", "update": "task_updated", "release": "task_released"}
TELLING = {"create": "--title", "claim": "--takeover-reason", "update": "--next", "release": "--reason"}
CLOSED = {"done", "cancelled"}

Json = dict[str, Any]


class Lease(NamedTuple):
    """A scope that was held; the instant is in milliseconds since 1970."""

    instance: str
    files: tuple[str, ...]
    mode: str
    expires_ms: int


Leases = dict[tuple[str, str], Lease]
"""Who holds what: by task and instance."""


class Call(NamedTuple):
    """What one agent asked `coordinaut`, and the JSON document it was answered."""

    instance: str
    words: list[str]
    answer: Json

    @property
    def command(self) -> str:
        """The name of the command."""
        return self.words[0]

    def option(self, name: str) -> str:
        """The value of an option, "" without it."""
        return self.words[self.words.index(name) + 1] if name in self.words else ""


class HandedIn(NamedTuple):
    """A commit of an agent: what its trailers say, and what it changed."""

    commit: str
    instance: str
    task: str
    paths: list[str]


# --- reading ----------------------------------------------------------------------------------------------------------


def read_log(repository: Path) -> list[Json]:
    """The operations of the line, oldest first, as their commits keep them."""
    messages = git(repository, "log", "--reverse", "--format=%x1e%B", REF).split("\x1e")[1:]
    return [json.loads(message.split("\n\n", 1)[1]) for message in messages[1:]]  # the first commit keeps none


def read_calls(record: Path, instance: str) -> list[Call]:
    """What an agent asked and was answered, in order."""
    told = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    return [Call(instance, fact["call"]["words"], fact["call"]["answer"]) for fact in told if "call" in fact]


def read_branch(repository: Path, base: str, branch: str) -> list[HandedIn]:
    """The commits of an agent's branch above `base`."""
    names = "Agent-Instance", "Agent-Task"
    trailers = "".join(f"%(trailers:key={name},valueonly,separator=%x20)%x1f" for name in names)
    found = git(repository, "log", "--name-only", f"--format=%x1e%H%x1f{trailers}", f"{base}..{branch}").split("\x1e")
    return [_handed_in(text) for text in found[1:]]


def _handed_in(text: str) -> HandedIn:
    commit, instance, task, paths = text.split("\x1f")
    return HandedIn(commit, instance, task, [path for path in paths.split("\n") if path])


def read_surroundings(repository: Path) -> Json:
    """What belongs to the user and must stay as it is."""
    folder = repository / ".git"
    return {
        "HEAD": (folder / "HEAD").read_text(),
        "the configuration": (folder / "config").read_text(),
        "the hooks": sorted(path.name for path in (folder / "hooks").glob("*")),
        "the branches and tags": [
            line
            for line in git(repository, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
            if not line.startswith(("refs/heads/demo/", "refs/coordinaut/"))
        ],
        "the index": git(repository, "ls-files", "--stage"),
        "the work tree": git(repository, "status", "--porcelain") + git(repository, "diff", "HEAD"),
    }


# --- the promises -----------------------------------------------------------------------------------------------------


def double_owners(log: list[Json], paths: Iterable[str]) -> Iterator[str]:
    """Paths that two instances held exclusively, unexpired, at the instant of some operation.

    Between two operations leases only run out, so looking at each operation's instant is looking at every instant.
    """
    paths = list(paths)
    for operation, leases in replay(log):
        now_ms = instant_ms(operation["at"])
        alive = [lease for lease in leases.values() if lease.mode == "exclusive" and lease.expires_ms > now_ms]
        for one, other in combinations(alive, 2):
            shared = [path for path in paths if covers(one.files, path) and covers(other.files, path)]
            if one.instance != other.instance and shared:
                yield f"{shared[0]} belonged to {one.instance} and to {other.instance} at {operation['at']}."


def lost_or_doubled(log: list[Json], calls: Iterable[Call], killed: set[str]) -> Iterator[str]:
    """Acknowledged operations that are not in the log exactly once, and logged ones that nobody was told of.

    Who was killed may have one operation in the log whose answer it did not live to read.
    """
    told = Counter(key for call in calls if (key := acknowledged(call)))
    kept = Counter(_kept(operation) for operation in log)
    for key in told | kept:
        if told[key] > kept[key]:
            yield f"{_words(key)} was acknowledged {told[key]} times and is {kept[key]} times in the log."
    unread = Counter({key: kept[key] - told[key] for key in kept if kept[key] > told[key]})
    for instance in sorted({key[0] for key in unread}):
        extra = [key for key in unread.elements() if key[0] == instance]
        if len(extra) > (instance in killed):
            yield f"{_words(extra[0])} is in the log more often than it was acknowledged."


def broken_line(log: list[Json]) -> Iterator[str]:
    """A line that does not count 1, 2, 3, names an operation twice, or runs backwards."""
    if [operation["seq"] for operation in log] != list(range(1, len(log) + 1)):
        yield "The operations are not numbered one after the other."
    if len({operation["id"] for operation in log}) != len(log):
        yield "An operation's id stands in the log twice."
    if any(instant_ms(later["at"]) < instant_ms(earlier["at"]) for earlier, later in pairwise(log)):
        yield "The instants of the log run backwards."


def unexplained(log: list[Json], calls: Iterable[Call]) -> Iterator[str]:
    """Refusals without words, without help, or that blame somebody who never held what they say."""
    held = {(*key, lease.expires_ms) for _, leases in replay(log) for key, lease in leases.items()}
    for call in calls:
        error = call.answer.get("error")
        if error is None:
            continue
        asked = f"{call.instance}: {' '.join(call.words)}"
        if error["kind"] != "refused" or not error["message"].endswith(".") or not error["hint"]:
            yield f"{asked} was not refused in words but with {error}."
        for conflict in error["details"].get("conflicts", ()):
            if (conflict["taskId"], conflict["agentInstance"], instant_ms(conflict["expiresAt"])) not in held:
                yield f"{asked} was refused for a lease of {conflict['agentInstance']} that is not in the log."


def not_held(log: list[Json], commits: Iterable[HandedIn]) -> Iterator[str]:
    """Files in an agent's commit that no lease of that agent on that task ever covered."""
    granted = [(key, lease.files) for _, leases in replay(log) for key, lease in leases.items()]
    for commit in commits:
        own = [files for key, files in granted if key == (commit.task, commit.instance)]
        for path in commit.paths:
            if not any(covers(files, path) for files in own):
                yield f"{commit.instance} handed in {path} with {commit.commit[:10]} without holding it."


def meddled(before: Json, after: Json) -> Iterator[str]:
    """What of the user's is not as it was."""
    return (
        f"{what} changed, from {before[what]!r} to {after[what]!r}." for what in before if before[what] != after[what]
    )


def unfinished(log: list[Json]) -> Iterator[str]:
    """Tasks that were written down and are neither done nor cancelled."""
    last = {operation["taskId"]: "open" for operation in log if operation["op"] == "task_created"}
    last |= {operation["taskId"]: operation["data"]["status"] for operation in log if "status" in operation["data"]}
    return (f"{task} was left undone." for task, status in last.items() if status not in CLOSED)


# --- the small print --------------------------------------------------------------------------------------------------


def replay(log: list[Json]) -> Iterator[tuple[Json, Leases]]:
    """Each operation with the leases after it, expired ones included.

    A claim takes nothing from anybody but what it names as taken over: whether that was right is for others to see.
    """
    leases: Leases = {}
    for operation in log:
        leases = _after(leases, operation)
        yield operation, leases


def _after(leases: Leases, operation: Json) -> Leases:
    at_ms, data = instant_ms(operation["at"]), operation["data"]
    own = operation.get("taskId", ""), operation.get("agentInstance", "")
    new = dict(leases)
    for renewal in operation.get("renewals", ()):
        if lease := new.get(key := (renewal["taskId"], own[1])):
            new[key] = lease._replace(expires_ms=at_ms + renewal["termMs"])
    for taken in data.get("takeovers", ()):
        new.pop((taken["taskId"], taken["agentInstance"]), None)
    if operation["op"] == "task_released" or data.get("status") in CLOSED:
        new.pop(own, None)
    if operation["op"] == "task_claimed":
        new[own] = Lease(own[1], tuple(data["files"]), data["mode"], at_ms + data["termMs"])
    return new


def covers(files: Iterable[str], path: str) -> bool:
    """Whether one of the patterns (`**`, `*`, plain paths) covers a path or a folder above it."""
    return any(re.fullmatch(_expression(pattern), path, re.DOTALL) for pattern in files)


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*)", pattern)
    words = {"**": ".*", "*": "[^/]*"}
    return "".join(words.get(part, re.escape(part)) for part in parts) + "(/.*)?"


def instant_ms(text: str) -> int:
    """RFC 3339 as milliseconds since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


Key = tuple[str, str, str, str]


def acknowledged(call: Call) -> Key | None:
    """What a call must have left in the log: who, what, which task, with which words."""
    result = call.answer.get("result")
    if result is None:
        return None
    if call.command in OPERATIONS:
        task = result["id"] if "id" in result else result["task"]["id"]
        return call.instance, OPERATIONS[call.command], task, call.option(TELLING[call.command])
    if call.command == "heartbeat" and result["written"]:
        return call.instance, "leases_renewed", result["task"]["id"], ""
    return None


def _kept(operation: Json) -> Key:
    data = operation["data"]
    words = data.get("title") or data.get("next") or data.get("reason") or ""
    return operation.get("agentInstance") or "", operation["op"], operation.get("taskId", ""), words


def _words(key: Key) -> str:
    instance, op, task, words = key
    return f"{op} of {task} by {instance or 'somebody'}" + (f" ({words})" if words else "")
