"""Lines that nobody who keeps to the rules would publish, forged with real objects: each is found out."""

import json
from dataclasses import replace

import pytest
from world import World, joined

from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head, Step
from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.objects import BLOB, COMMIT, Commit, commit_bytes, parse_commit
from coordinaut_git.plumbing.repository import find
from coordinaut_git.plumbing.settings import Settings
from coordinaut_git.protocol.model import Status
from coordinaut_git.protocol.ops import TaskUpdated, to_entry
from coordinaut_git.protocol.views import summary
from coordinaut_git.stores.git.genesis import GENESIS
from coordinaut_git.stores.git.incoming import LARGEST_BYTES, unlawful_line
from coordinaut_git.stores.git.store import CHECKPOINT_EVERY, open_git_store
from coordinaut_git.sync import checking
from coordinaut_git.sync.checking import check_fetched, checked

OPERATIONS = 70
COMMON = 5


class Scene:
    """A line of commits in a git store, and the means to forge others."""

    def __init__(self, store) -> None:
        self.store = store
        self.world = World(store=store)
        for _ in range(3):
            self.world.create("alice", files="src/**")
        self.world.claim("alice", "AGT-20261122-001")
        while len(self.names()) <= OPERATIONS:
            self.world.say("bob", f"number {len(self.names())}", broadcast=True)

    def names(self) -> list[str]:
        """The commits, oldest first; the first is the one of every line."""
        return [GENESIS, *[head for head, _ in self.store.back(self.store.head())][::-1]]

    def read(self, name: str) -> bytes:
        return self.store.engine.read(name)[1]

    def chained(self, forged: str, number: int) -> str:
        """The commits after the one of operation `number`, on top of a forged one; gives the last."""
        parent = forged
        for name in self.names()[number + 1 :]:
            commit = parse_commit(self.read(name))
            parent = self.write(replace(commit, parents=(parent,)))
        return parent

    def write(self, commit: Commit) -> str:
        return self.store.engine.write(COMMIT, commit_bytes(commit))

    def changed(self, number: int, change) -> str:
        """The line with the commit of one operation changed as bytes; gives its end."""
        forged = self.store.engine.write(COMMIT, change(self.read(self.names()[number])))
        return self.chained(forged, number)

    def rewritten(self, number: int, **fields) -> str:
        """The line with the fields of one commit changed."""
        return self.changed(number, lambda data: commit_bytes(replace(parse_commit(data), **fields)))

    def said_otherwise(self, number: int, change) -> str:
        """The line with the operation of one commit changed, which is canonical JSON again."""

        def body(data: bytes) -> bytes:
            commit = parse_commit(data)
            subject, _, text = commit.message.partition(b"\n\n")
            value = change(json.loads(text))
            told = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            return commit_bytes(replace(commit, message=subject + b"\n\n" + told + b"\n"))

        return self.changed(number, body)

    def check(self, head: str, common: int = COMMON, **how) -> None:
        check_fetched(self.store, Head(self.names()[common]), Head(head), **how)

    def finds(self, head: str, common: int = COMMON, code: str = "unlawful_line") -> CoordinautError:
        with pytest.raises(CoordinautError) as caught:
            self.check(head, common)
        assert (caught.value.kind, caught.value.code) == (Kind.ENVIRONMENT, code), caught.value.message
        return caught.value


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    import pygit2

    place = tmp_path_factory.mktemp("checked")
    pygit2.init_repository(place)
    store = open_git_store(find(place), Settings(flush=False))
    store.create()
    yield Scene(store)
    store.close()


@pytest.mark.parametrize("common", [0, COMMON, CHECKPOINT_EVERY, OPERATIONS])
def test_a_line_that_this_program_wrote_is_taken_from_any_point_of_it(scene, common, monkeypatch):
    monkeypatch.setattr(checking, "TOLD_EVERY", 32)
    told, left = [], OPERATIONS - common
    scene.check(scene.names()[-1], common, progress=lambda done, of: told.append((done, of)))
    assert told == ([(done, left) for done in range(32, left, 32)] + [(left, left)] if left > 32 else [])


def test_so_is_one_that_was_joined_with_what_was_refused_on_it(scene):
    base = scene.world
    theirs, ours = base.apart(), base.apart()
    theirs.claim("bob", "AGT-20261122-002", files="docs/**")
    ours.claim("carol", "AGT-20261122-003", files="docs/a.md")
    head, state = Head(scene.names()[-1]), base.state
    store = scene.store
    for entry in theirs.entries()[OPERATIONS:]:
        operation = theirs.operations()[-1]
        state = next(checked(state, [entry]))[1]
        head = store.rebuild(store.head(), head, [Step(entry=entry, changes=state.changes())])
    (fate,) = joined(theirs, ours, OPERATIONS)
    assert fate.refused
    entry = to_entry(fate.operation, fate.state.seq, summary(state, operation))
    head = store.rebuild(store.head(), head, [Step(entry=entry, changes=next(checked(state, [entry]))[1].changes())])
    scene.check(head, OPERATIONS)
    store.rebuild(head, Head(store.line.point(store.line.point(head).parent).parent), [])
    assert len(scene.names()) == OPERATIONS + 1


