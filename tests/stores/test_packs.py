"""Our packs, judged by git itself: fsck, verify-pack, gc."""

import hashlib
import os
import random
import stat
import struct
from pathlib import Path

import pygit2
import pytest
from children import child

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.objects import Commit, TreeItem, commit_bytes, object_id, tree_bytes
from coordinaut_git.stores.git import pack_writer, packs
from coordinaut_git.stores.git.loose_line import loose_of_line, remove_loose
from coordinaut_git.stores.git.pack_writer import write_pack
from coordinaut_git.stores.git.packs import Packs, _smallest

REF = "refs/coordinaut/state"


class Scene:
    """A repository and a line of made-up commits on our ref; one in `every` has a new tree."""

    def __init__(self, root, git, every=16):
        self.git_dir = root / ".git"
        self.root, self.git, self.every = root, git, every
        self.repo = pygit2.Repository(str(root))
        pygit2.settings.enable_fsync_gitdir(False)  # speed; another test may have switched it on
        self.head, self.seq, self.documents = None, 0, {}
        self.tree = self.write("tree", b"")
        self.packs = Packs(self.git_dir, self.git_dir / "coordinaut", flush=False)
        self.commits = []

    def write(self, kind, data):
        types = {"commit": pygit2.GIT_OBJECT_COMMIT, "tree": pygit2.GIT_OBJECT_TREE, "blob": pygit2.GIT_OBJECT_BLOB}
        return str(self.repo.odb.write(types[kind], data))

    def read(self, name):
        kinds = {1: "commit", 2: "tree", 3: "blob"}
        kind, data = self.repo.odb.read(pygit2.Oid(hex=name))
        return kinds[int(kind)], data

    def grow(self, number, maintained=True, packed_trees=True):
        for _ in range(number):
            self.seq += 1
            self.documents[f"{self.seq % 20}.json"] = f'{{"seq":{self.seq},"text":"{"word " * 20}"}}'.encode()
            if self.seq % self.every == 0:
                self.checkpoint(packed_trees)
            parents = (self.head,) if self.head else ()
            data = commit_bytes(
                Commit(
                    tree=self.tree,
                    parents=parents,
                    author="a",
                    email="a@b",
                    at_s=1795000000 + self.seq,
                    message=b"operation %d\n\n" % self.seq + b'{"op":"x"}' * 20 + b"\n",
                )
            )
            self.head = self.write("commit", data)
            self.commits.append(self.head)
            if maintained:
                self.packs.maintain(self.head, self.seq, self.read)
        self.repo.references.create(REF, self.head, force=True)

    def checkpoint(self, packed_trees):
        items = [TreeItem(name=name, id=object_id("blob", data), folder=False) for name, data in self.documents.items()]
        inner = tree_bytes(items)
        outer = tree_bytes([TreeItem(name="tasks", id=object_id("tree", inner), folder=True)])
        objects = [("tree", outer), ("tree", inner), *(("blob", data) for data in self.documents.values())]
        if packed_trees:
            self.packs.write(objects)
        else:
            for kind, data in objects:
                self.write(kind, data)
        self.tree = object_id("tree", outer)

    def counts(self):
        lines = self.git(self.root, "count-objects", "-v").splitlines()
        return {name: int(value) for name, value in (line.split(": ") for line in lines)}

    def check(self):
        """Everything is there, and git finds nothing wrong."""
        report = self.git(self.root, "fsck", "--full", "--strict", "--no-dangling")
        assert report == "", report
        assert self.git(self.root, "rev-list", REF).splitlines() == self.commits[::-1]
        self.git(self.root, "rev-list", "--objects", REF)
        for index in (self.git_dir / "objects" / "pack").glob("*.idx"):
            self.git(self.root, "verify-pack", "-v", str(index))


@pytest.fixture
def scene(repository, git):
    return Scene(repository, git)


