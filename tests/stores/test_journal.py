"""The journal: what it remembers, through tears, rotation and many processes; and healing from it."""

import fcntl
import os
import random
from contextlib import contextmanager
from hashlib import sha1

import pytest
from children import child

from coordinaut_git.plumbing import journal as module
from coordinaut_git.plumbing.boot_clock import boottime_ms_now
from coordinaut_git.plumbing.journal import Journal
from coordinaut_git.plumbing.objects import object_id
from coordinaut_git.stores.git.heal import heal, heal_recent


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "coordinaut")


def blob(text):
    data = text if isinstance(text, bytes) else text.encode()
    return object_id("blob", data), "blob", data


def add(journal, seq, *objects, head=None):
    assert journal.append(objects, head=head or f"{seq:040x}", entry_id=f"op_{seq}", seq=seq)


def test_an_empty_journal_remembers_nothing(journal):
    assert journal.last_head() is None
    assert journal.find({"a" * 40}) == {}
    assert journal.sighting("op_1") is None
    assert journal.seen_ms_ago(1) is None
    assert journal.oids() == set()


def test_objects_are_found_again_exactly(journal):
    objects = [blob("one"), blob(b"\0CJ1 99 1\n\nnot a record\n"), blob(b""), ("c" * 40, "commit", b"tree\n\n\xff")]
    add(journal, 1, *objects[:2])
    add(journal, 2, *objects[2:])
    found = journal.find(oid for oid, _, _ in [*objects, blob("unknown")])
    assert found == {oid: (kind, data) for oid, kind, data in objects}
    assert journal.oids() == {oid for oid, _, _ in objects}


def test_the_last_head_is_that_of_the_newest_whole_record(journal):
    add(journal, 1)
    add(journal, 2, blob(b"x" * 200_000), head="b" * 40)  # longer than the tail that is read first
    assert journal.last_head() == "b" * 40
    path = journal.folder / "journal"
    os.truncate(path, path.stat().st_size - 1)
    assert journal.last_head() == f"{1:040x}"


def test_a_record_cut_at_any_byte_is_skipped_and_the_next_one_is_found(journal):
    add(journal, 1, blob("one"))
    path = journal.folder / "journal"
    first = path.read_bytes()
    add(journal, 2, blob("two"))
    second = path.read_bytes()[len(first) :]
    for cut in range(len(second)):
        path.write_bytes(first + second[:cut])
        add(journal, 3, blob("three"))
        assert set(journal.find({blob("one")[0], blob("two")[0], blob("three")[0]})) == {
            blob("one")[0],
            blob("three")[0],
        }
        assert journal.last_head() == f"{3:040x}"


def test_a_flipped_bit_anywhere_never_passes_as_an_object(journal):
    add(journal, 1, blob("the content of the object"))
    path = journal.folder / "journal"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert journal.find({blob("the content of the object")[0]}) == {}, place
        journal.last_head()


def test_garbage_is_no_journal(journal):
    journal.folder.mkdir()
    for garbage in (b"", b"\0" * 5000, random.Random(7).randbytes(5000), b"\0CJ1 ", b"\0CJ1 3 x\nabc", b"\0CJ1 0 0\n"):
        (journal.folder / "journal").write_bytes(garbage)
        assert journal.last_head() is None
        assert journal.oids() == set()


def test_it_stays_small_and_remembers_the_newest(journal, monkeypatch):
    monkeypatch.setattr(module, "FILE_BYTES", 20_000)
    for seq in range(1, 201):
        add(journal, seq, blob(f"{seq:05}" * 100))
    sizes = {path.name: path.stat().st_size for path in journal.folder.iterdir()}
    assert set(sizes) <= {"journal", "journal.old"}
    assert sum(sizes.values()) < 2 * 21_000
    recent = [blob(f"{seq:05}" * 100)[0] for seq in range(181, 201)]
    assert set(journal.find(recent)) == set(recent)
    assert journal.sighting(1) is None


def test_a_journal_just_rotated_still_knows_the_last_head(journal, monkeypatch):
    monkeypatch.setattr(module, "FILE_BYTES", 10)
    add(journal, 5, blob("five"))
    assert [path.name for path in journal.folder.iterdir()] == ["journal.old"]
    assert journal.last_head() == f"{5:040x}"


def test_a_sighting_is_the_first_by_id_and_by_the_number_it_has_now(journal, monkeypatch):
    now = 1_000
    monkeypatch.setattr(module, "boottime_ms_now", lambda: now)
    add(journal, 1)
    now = 2_000
    add(journal, 1)  # healed or seen again
    now = 3_000
    journal.append([], head="d" * 40, entry_id="op_other", seq=2)
    journal.append([], head="e" * 40, entry_id="op_2", seq=2)  # a sync gave the number to another operation
    now = 9_000
    assert journal.sighting("op_1").boottime_ms == 1_000
    assert journal.seen_ms_ago("op_1") == journal.seen_ms_ago(1) == 8_000
    assert journal.sighting(2) == journal.sighting("op_2")