def test_a_signature_in_the_header_of_a_commit_is_no_harm(scene):
    def signed(data: bytes) -> bytes:
        end = data.index(b"\n\n")
        return (
            data[:end] + b"\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----" + data[end:]
        )

    scene.check(scene.changed(OPERATIONS, signed))


HEADERS = {
    "another author": {"author": "mallory"},
    "another address": {"email": "alice-1@example.org"},
    "another date": {"at_s": 1},
    "an escape in its subject": {"message": b"\x1b[2Jhello"},
}


@pytest.mark.parametrize("fields", HEADERS.values(), ids=HEADERS)
def test_a_commit_that_says_something_else_than_its_operation_is_found(scene, fields):
    if "message" in fields:
        _, _, body = parse_commit(scene.read(scene.names()[OPERATIONS])).message.partition(b"\n\n")
        fields = {"message": fields["message"] + b"\n\n" + body}
    error = scene.finds(scene.rewritten(OPERATIONS, **fields))
    assert "is not written the way its operation is written" in error.message
    assert error.details["seq"] == OPERATIONS
    assert error.details["commit"] in error.hint


BYTES = {
    "another committer": lambda data: data.replace(b"\ncommitter bob", b"\ncommitter eve", 1),
    "one more header": lambda data: data.replace(b"\n\n", b"\nencoding latin-1\n\n", 1),
    "another zone": lambda data: data.replace(b" +0000\n\n", b" +0100\n\n", 1),
    "blanks in its JSON": lambda data: data.replace(b'{"agent":', b'{"agent": ', 1),
    "something after it": lambda data: data + b"\n",
}


@pytest.mark.parametrize("change", BYTES.values(), ids=BYTES)
def test_a_commit_is_the_very_bytes_that_this_program_writes(scene, change):
    assert change(scene.read(scene.names()[OPERATIONS])) != scene.read(scene.names()[OPERATIONS])
    assert "is not written" in scene.finds(scene.changed(OPERATIONS, change)).message


SAID = {
    "another instance": (lambda value: value | {"agentInstance": "eve-1"}, "is not written"),
    "a word that there is not": (lambda value: value | {"op": "task_stolen"}, "cannot be read"),
    "a field that there is not": (lambda value: value | {"owner": "eve-1"}, "cannot be read"),
    "no proper id": (lambda value: value | {"id": 7}, "cannot be read"),
    "another number": (lambda value: value | {"seq": 7}, "has the number 7 where 70 belongs"),
    "a huge number": (lambda value: value | {"seq": 10**300}, "has the number 1000"),
    "no number": (lambda value: value | {"seq": 0}, "has the number 0 where 70 belongs"),
}


@pytest.mark.parametrize(("change", "reason"), SAID.values(), ids=SAID)
def test_an_operation_that_makes_no_sense_is_found(scene, change, reason):
    assert reason in scene.finds(scene.said_otherwise(OPERATIONS, change)).message


def test_an_operation_of_a_newer_format_is_said_to_be_one(scene):
    scene.finds(scene.said_otherwise(OPERATIONS, lambda value: value | {"v": 2}), code="newer_format")


def test_an_operation_that_is_repeated_is_found(scene):
    twice = scene.said_otherwise(
        OPERATIONS, lambda value: value | {"id": json.loads(scene.world.entries()[OPERATIONS - 2].body)["id"]}
    )
    assert "repeats the operation op_" in scene.finds(twice).message
    assert "repeats the operation op_" in scene.finds(twice, OPERATIONS - 1).message, "whoever has the first one too"


def test_whether_an_operation_is_repeated_depends_on_the_line_alone(scene, monkeypatch):
    monkeypatch.setattr(checking, "REPEATED_WITHIN", 10)
    ids = [entry.id for entry in scene.world.entries()]
    near, far = (
        scene.said_otherwise(OPERATIONS, lambda value, back=back: value | {"id": ids[OPERATIONS - 1 - back]})
        for back in (10, 11)
    )
    for common in (0, OPERATIONS - 30, OPERATIONS - 5, OPERATIONS - 1):
        assert "repeats the operation" in scene.finds(near, common).message
        scene.check(far, common)


def test_an_old_operation_of_our_own_that_cannot_be_read_is_said(scene):
    ours = Head(scene.changed(2, lambda data: data.partition(b"{")[0] + b"garbage\n"))
    with pytest.raises(CoordinautError) as caught:
        check_fetched(scene.store, ours, ours)
    assert caught.value.code == "unreadable_history"
    assert caught.value.hint


def test_history_that_was_rewritten_is_found_wherever_it_parts(scene):
    forged = scene.said_otherwise(3, lambda value: value | {"data": value["data"] | {"title": "something else"}})
    assert "does not continue" in scene.finds(forged).message
    assert "carries documents" in scene.finds(forged, 0).message


