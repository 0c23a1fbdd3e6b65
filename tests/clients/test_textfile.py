"""Somebody else's file is replaced whole or not at all, and never over what another program wrote meanwhile."""

import os

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.clients import textfile


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.json").write_bytes(b"before")
    return tmp_path / "a.json"


def failed(*asked):
    call, *arguments = asked
    with pytest.raises(CoordinautError) as told:
        call(*arguments)
    return told.value.code


def test_a_file_that_changed_since_it_was_read_is_left_to_who_changed_it(path):
    file = textfile.read(path)
    path.write_bytes(b"by another")
    assert failed(textfile.replace, file, b"after") == "file_changed"
    assert failed(textfile.remove, file) == "file_changed"
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == {"a.json": b"by another"}


def test_a_file_that_came_since_it_was_looked_for_is_left(tmp_path):
    file = textfile.read(tmp_path / "new.json")
    assert file.data is None
    (tmp_path / "new.json").write_bytes(b"by another")
    assert failed(textfile.replace, file, b"after") == "file_changed"
    assert (tmp_path / "new.json").read_bytes() == b"by another"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    file = textfile.read(path)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert failed(textfile.replace, file, b"after") == "cannot_write"
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == {"a.json": b"before"}


def test_what_a_killed_process_left_beside_it_is_no_hindrance(path, tmp_path):
    (tmp_path / "precious").write_bytes(b"precious")
    (path.parent / f".a.json.{os.getpid()}.coordinaut").symlink_to("precious")
    textfile.replace(textfile.read(path), b"after")
    assert path.read_bytes() == b"after"
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "precious"]


def test_a_file_where_a_folder_should_be_is_told(path):
    assert failed(textfile.read, path / "below.json") == "cannot_read_file"


def test_a_file_that_is_too_large_is_not_read(path):
    with path.open("r+b") as stream:
        stream.truncate(textfile.MOST_BYTES + 1)
    assert failed(textfile.read, path) == "cannot_read_file"


def test_only_empty_folders_go_with_a_file_and_none_above_the_last(tmp_path):
    file = tmp_path / "top/a/b/c.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    (tmp_path / "top/a/other").write_bytes(b"")
    textfile.remove(textfile.read(file), folders_up_to=tmp_path / "top")
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")) == ["top", "top/a", "top/a/other"]
    (tmp_path / "top/a/other").write_bytes(b"x")
    textfile.remove(textfile.read(tmp_path / "top/a/other"), folders_up_to=tmp_path / "top")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["top"]
