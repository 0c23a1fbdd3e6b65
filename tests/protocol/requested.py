"""Random requests of several instances in one world, whose clock jumps."""

from hypothesis import strategies as st
from operations import PATTERNS, weighted
from world import World

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.model import Answer, Mode, Status

WHO = st.sampled_from(["alice", "bob", "carol"])
FILES = st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple)
TERM = st.sampled_from([None, "1m", "10m", "1h"])
TASKS = 4


def asked(verb, who=WHO, **fields):
    """One request with any of these fields."""
    return st.tuples(st.just(verb), who, st.fixed_dictionaries({}, optional=fields))


TAKING_OVER = st.fixed_dictionaries({"files": FILES, "takeover_reason": st.just("gone")})
REQUESTS = weighted(
    (1, asked("create", files=FILES)),
    (6, asked("claim", mode=st.sampled_from([str(mode) for mode in Mode]), files=FILES, ttl=TERM)),
    (4, st.tuples(st.just("claim"), WHO, TAKING_OVER)),
    (2, asked("heartbeat", ttl=TERM)),
    (2, asked("update", status=st.sampled_from([str(status) for status in Status]), next=st.just("x"))),
    (1, asked("release", status=st.sampled_from([str(status) for status in Status]))),
    (1, asked("say", broadcast=st.booleans(), text=st.sampled_from(["hello", "@bob", "@carol-1"]))),
    (1, asked("read")),
    (5, asked("request", files=FILES)),
    (4, asked("answer", who=st.just("owner"), status=st.sampled_from([str(answer) for answer in Answer]))),
    (2, asked("answer", status=st.sampled_from([str(answer) for answer in Answer]))),
    (2, asked("commit", paths=st.lists(st.sampled_from(["src/a", "src/b", "docs/a.md", "lib"]), min_size=1))),
    (4, st.tuples(st.just("wait"), st.sampled_from(["1m", "20m", "40m", "2h", "-20m", "-3h"]), st.just({}))),
)
STEPS = st.lists(st.tuples(REQUESTS, st.integers(0, TASKS - 1)), min_size=20, max_size=40)


def begin() -> World:
    """A world with some tasks."""
    world = World()
    for number in range(TASKS):
        world.create(files=PATTERNS[number])
    return world


def step(world: World, request, number: int) -> None:
    """Ask something of the world; a refusal is an answer."""
    verb, who, more = request
    task = f"AGT-20261122-{number + 1:03d}"
    try:
        if verb == "wait":
            world.wait(who)
        elif verb == "create":
            world.create(who, **more)
        elif verb == "read":
            world.read(who, *world.inbox(who)[:number])
        elif verb == "answer":
            answer(world, who, number, **more)
        elif verb == "commit":
            world.commit(who, *more.get("paths", ()))
        elif verb == "say":
            world.say(who, task=task, **more)
        elif verb == "heartbeat":
            world.heartbeat(who, task if number else None, **more)
        else:
            getattr(world, verb)(who, task, **more)
    except CoordinautError as error:
        if error.kind not in {Kind.REFUSED, Kind.INVALID}:
            raise


def answer(world: World, who: str, number: int, status: str = "grant_after_commit") -> None:
    """Answer one of the pending handoffs, as its owner or as somebody."""
    pending = world.state.pending_handoffs()
    if pending:
        handoff = pending[number % len(pending)]
        world.answer(handoff.owner.removesuffix("-1") if who == "owner" else who, world.handoff(handoff.id), status)
