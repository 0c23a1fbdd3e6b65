"""The contract's cases of one writer: what is written is read back, the line is whole, the documents are a map."""

import json

import pytest
from writing import attempt, entry, extend, listing, put, some_changes, state

from coordinaut_git.documents import FORMAT, StaleHead
from coordinaut_git.errors import CoordinautError, Kind


class LineContract:
    """The cases; part of `StoreContract`."""

    def test_it_is_named_and_says_where_the_state_lives(self, store):
        description = store.describe()
        assert description["storage"] == store.name
        assert description["location"]
        assert all(isinstance(text, str) for text in (*description, *description.values()))

    def test_before_it_is_created_there_is_no_head(self, world):
        assert world.open().head() is None

    def test_it_is_created_once_and_empty(self, world):
        one, two = world.open(), world.open()
        assert one.create() is True
        assert two.create() is False
        assert one.create() is False
        assert one.head() == two.head()
        snapshot = one.snapshot(one.head())
        assert (snapshot.seq, snapshot.entries, listing(snapshot.documents)) == (0, (), {})
        assert list(one.log(one.head())) == []
        assert world.raw_log() == []

    def test_an_entry_comes_back_exactly(self, store, other):
        head, written = attempt(
            store, {}, at=1_795_123_456_789, summary="claim Zażółć 日本語 🦊 'x' \"y\" \\ #1 -- --help",
            author="Ünïcode O'Agent", author_id="backend.codex:1+x@y_z-9",
        )  # fmt: skip
        for handle in (store, other):
            assert handle.head() == head
            assert list(handle.log(head)) == [written]
            assert handle.snapshot(head).entries in ((written,), ())

    def test_entries_at_the_edges_of_time_come_back_exactly(self, store):
        instants = (0, 1, 999, 1_000, 2**31 * 1000, 253_402_300_799_999)
        written = [attempt(store, {}, at=at)[1] for at in instants]
        assert list(store.log(store.head()))[::-1] == written

    def test_a_large_body_comes_back_exactly(self, store, other):
        text = "".join(chr(n) for n in range(32, 0x3000)) * 90
        written = attempt(store, {"large.json": text})[1]
        assert len(written.body) > 2_000_000
        assert next(other.log(other.head())) == written
        assert state(other) == {"large.json": text.encode()}

    def test_documents_come_back_exactly_at_every_point(self, store, other):
        contents = ["", "\n", "{}", "ends with newlines\n\n", "\r\n", "Zażółć 🦊", "x" * 100_000]
        wanted = {f"folder/sub folder/ünï-{n}.json": text for n, text in enumerate(contents)}
        put(store, wanted)
        for number in range(70):
            assert state(other) == {path: text.encode() for path, text in wanted.items()}
            put(store, {"folder/sub folder/count.json": str(number)})
            wanted["folder/sub folder/count.json"] = str(number)

    def test_a_stale_head_is_refused_and_nothing_is_written(self, world, store, other):
        first = store.head()
        put(other, {"a.json": "1"})
        before = (world.raw_log(), world.raw_documents(), other.head())
        with pytest.raises(StaleHead):
            attempt(store, {"a.json": "2"}, first)
        assert (world.raw_log(), world.raw_documents(), other.head()) == before
        assert state(store) == {"a.json": b"1"}

    def test_documents_are_rewritten_as_one_and_all_others_go(self, store, other):
        for number in range(70):
            put(store, some_changes(number))
        before = store.head()
        written = entry(71, {})
        wanted = {"new/a.json": b"{}", "new/deeper/b.json": b"\xff\0", "top.json": b""}
        after = store.rewrite(before, written, lambda: wanted)
        for handle in (store, other):
            assert handle.head() == after
            snapshot = handle.snapshot(after)
            assert (snapshot.seq, snapshot.entries, listing(snapshot.documents)) == (71, (), wanted)
            assert next(handle.log(after)) == written
            assert state(handle, before) != wanted, "what was before is as it was"
        put(other, {"top.json": "1", "new/a.json": None})
        assert state(store) == {"top.json": b"1", "new/deeper/b.json": b"\xff\0"}

    def test_a_rewriting_at_a_stale_head_is_refused_and_nothing_is_written(self, world, store, other):
        first = store.head()
        put(other, {"a.json": "1"})
        before = (world.raw_log(), world.raw_documents(), other.head())
        with pytest.raises(StaleHead):
            store.rewrite(first, entry(1, {}), lambda: {"b.json": b""})
        assert (world.raw_log(), world.raw_documents(), other.head()) == before

    def test_every_point_is_of_the_newest_format(self, store):
        heads = [store.head()]
        heads += [attempt(store, some_changes(number))[0] for number in range(66)]
        assert {store.format(head) for head in heads} == {FORMAT}

    def test_a_backup_is_named_and_made_once(self, store, other):
        head = attempt(store, {"a.json": "1"})[0]
        assert store.backup(head, "20261122T160000Z-x.1") == other.backup(head, "20261122T160000Z-x.1")
        put(store, {"a.json": "2"})
        assert state(store, head) == {"a.json": b"1"}

    def test_a_stale_head_is_refused_long_after(self, store, other):
        first = store.head()
        for number in range(70):
            put(other, {"a.json": str(number)})
        with pytest.raises(StaleHead):
            attempt(store, {"a.json": "late"}, first)
        assert state(store) == {"a.json": b"69"}

    def test_a_number_that_is_not_the_next_is_a_bug_of_the_caller(self, world, store):
        put(store, {})
        for seq in (1, 3):
            with pytest.raises(ValueError, match="seq"):
                store.commit(store.head(), entry(seq), dict)
        assert len(world.raw_log()) == 1

    def test_documents_are_changed_removed_and_listed_like_a_map(self, store, other):
        model = {}
        for number in range(1, 200):
            changes = some_changes(number)
            put(store, changes)
            model |= changes
            model = {path: text for path, text in model.items() if text is not None}
            if number % 9 == 0 or number % 64 < 2:
                wanted = {path: text.encode() for path, text in model.items()}
                assert state(store) == state(other) == wanted
        put(store, dict.fromkeys(model))
        assert state(other) == {}
        for number in range(70):
            put(store, {f"again/{number}.json": "{}"})
        assert len(state(other)) == 70

    def test_names_are_sorted_and_of_one_folder(self, store, other):
        put(store, {"a.json": "1", "a/b.json": "2", "a/c/d.json": "3", "ab/x.json": "4", "z.json": "5", "ä.json": "6"})
        for _ in range(70):
            put(store, {})
        documents = other.snapshot(other.head()).documents
        assert documents.names("") == ("a.json", "a/", "ab/", "z.json", "ä.json")
        assert documents.names("a") == ("b.json", "c/")
        assert documents.names("a/c") == ("d.json",)
        for nothing in ("b", "a.json", "a/c/d.json", "a/c/d.json/e"):
            assert documents.names(nothing) == ()
        for nothing in ("", "a", "a/c", "b.json", "a/b", "a.json/b"):
            assert documents.get(nothing) is None

    def test_what_is_removed_and_made_again_within_a_checkpoint_is_there(self, store, other):
        put(store, {"a/x.json": "1", "b/y.json": "1"})
        put(store, {"a/x.json": None})
        put(store, {"a/x.json": "2", "b/y.json": None})
        for _ in range(70):
            put(store, {})
        assert state(other) == {"a/x.json": b"2"}
        assert other.snapshot(other.head()).documents.names("b") == ()

    def test_a_document_may_become_a_folder_and_back(self, store, other):
        for changes in ({"x": "1"}, {"x": None}, {"x/y": "2"}, {"x/y": None}, {"x": "3"}):
            put(store, changes)
            for _ in range(64):
                put(store, {"n.json": "0"})
        assert state(other) == {"x": b"3", "n.json": b"0"}

    def test_written_documents_and_the_entries_after_them_make_the_state(self, world, store):
        for number in range(1, 140):
            put(store, some_changes(number))
            snapshot = store.snapshot(store.head())
            assert snapshot.head == store.head()
            assert [one.seq for one in snapshot.entries] == list(range(snapshot.seq + 1, number + 1))
        assert listing(snapshot.documents) == world.raw_documents()

    def test_a_snapshot_never_changes(self, store, other):
        for number in range(1, 100):
            put(store, some_changes(number))
        head = store.head()
        before, wanted = store.snapshot(head), state(store)
        for number in range(100, 240):
            put(other, some_changes(number))
        assert listing(before.documents) | {} == listing(store.snapshot(head).documents)
        assert state(store, head) == state(other, head) == wanted

    def test_since_gives_what_came_after_across_checkpoints(self, store, other):
        heads, entries = [store.head()], []
        for number in range(150):
            entries.append(put(store, some_changes(number)))
            heads.append(store.head())
        for old in range(0, 150, 13):
            assert other.since(heads[old], heads[-1]) == tuple(entries[old:])
            assert other.since(heads[old], heads[old]) == ()
            assert other.since(heads[old], heads[old + 1]) == (entries[old],)

    def test_since_is_none_where_the_old_point_is_not_on_the_way(self, store):
        old = store.head()
        put(store, {})
        assert store.since(store.head(), old) is None

    def test_since_may_give_up_but_never_gives_a_part(self, store):
        first = store.head()
        extend(store, [{"n.json": str(number)} for number in range(500)])
        for number in range(500, 530):
            put(store, {"n.json": str(number)})
        found = store.since(first, store.head())
        assert found is None or [one.seq for one in found] == list(range(1, 531))
        assert state(store) == {"n.json": b"529"}

    def test_the_log_is_complete_newest_first_and_read_as_it_is_taken(self, world, store, other):
        written = [put(store, some_changes(number)) for number in range(140)]
        log = other.log(other.head())
        assert next(log) == written[-1]
        put(store, {})
        assert list(log) == written[-2::-1]
        assert [one.body for one in written] == world.raw_log()[:-1]
        assert len({one.id for one in written}) == 140

    def test_a_walk_gives_every_point_with_its_body(self, store, other):
        assert list(store.walk(store.head())) == []
        heads, bodies = [], []
        for number in range(140):
            bodies.append(put(store, some_changes(number)).body)
            heads.append(store.head())
        walked = list(other.walk(other.head()))
        assert walked == list(zip(heads, bodies, strict=True))[::-1]
        assert [next(other.log(head)).body for head in heads[::23]] == bodies[::23]
        assert list(other.walk(heads[40])) == walked[-41:]

    def test_changes_are_asked_for_once_at_most_and_may_fail(self, world, store):
        calls = []

        def fails():
            calls.append(1)
            raise ZeroDivisionError

        for number in range(1, 130):
            before = store.head()
            try:
                store.commit(before, entry(number), fails)
            except ZeroDivisionError:
                assert store.head() == before
                put(store, {"n.json": str(number)})
            assert len(calls) <= number
        assert calls, "a store that never asks for the documents cannot write them"
        assert len(world.raw_log()) == 129

    def test_what_is_read_back_is_what_lies_there(self, world, store):
        for number in range(130):
            put(store, some_changes(number))
        lying = [json.loads(body)["seq"] for body in world.raw_log()]
        assert lying == list(range(1, 131))
        snapshot = store.snapshot(store.head())
        assert world.raw_documents() == listing(snapshot.documents)

    def test_state_that_cannot_be_read_is_said_in_words(self, world, store):
        put(store, {})
        world.damage()
        fresh = world.open()
        with pytest.raises(CoordinautError) as raised:
            fresh.snapshot(fresh.head())
        assert raised.value.kind is Kind.ENVIRONMENT
        assert raised.value.message.endswith(".")