def test_what_was_packed_is_read_back_by_git_and_libgit2(repository, git):
    generator = random.Random(5)
    sizes = [0, 1, 15, 16, 2047, 2048, 300_000, *(generator.randrange(5000) for _ in range(300))]
    objects = [("blob", generator.randbytes(size)) for size in sizes]
    objects += [("blob", "Zażółć gęślą jaźń".encode() * 9), ("tree", b""), objects[4]]
    names = write_pack(repository / ".git" / "objects", objects, flush=True)
    assert names == [object_id(kind, data) for kind, data in objects]
    repo = pygit2.Repository(str(repository))
    for name, (_, data) in zip(names, objects, strict=True):
        assert repo.odb.read(pygit2.Oid(hex=name))[1] == data
    listed = git(repository, "cat-file", "--batch-check", "--batch-all-objects").splitlines()
    assert {f"{name} {kind} {len(data)}" for name, (kind, data) in zip(names, objects, strict=True)} <= set(listed)
    git(repository, "fsck", "--full", "--strict")
    git(repository, "verify-pack", "-v", str(next((repository / ".git/objects/pack").glob("*.idx"))))


def test_git_makes_the_same_index_of_our_pack(repository, git, tmp_path):
    write_pack(repository / ".git" / "objects", [("blob", b"%d" % n) for n in range(500)], flush=False)
    (pack,) = (repository / ".git" / "objects" / "pack").glob("*.pack")
    git(repository, "index-pack", "--strict", "-o", str(tmp_path / "its.idx"), str(pack))
    assert (tmp_path / "its.idx").read_bytes() == pack.with_suffix(".idx").read_bytes()
    assert pack.name == f"pack-{hashlib.sha1(pack.read_bytes()[:-20]).hexdigest()}.pack"


def test_offsets_past_two_gigabytes_stand_in_the_table_of_far_ones():
    near, far = pack_writer._Packed(b"\1" * 20, 1, 12), pack_writer._Packed(b"\2" * 20, 2, 2**31 + 5)
    index = pack_writer._index_bytes([near, far], b"c" * 20)
    offsets = index[8 + 1024 + 2 * 24 : -40]
    assert struct.unpack(">IIQ", offsets) == (12, 0x8000_0000, 2**31 + 5)


