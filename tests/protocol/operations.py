"""Operations and documents of every kind for Hypothesis: well-formed ones, and ill-formed ones that no request makes.

Rule 1: ids come from a small world, so that operations meet each other's tasks and leases.
"""

from hypothesis import strategies as st

from coordinaut_git.protocol.model import (
    Actor,
    Alias,
    Answer,
    Check,
    CheckStatus,
    Handoff,
    Instance,
    Lease,
    Line,
    Message,
    MessageKind,
    Mode,
    Numbers,
    Part,
    Reading,
    RefusedOperation,
    Status,
    Takeover,
    Task,
    Tool,
)
from coordinaut_git.protocol.ops import (
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    Renewal,
    SignersSet,
    StateMoved,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.values import LAST_INSTANT, Instant

START = Instant.parse("2026-11-22T16:00:00Z")
TASKS = [f"task_20261122_{number:03d}_{token}" for number in (1, 2, 3) for token in "ab"]
PATTERNS = ["src/**", "src/*", "src/a", "src/b", "docs/", "**/a", "docs/*.md", "lib"]
MESSAGES = [f"msg_{number:024d}_{place}" for number in (0, 1, 2) for place in (0, 1)]
HANDOFFS = {f"handoff_20261122_{number:024d}": TASKS[number] for number in range(5)}
"""Ids with the tasks that they are for."""

INSTANCES = ["alice-1", "bob-1", "alice-1", "carol-1", None]
HOSTILE = ["", "../../x", "a/../b", "\ud800", "\0", "x" * 500, "-x", ".git", "a\nb", "é", "\udcff/", "./src/a", "task_"]
EXTREME = [Instant(-1), Instant(10**30), Instant(LAST_INSTANT)]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
instants = st.builds(Instant, st.integers(0, LAST_INSTANT))


def whole(kind, /, **fields):
    """A dataclass whose fields come from strategies, in any order."""
    return st.builds(kind, **fields)


def optional(strategy):
    """None, or what the strategy gives."""
    return st.none() | strategy


def lists(strategy, size: int = 3):
    """A tuple of at most `size`."""
    return st.lists(strategy, max_size=size).map(tuple)


def takeovers(ids, ats):
    """A lease that is said to end."""
    return whole(Takeover, task_id=ids, agent_instance=ids, fence=st.integers(0, 99), expires_at=ats)


def changes(ids, words, files, ats, terms):
    """A change of every kind from these strategies."""
    checks = lists(whole(Check, name=words, status=st.sampled_from(CheckStatus), at=ats))
    common = {"scope": words, "files": lists(files), "depends_on": lists(ids)}
    some = {name: optional(strategy) for name, strategy in common.items()}
    said = {"next": optional(words), "title": optional(words), "status": optional(st.sampled_from(Status))}
    numbers = st.integers(-1, 6)
    return st.one_of(
        whole(
            TaskCreated,
            task_id=ids,
            display_id=ids.map(_display),
            title=words,
            priority=numbers,
            known_as=seldom_named(words),
            **common,
        ),
        whole(
            TaskUpdated,
            task_id=ids,
            checks=checks,
            blockers=lists(words),
            clear_blockers=st.booleans(),
            priority=optional(numbers),
            **said,
            **some,
        ),
        whole(
            TaskClaimed,
            task_id=ids,
            files=lists(files),
            mode=st.sampled_from(Mode),
            term_ms=terms,
            fold=st.booleans(),
            takeovers=lists(takeovers(ids, ats)),
            reason=optional(words),
            without=seldom(lists(files)),
            also=seldom(lists(whole(Part, files=lists(files), without=lists(files)), 2)),
        ),
        *handoff_changes(ids, words, files, terms),
        whole(TaskReleased, task_id=ids, status=st.sampled_from(Status), reason=optional(words)),
        whole(LeasesRenewed, task_id=optional(ids)),
        whole(
            MessagePosted,
            kind=st.sampled_from(MessageKind),
            text=words,
            to_agent_instance=optional(st.sampled_from(["alice-1", "bob-1"]) | words),
            to_agent=optional(words),
            broadcast=st.booleans(),
            mentions=lists(words),
            task_id=optional(ids),
        ),
        whole(MessagesRead, messages=lists(st.sampled_from(MESSAGES) | words)),
        seldom_moved(words),
        seldom_signed(words),
    )


def seldom_named(words):
    """A number that was told of a task, mostly none."""
    return mostly(st.none(), st.sampled_from(["AGT-20261122-009", "AGT-20261122-001"]) | words)


def seldom_moved(words):
    """A state that moves, mostly between storages that there are."""
    storages = mostly(st.sampled_from(["git", "json", "sqlite", "remote"]), words)
    places = {name: optional(words) for name in ("state_dir", "remote_url", "team", "project")}
    return whole(StateMoved, from_=storages, to=storages, **places)


def seldom_signed(words):
    """Signers, mostly well-formed."""
    lines = mostly(st.sampled_from(["ann@example.com ssh-ed25519 AAAA", "bob openpgp " + "AB" * 20]), words)
    return whole(SignersSet, signers=st.lists(lines, max_size=3).map(tuple), task_id=optional(words))


def handoff_changes(ids, words, files, terms):
    """A change of every kind that is about handoffs."""
    handoffs = mostly(st.sampled_from(list(HANDOFFS.items())), st.tuples(words, ids))
    people = mostly(st.sampled_from([who for who in INSTANCES if who]), words)

    def asked(pair, **more):
        return HandoffRequested(handoff_id=pair[0], task_id=pair[1], **more)

    def answered(pair, **more):
        return HandoffAnswered(handoff_id=pair[0], task_id=pair[1], **more)

    return (
        st.builds(
            asked,
            handoffs,
            owner=people,
            files=lists(files),
            mode=st.sampled_from(Mode),
            term_ms=terms,
            reason=words,
            fold=st.booleans(),
        ),
        st.builds(answered, handoffs, status=st.sampled_from(Answer), response=optional(words)),
        whole(
            HandoffsKept,
            handoffs=lists(handoffs.map(lambda pair: pair[0])),
            commit=optional(mostly(st.just("0c464bc0" * 5), words)),
            task_id=optional(ids),
        ),
    )


def seldom(strategy):
    """Nothing, but for one time in ten."""
    return weighted((9, st.just(())), (1, strategy))


def operations():
    """Operations with any text, but of the shape that history keeps."""
    ids = st.sampled_from(TASKS) | texts
    terms = st.integers(1_000, 10**9)
    return whole(
        Operation,
        id=texts,
        at=instants,
        actor=whole(
            Actor,
            instance=optional(texts),
            agent=optional(texts),
            thread_id=optional(texts),
            tool=st.sampled_from(Tool),
        ),
        change=changes(ids, texts, st.sampled_from(PATTERNS) | texts, instants, terms),
        renewals=lists(whole(Renewal, task_id=ids, term_ms=terms)),
        about=lists(ids),
        refused=optional(texts),
    )


def weighted(*choices):
    """One of the strategies, each as often as its number says (`one_of` takes the same strategy once only)."""
    listed = [strategy for number, strategy in choices for _ in range(number)]
    return st.integers(0, len(listed) - 1).flatmap(listed.__getitem__)


def mostly(good, bad):
    """The good one, but for one time in twenty."""
    return weighted((19, good), (1, bad))


def hostile_operations():
    """Operations built by hand: much of what they hold is lawful, and some of it is anything."""
    bad = st.sampled_from(HOSTILE)
    ids = mostly(st.sampled_from(TASKS), bad)
    ats = mostly(st.sampled_from([START, Instant(START + 60_000)]), st.sampled_from(EXTREME))
    terms = mostly(st.sampled_from([60_000, 1_800_000]), st.sampled_from([0, -1, 10**400]))
    words = mostly(st.sampled_from(["words", "more words"]), bad)
    return whole(
        Operation,
        id=mostly((st.integers(0, 2) | st.integers(0, 10**9)).map(lambda number: f"op_{number:024d}"), bad),
        at=ats,
        actor=whole(
            Actor,
            instance=mostly(st.sampled_from(INSTANCES), bad),
            agent=optional(words),
            thread_id=optional(words),
        ),
        change=changes(ids, words, mostly(st.sampled_from(PATTERNS), bad), ats, terms),
        renewals=lists(whole(Renewal, task_id=ids, term_ms=terms), 1),
        about=seldom(lists(ids, 1)),
        refused=mostly(st.none(), st.sampled_from(["scope_conflict", "not_owner"]) | bad),
    )


def documents():
    """Documents of every kind, with every field filled."""
    st.register_type_strategy(Instant, instants)
    kinds = (Task, Lease, Handoff, Instance, Message, Reading, RefusedOperation, Numbers, Alias, Line)
    return st.one_of(*(_filled(kind) for kind in kinds))


def _filled(kind):
    types = {name: field.type for name, field in kind.__dataclass_fields__.items()}
    return st.builds(kind, **{name: st.from_type(type_) for name, type_ in types.items()})


def _display(task_id: str) -> str:
    parts = task_id.split("_")
    return f"AGT-{parts[1]}-{parts[2]}" if len(parts) == 4 else task_id