def test_a_sighting_before_the_machine_was_started_gives_no_elapsed_time(journal, monkeypatch):
    add(journal, 1)
    assert journal.sighting("op_1").same_boot == (module.boot_id() != "")
    monkeypatch.setattr(module, "boot_id", lambda: "another")
    assert journal.sighting("op_1").same_boot is False
    assert journal.seen_ms_ago("op_1") is None
    monkeypatch.setattr(module, "boot_id", lambda: "")
    assert journal.sighting("op_1").same_boot is False


def test_the_clock_of_the_machine_runs():
    assert boottime_ms_now() > 0


APPEND = """
import sys
from pathlib import Path
from coordinaut_git.plumbing.objects import object_id
from coordinaut_git.plumbing import journal as module
module.FILE_BYTES = int(sys.argv[3])
journal = module.Journal(Path(sys.argv[1]))
me = sys.argv[2]
for n in range(300):
    data = f"{me} {n} ".encode() * 30
    name = object_id("blob", data)
    assert journal.append([(name, "blob", data)], head=name, entry_id=f"{me}-{n}", seq=n)
print("done")
"""


def expected(me, numbers):
    return {blob(f"{me} {n} ".encode() * 30)[0] for n in numbers}


def test_records_of_processes_that_append_at_once_do_not_mix(journal):
    with child(APPEND, journal.folder, "a", 10**9) as one, child(APPEND, journal.folder, "b", 10**9) as two:
        assert one.stdout.read() == two.stdout.read() == "done\n"
    assert journal.oids() == expected("a", range(300)) | expected("b", range(300))


def test_processes_that_rotate_at_once_lose_nothing_recent(journal):
    """If both made one full file the old one, the second would push out the first with a nearly empty one."""
    with child(APPEND, journal.folder, "a", 60_000) as one, child(APPEND, journal.folder, "b", 60_000) as two:
        assert one.stdout.read() == two.stdout.read() == "done\n"
    kept = sum(path.stat().st_size for path in journal.folder.iterdir())
    assert 60_000 <= kept < 125_000


@contextmanager
def full_journal(journal):
    """A journal with one big record, open as a process has it that is about to rotate it."""
    add(journal, 1, blob(b"big" * 1000))
    descriptor = os.open(journal.folder / "journal", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_a_file_that_another_process_rotated_is_not_rotated_again(journal):
    with full_journal(journal) as descriptor:
        (journal.folder / "journal").rename(journal.folder / "journal.old")
        add(journal, 2, blob("small"))
        journal._rotate(descriptor)
    assert journal.oids() == {blob(b"big" * 1000)[0], blob("small")[0]}


def test_a_file_that_another_process_is_rotating_is_left_to_it(journal):
    with full_journal(journal) as descriptor, full_journal(journal) as another:
        fcntl.flock(another, fcntl.LOCK_EX)
        journal._rotate(descriptor)
        assert not (journal.folder / "journal.old").exists()


def test_a_journal_that_cannot_be_written_says_so_and_fails_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    assert not Journal(tmp_path / "file" / "x").append([blob("a")], head="a" * 40, entry_id="op", seq=1)


def test_healing_writes_back_what_is_missing_and_remembered(journal):
    add(journal, 1, blob("one"), blob("two"))
    written = []
    healed = heal([blob("one")[0], blob("never seen")[0]], journal, lambda kind, data: written.append((kind, data)))
    assert healed == {blob("one")[0]}
    assert written == [("blob", b"one")]


def test_healing_never_writes_bytes_that_are_not_the_missing_object(journal):
    add(journal, 1, (sha1(b"something else").hexdigest(), "blob", b"forged"))
    written = []
    assert heal(journal.oids(), journal, lambda kind, data: written.append(data)) == frozenset()
    assert written == []


def test_healing_all_that_is_recent_asks_once_and_writes_only_what_is_gone(journal):
    add(journal, 1, blob("there"), blob("gone"))
    written = []
    gone = {blob("gone")[0]}
    healed = heal_recent(journal, lambda oids: gone & set(oids), lambda kind, data: written.append(data))
    assert (healed, written) == (gone, [b"gone"])


def test_objects_are_told_newest_first_and_its_stamp_tells_that_there_are_more(journal):
    before = journal.stamp()
    add(journal, 1, ("one", "event", b"1"))
    assert journal.stamp() != before
    add(journal, 2, ("two", "event", b"2"), ("three", "other", b""))
    assert list(journal.newest_objects()) == [
        ("two", "event", b"2"),
        ("three", "other", b""),
        ("one", "event", b"1"),
    ]