def test_packs_are_read_only_and_leave_nothing_else(repository):
    folder = repository / ".git" / "objects" / "pack"
    before = os.umask(0o022)
    try:
        write_pack(folder.parent, [("blob", b"x")], flush=True)
        write_pack(folder.parent, [("blob", b"x")], flush=True)
    finally:
        os.umask(before)
    assert sorted(path.suffix for path in folder.iterdir()) == [".idx", ".pack"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_no_objects_make_no_pack(repository):
    assert write_pack(repository / ".git" / "objects", [], flush=True) == []
    assert list((repository / ".git" / "objects" / "pack").iterdir()) == []


def test_the_pack_has_its_name_before_its_index_and_both_are_flushed_before(repository, monkeypatch):
    """Rule 1 of pack_writer, as the calls show it: flush, flush, pack, index, folder."""
    calls = []
    real_sync, real_rename = os.fsync, Path.rename
    monkeypatch.setattr(pack_writer.os, "fsync", lambda fd: (calls.append("flush"), real_sync(fd)))
    monkeypatch.setattr(Path, "rename", lambda self, to: (calls.append(to.suffix), real_rename(self, to)))
    write_pack(repository / ".git" / "objects", [("blob", b"x")], flush=True)
    assert calls == ["flush", "flush", ".pack", ".idx", "flush"]


def test_a_prune_that_takes_the_temporary_file_away_is_survived(repository, git, monkeypatch):
    real, pruned = Path.rename, []

    def rename(self, to):
        if not pruned:
            pruned.append(git(repository, "prune", "--expire=now"))
            assert not self.exists(), "git prune takes tmp_ files"
        return real(self, to)

    monkeypatch.setattr(Path, "rename", rename)
    write_pack(repository / ".git" / "objects", [("blob", b"x")], flush=True)
    assert git(repository, "cat-file", "-p", object_id("blob", b"x")) == "x"


FULL = """
import resource, signal, sys
from pathlib import Path
from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.git.pack_writer import write_pack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_pack(Path(sys.argv[1]), [("blob", __import__("random").randbytes(9000))], flush=True)
except CoordinautError as error:
    print(error.kind, error.code)
"""


def test_a_full_disk_is_said_in_words_and_leaves_nothing(repository):
    with child(FULL, repository / ".git" / "objects") as process:
        assert process.stdout.read() == "environment disk_full\n"
    assert list((repository / ".git" / "objects" / "pack").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    (tmp_path / "objects").write_text("")
    with pytest.raises(CoordinautError) as raised:
        write_pack(tmp_path / "objects", [("blob", b"x")], flush=True)
    assert raised.value.code == "write_failed"


def test_upkeep_is_not_due_between_two_checkpoints(scene):
    def never(name):
        raise AssertionError(name)

    for seq in range(1, packs.PACK_EVERY):
        scene.packs.maintain("a" * 40, seq, never)


def test_the_loose_objects_of_the_line_move_to_a_pack(scene):
    loose = scene.counts()["count"]
    scene.grow(packs.PACK_EVERY)
    assert scene.counts()["count"] < loose + 5, "the user's own loose objects stay, ours are packed"
    assert not (set(scene.commits) - {scene.head}) & set(
        loose_of_line(scene.git_dir / "objects", scene.head, scene.read)
    )
    scene.check()


def test_trees_and_documents_that_a_small_fetch_left_loose_are_packed_too(scene):
    before = scene.counts()["count"]
    scene.grow(packs.PACK_EVERY, packed_trees=False)
    assert scene.counts()["count"] <= before + 1, "all but blobs that no tree names any more"
    scene.check()


def test_what_an_earlier_upkeep_missed_is_packed_by_the_next(scene):
    scene.grow(100, maintained=False)
    before = scene.counts()["count"]
    scene.grow(28)
    assert before > 90
    assert scene.counts()["count"] < 10
    scene.check()


def test_packed_commits_on_the_way_do_not_hide_loose_ones_below(scene):
    scene.grow(50, maintained=False)
    newest = scene.commits[-10:]
    scene.packs.write([scene.read(name) for name in newest])
    remove_loose(scene.git_dir / "objects", newest)
    scene.grow(14)
    assert scene.counts()["count"] < 10
    scene.check()


def loose_file(scene, name):
    return scene.git_dir / "objects" / name[:2] / name[2:]


def test_other_peoples_loose_objects_are_never_touched(scene, git):
    (scene.root / "mine.txt").write_text("not yet committed")
    git(scene.root, "add", "mine.txt")
    mine = git(scene.root, "ls-files", "-s", "mine.txt").split()[1]
    theirs = set((scene.git_dir / "objects").glob("??/*")) - {loose_file(scene, scene.tree)}
    scene.grow(2 * packs.PACK_EVERY)
    assert theirs <= set((scene.git_dir / "objects").glob("??/*"))
    assert loose_file(scene, mine) in theirs


def test_a_damaged_loose_object_stops_the_upkeep_and_not_the_operation(scene):
    scene.grow(packs.PACK_EVERY - 1)
    path = loose_file(scene, scene.commits[10])
    path.chmod(0o644)
    path.write_bytes(b"")
    scene.grow(1)
    assert path.read_bytes() == b"", "it is evidence, and not ours to judge"


def test_there_are_never_many_packs_of_ours_and_all_stay_readable(scene):
    reader = pygit2.Repository(str(scene.root))
    most = 0
    for _ in range(30):
        scene.grow(packs.PACK_EVERY)
        most = max(most, scene.counts()["packs"])
        for name in random.Random(most).sample(scene.commits, 20):
            assert reader[name].message.startswith("operation")
    assert most <= 20
    assert scene.counts()["packs"] == len(scene.packs._sizes())
    scene.check()


def test_merged_packs_are_smaller_and_take_little_room(scene):
    scene.grow(20 * packs.PACK_EVERY)
    before = scene.counts()["size-pack"]
    while len(scene.packs._sizes()) > 1:
        packs_left = scene.packs._sizes()
        assert scene.packs._merge(list(packs_left)) is not None
    assert scene.counts()["size-pack"] < before
    assert scene.counts()["size-pack"] * 1024 / scene.seq < 700
    scene.check()


def test_the_packs_of_the_user_are_never_touched(scene, git):
    git(scene.root, "repack", "-d")
    theirs = set((scene.git_dir / "objects" / "pack").iterdir())
    scene.grow(30 * packs.PACK_EVERY)
    assert theirs <= set((scene.git_dir / "objects" / "pack").iterdir())


def test_a_gc_that_takes_our_packs_over_is_no_trouble(scene, git):
    scene.grow(6 * packs.PACK_EVERY)
    git(scene.root, "gc", "--quiet")
    scene.grow(6 * packs.PACK_EVERY)
    git(scene.root, "gc", "--quiet", "--prune=now")
    scene.grow(20 * packs.PACK_EVERY)
    assert scene.counts()["packs"] <= 20
    scene.check()


def test_packs_under_a_multi_pack_index_are_left_to_git(scene, git):
    scene.grow(packs.PACK_EVERY)
    ours = set(scene.packs._sizes())
    assert len(ours) == packs.PACK_EVERY // scene.every + 1
    git(scene.root, "multi-pack-index", "write")
    assert scene.packs._sizes() == {}
    scene.grow(20 * packs.PACK_EVERY)
    assert all((scene.git_dir / "objects" / "pack" / f"{name}.pack").exists() for name in ours)
    git(scene.root, "multi-pack-index", "verify")
    scene.check()


def test_a_pack_that_the_user_keeps_is_kept(scene):
    scene.grow(packs.PACK_EVERY)
    name = next(iter(scene.packs._sizes()))
    (scene.git_dir / "objects" / "pack" / f"{name}.keep").touch()
    assert name not in scene.packs._sizes()


def test_one_process_merges_at_a_time(scene):
    scene.grow(4 * packs.PACK_EVERY, maintained=False)
    for _ in range(packs.MOST_PACKS + 1):
        scene.packs.write([("blob", os.urandom(8))])
    with scene.packs._alone() as alone:
        assert alone
        assert scene.packs.merge() is None
    assert scene.packs.merge() is not None


def test_a_merge_that_git_refuses_changes_nothing(scene):
    for _ in range(packs.MOST_PACKS + 1):
        scene.packs.write([("blob", os.urandom(8))])
    name = next(iter(scene.packs._sizes()))
    pack = scene.git_dir / "objects" / "pack" / f"{name}.pack"
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-30])
    before = sorted((scene.git_dir / "objects" / "pack").iterdir())
    assert scene.packs.merge() is None
    assert sorted((scene.git_dir / "objects" / "pack").iterdir()) == before