def test_an_operation_that_was_left_out_is_found(scene):
    for number, common in ((OPERATIONS - 2, COMMON), (COMMON + 1, COMMON)):
        left_out = scene.chained(scene.names()[number - 1], number)
        assert "has the number" in scene.finds(left_out, common).message


def test_a_line_that_was_set_back_is_found(scene):
    assert "does not continue" in scene.finds(scene.names()[3]).message
    assert "does not continue" in scene.finds(GENESIS).message


def test_a_merge_and_a_line_that_begins_elsewhere_are_found(scene):
    names = scene.names()
    assert "has 2 parents" in scene.finds(scene.rewritten(OPERATIONS, parents=(names[-2], names[3]))).message
    assert "has 0 parents" in scene.finds(scene.rewritten(6, parents=())).message


def stolen(scene, number: int) -> str:
    """A tree in which alice's lease is eve's, as of operation `number`."""
    from coordinaut_git.stores.git.tree import checkpoint_tree

    state = Coordinator(scene.store, scene.world.clock, scene.world.ids).state_at(Head(scene.names()[number]))
    (lease,) = state.leases().values()
    path, eves = f"leases/{lease.task_id}.json", replace(lease, agent_instance="eve-1")
    changes = state.changed({path: eves}, seq=state.seq, at=state.at).changes()
    tree, objects = checkpoint_tree(scene.store.line.content, scene.store.line.point(GENESIS).tree, changes, number)
    for kind, data in objects:
        scene.store.engine.write(kind, data)
    return tree


@pytest.mark.parametrize("number", [6, CHECKPOINT_EVERY, OPERATIONS])
def test_documents_that_the_operations_do_not_give_are_found(scene, number):
    error = scene.finds(scene.rewritten(number, tree=stolen(scene, number)))
    assert "carries documents" in error.message
    assert error.details["seq"] == number


def test_documents_that_are_not_there_are_not_looked_for(scene):
    assert "carries documents" in scene.finds(scene.rewritten(OPERATIONS, tree="0" * 40)).message


def test_a_line_that_carries_no_documents_for_long_is_found(scene):
    first = scene.store.line.point(GENESIS).tree
    head = scene.names()[CHECKPOINT_EVERY - 1]
    for name in scene.names()[CHECKPOINT_EVERY : CHECKPOINT_EVERY + 1]:
        head = scene.write(replace(parse_commit(scene.read(name)), parents=(head,), tree=first))
    scene.check(head, 0)
    head = scene.write(replace(parse_commit(scene.read(scene.names()[65])), parents=(head,), tree=first))
    assert "carries no documents since operation 0" in scene.finds(head, 0).message


def test_what_is_no_commit_is_found(scene):
    assert "is a blob" in scene.finds(scene.store.engine.write(BLOB, b"x")).message
    assert "is missing" in scene.finds("0" * 40).message
    assert "holds no operation" in scene.finds(scene.rewritten(OPERATIONS, message=b"hello")).message


def test_an_object_that_is_too_large_is_not_even_read(scene, monkeypatch):
    large = scene.rewritten(OPERATIONS, message=b"x" * LARGEST_BYTES)
    read = scene.store.engine.read
    monkeypatch.setattr(scene.store.engine, "read", lambda name: pytest.fail("read") if name == large else read(name))
    assert f"no operation needs more than {LARGEST_BYTES:,}" in scene.finds(large).message


def test_the_largest_lawful_operation_is_not_too_large(scene):
    (operation, *_) = scene.world.operations()
    text = "\x01" * 16_384
    change = TaskUpdated(task_id=operation.change.task_id, status=Status.FIXING, next=text, blockers=(text,) * 64)
    state, line = (
        scene.world.state,
        to_entry(replace(operation, id="op_" + "f" * 64, change=change), OPERATIONS + 1, "x"),
    )
    after = next(checked(state, [line]))[1]
    assert after.refusal("op_" + "f" * 64) is None
    assert len(line.body) < LARGEST_BYTES - 64 * 1024


def test_entries_alone_are_judged_alike(scene):
    entries = scene.world.entries()
    base = next(checked(World().apart().coordinator.state_at(Head("genesis")), entries[:1]))[1]
    assert [state.seq for _, state in checked(base, entries[1:])] == list(range(2, OPERATIONS + 1))
    for forged in (
        entries[2:],
        [entries[1], replace(entries[1], seq=3)],
        [replace(entries[1], author="mallory")],
        [replace(entries[1], body=entries[1].body + b" ")],
        [replace(entries[1], body=b"{")],
    ):
        with pytest.raises(CoordinautError, match="not a line that this one could have become"):
            list(checked(base, forged))


def test_the_error_names_what_is_wrong_and_who_can_tell_more():
    error = unlawful_line("is odd", seq=1_234, commit="a" * 40)
    assert error.message == (
        "What came is not a line that this one could have become at operation 1,234 (commit aaaaaaaaaaaa): it is odd."
    )
    assert error.details == {"reason": "is odd", "seq": 1_234, "commit": "a" * 40}