def test_the_smallest_are_merged_up_to_the_first_much_larger_one():
    assert _smallest({"a": 1, "b": 1, "c": 2, "d": 9, "e": 99}) == ["a", "b", "c"]
    assert _smallest({"a": 1, "b": 500, "c": 100_000}) == ["a", "b"], "two at least, or nothing is gained"
    assert _smallest({str(n): 10 for n in range(13)}) == [str(n) for n in range(13)]


KILLED = """
import sys, os
from pathlib import Path
from coordinaut_git.stores.git import packs
packs.MOST_PACKS = 3
ours = packs.Packs(Path(sys.argv[1]), Path(sys.argv[1]) / "coordinaut", flush=True)
print("ready", flush=True)
sys.stdin.readline()
while True:
    for n in range(3):
        ours.write([("blob", os.urandom(400)), ("blob", b"the same in all")])
    ours.merge()
"""


def test_a_kill_while_packs_are_written_and_merged_loses_nothing(scene):
    scene.grow(6 * packs.PACK_EVERY)
    generator = random.Random(3)
    for _ in range(10):
        with child(KILLED, scene.git_dir) as process:
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("\n")
            process.stdin.flush()
            with pytest.raises(Exception, match="timed out"):
                process.wait(generator.uniform(0.01, 0.15))
    scene.check()
    for left in (scene.git_dir / "objects" / "pack").glob("pack-*.pack"):
        assert left.with_suffix(".idx").exists() or (scene.git_dir / "coordinaut" / "packs" / left.stem).exists()
    scene.packs.merge()
    scene.check()
