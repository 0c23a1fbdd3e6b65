"""Commits are read as git has them: who, when, trailers by git's own rules, and the paths that each one changed."""

import os
import subprocess

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.commits import commit_ids, commits_in, is_published, read_commits, trailers_of
from coordinaut_git.plumbing.raw_diff import raw_path

TRAILED = "subject\n\nAgent-Task: in the body\n\nmore text\n\n"
ZEROS = "0" * 40


def paths(commit):
    return [f"{change.path}{'/' if change.directory else ''}" for change in commit.changes]


def only(root, rev="HEAD"):
    (commit,) = commits_in(rev, root)
    return commit


@pytest.fixture
def commit(git):
    """Commits all there is, with a message as it is; gives the id."""

    def make(root, message="work", *more):
        git(root, "add", "-A")
        git(root, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message, *more)
        return git(root, "rev-parse", "HEAD")

    return make


def test_a_commit_is_read_with_its_people_instants_and_parents(tree, git, commit):
    before = git(tree, "rev-parse", "HEAD")
    git(tree, "config", "user.name", "Änne <x> Ün")
    (tree / "a.txt").write_text("new\n")
    name = commit(tree, "the subject\n\nbody", "--date=2026-01-02T03:04:05+02:00")
    seen = only(tree)
    assert (seen.id, seen.parents, seen.subject) == (name, (before,), "the subject")
    assert seen.author == git(tree, "log", "-1", "--format=%an")
    assert seen.authored_at == 1767315845_000
    assert seen.committed_at == int(git(tree, "log", "-1", "--format=%ct")) * 1000
    assert paths(seen) == ["a.txt"]


def test_a_first_commit_changed_all_that_it_holds(tree):
    assert paths(only(tree)) == ["a.txt", "b.txt", "dir/one.txt", "dir/two.txt", "link", "run.sh"]


def test_a_rename_is_a_path_deleted_and_a_path_added_whatever_is_configured(tree, git, commit):
    git(tree, "config", "diff.renames", "copies")
    git(tree, "mv", "a.txt", "moved.txt")
    commit(tree)
    assert paths(only(tree)) == ["a.txt", "moved.txt"]


def test_a_mode_change_and_a_deletion_are_changes_and_an_empty_commit_has_none(tree, git, commit):
    git(tree, "update-index", "--chmod=-x", "run.sh")
    git(tree, "rm", "-q", "b.txt")
    git(tree, "commit", "-qm", "x")
    assert paths(only(tree)) == ["b.txt", "run.sh"]
    git(tree, "reset", "-q", "--hard")
    commit(tree, "empty")
    assert paths(only(tree)) == []


def test_hostile_file_names_come_through_byte_by_byte(tree, commit):
    names = [b"-rf", b":(top)x", b"a\nb", b'"quoted"', b"tab\there", b"\xff\xfe", b":100644 100644 0 0 M", b"\x1b[31m"]
    for name in names:
        (tree / os.fsdecode(name)).write_text("x")
    commit(tree)
    assert sorted(os.fsencode(path) for path in paths(only(tree))) == sorted(names)


def test_a_submodule_is_a_directory_until_a_file_takes_its_place(super_tree, git, commit):
    assert paths(only(super_tree)) == [".gitmodules", "sub/"]
    git(super_tree, "rm", "-q", "-f", "sub")
    (super_tree / "sub").write_text("a file now\n")
    commit(super_tree)
    assert "sub" in paths(only(super_tree))


def branch(git, commit, root, name, file, text):
    git(root, "checkout", "-q", "-b", name, "main")
    (root / file).write_text(text)
    return commit(root, name)


def test_a_merge_changed_only_what_differs_from_every_parent(tree, git, commit):
    branch(git, commit, tree, "left", "a.txt", "left\n")
    branch(git, commit, tree, "right", "b.txt", "right\n")
    git(tree, "merge", "-q", "--no-edit", "left")
    assert paths(only(tree)) == []
    git(tree, "reset", "-q", "--hard", "HEAD^")
    git(tree, "merge", "-q", "--no-commit", "left")
    (tree / "dir" / "one.txt").write_text("smuggled in\n")
    (tree / "evil.txt").write_text("new\n")
    git(tree, "rm", "-q", "-f", "b.txt")
    merge = commit(tree, "merge")
    assert paths(only(tree)) == ["b.txt", "dir/one.txt", "evil.txt"]
    assert len(only(tree, merge).parents) == 2


def test_a_conflict_that_was_resolved_is_a_change_of_the_merge(tree, git, commit):
    branch(git, commit, tree, "left", "a.txt", "left\n")
    branch(git, commit, tree, "right", "a.txt", "right\n")
    subprocess.run(["git", "-C", tree, "merge", "-q", "left"], capture_output=True)
    (tree / "a.txt").write_text("both\n")
    commit(tree, "merge")
    assert paths(only(tree)) == ["a.txt"]


def test_an_octopus_is_judged_beside_all_of_its_parents(tree, git, commit):
    for name in ("one", "two", "three"):
        branch(git, commit, tree, name, f"{name}.txt", name)
    git(tree, "merge", "-q", "--no-edit", "one", "two")
    assert (len(only(tree).parents), paths(only(tree))) == (3, [])
    git(tree, "reset", "-q", "--hard", "three")
    git(tree, "merge", "-q", "--no-commit", "one", "two")
    (tree / "a.txt").write_text("evil\n")
    commit(tree, "octopus")
    assert paths(only(tree)) == ["a.txt"]


@pytest.mark.parametrize(
    ("block", "read"),
    [
        ("Agent: a\nAgent-Task: AGT-1\n", [("Agent", "a"), ("Agent-Task", "AGT-1")]),
        ("Agent-Task: AGT-1\nAgent-Task: AGT-2\nagent-task: AGT-1\n", [("Agent-Task", "AGT-1"), ("Agent-Task", "AGT-2"), ("agent-task", "AGT-1")]),
        ("Agent-Task: AGT-1\n  and more\n\tand more\n", [("Agent-Task", "AGT-1 and more and more")]),
        ("Agent-Task:\nAgent: a\n", [("Agent-Task", ""), ("Agent", "a")]),
        ("Agent-Instance: x\x01\x1b[31my: z\n", [("Agent-Instance", "x\x01\x1b[31my: z")]),
        ("Agent\u2011Task: AGT-1\nAgent-Task: AGT-2\nplain text\nmore\nand more\nand\n", []),
        ("Agent-Task: AGT-1\n\nand a last paragraph\n", []),
        ("Agent-Task=AGT-1\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_trailers_are_what_git_takes_for_trailers(tree, git, commit, block, read):
    git(tree, "config", "trailer.separators", "=:")
    commit(tree, TRAILED + block)
    (tree / "c.txt").write_text("x")
    commit(tree, "after")
    first, second = commits_in("HEAD~2..HEAD", tree)
    assert list(first.trailers) == read
    assert (second.subject, second.trailers, paths(second)) == ("after", (), ["c.txt"])


def test_a_message_is_read_as_the_commit_will_have_it(tree):
    scissors = "# ------------------------ >8 ------------------------\n"
    message = f"{TRAILED}Agent: a\n# a comment\nAgent-Task: AGT-1\n# more\n{scissors}diff\n\nAgent-Task: AGT-9\n"
    assert trailers_of(message.encode(), tree) == (("Agent", "a"), ("Agent-Task", "AGT-1"))
    assert trailers_of(b"subject\n\n--- \n\nAgent: behind a divider\n", tree) == (("Agent", "behind a divider"),)
    assert trailers_of(b"subject\n\nAgent: \xff\n", tree) == (("Agent", "\udcff"),)
    assert trailers_of(b"", tree) == ()


def test_ranges_are_those_of_git_oldest_first(tree, git, commit):
    ids = [git(tree, "rev-parse", "HEAD"), *(commit(tree, f"{number}") for number in range(3))]
    assert commit_ids(f"{ids[0]}..HEAD", tree) == ids[1:]
    assert commit_ids("HEAD~2..", tree) == ids[2:]
    assert commit_ids("..HEAD", tree) == []
    assert commit_ids("HEAD", tree) == [ids[-1]]
    assert commit_ids("main@{0}", tree) == [ids[-1]]
    git(tree, "checkout", "-q", "-b", "side", ids[1])
    side = commit(tree, "side")
    assert set(commit_ids("main...side", tree)) == {*ids[2:], side}
    git(tree, "tag", "-a", "-m", "t", "v1", "main")
    assert commit_ids("side..v1", tree) == ids[2:]


def test_what_a_remote_has_already_is_published(tree, git, commit):
    old, new = git(tree, "rev-parse", "HEAD"), commit(tree)
    assert not is_published(old, tree)
    git(tree, "update-ref", "refs/remotes/origin/main", new)
    newest = commit(tree)
    assert [is_published(name, tree) for name in (old, new, newest, "f" * 40)] == [True, True, False, False]


def test_an_id_of_zeros_stands_for_nothing(tree, git, commit):
    first = git(tree, "rev-parse", "HEAD")
    git(tree, "update-ref", "refs/remotes/origin/main", first)
    ids = [commit(tree, "1"), commit(tree, "2")]
    assert commit_ids(f"{ZEROS}..HEAD", tree) == ids
    git(tree, "update-ref", "refs/remotes/origin/topic", ids[-1])
    assert commit_ids(f"{ZEROS}..HEAD", tree) == ids, "the branch itself, as a host's checkout has fetched it"
    assert commit_ids(f"HEAD..{ZEROS}", tree) == []


@pytest.mark.parametrize("text", ["", "..", "...", "--all", "-n1", "a..--output=x", "--output=x..a", "^HEAD", "HEAD..^x", "a\nb", "a\0b", "a..b..c"])  # fmt: skip
def test_what_is_no_range_or_could_be_an_option_is_refused(tree, text):
    with pytest.raises(CoordinautError) as caught:
        commit_ids(text, tree)
    assert (caught.value.exit_code, caught.value.code) == (2, "bad_range")


@pytest.mark.parametrize("text", ["nothing..HEAD", "HEAD..nothing", "HEAD:a.txt", "HEAD^{tree}", "f" * 40, "HEAD~99..HEAD", ":/x", "\udcff..HEAD"])  # fmt: skip
def test_a_range_that_names_no_commit_is_not_found(tree, text):
    with pytest.raises(CoordinautError) as caught:
        commit_ids(text, tree)
    assert (caught.value.exit_code, caught.value.code) == (3, "no_such_commit")


def test_a_shallow_clone_is_told_how_to_become_whole(tree, tmp_path, git, commit):
    for number in range(3):
        (tree / "n.txt").write_text(f"{number}")
        commit(tree, f"{number}")
    git(tmp_path, "clone", "-q", "--depth=2", tree.as_uri(), "shallow")
    assert paths(only(tmp_path / "shallow")) == ["n.txt"], "the parent is there"
    for text in ("HEAD~1", "HEAD~3..HEAD", f"{git(tree, 'rev-parse', 'HEAD~3')}..HEAD"):
        with pytest.raises(CoordinautError) as caught:
            commits_in(text, tmp_path / "shallow")
        assert (caught.value.exit_code, caught.value.code) == (3, "shallow_history")
        assert "--unshallow" in caught.value.hint
        assert "fetch-depth: 0" in caught.value.hint


def test_settings_aliases_and_replacements_change_nothing(tree, git, commit):
    (tree / "a.txt").write_text("new\n")
    name = commit(tree)
    for key, value in (("log.showRoot", "false"), ("diff.relative", "true"), ("diff.ignoreSubmodules", "all"),
                       ("log.showSignature", "true"), ("format.pretty", "oneline"), ("diff.external", "false")):  # fmt: skip
        git(tree, "config", key, value)
    git(tree, "replace", name, "HEAD^")
    assert paths(only(tree / "dir", name)) == ["a.txt"]


def test_a_bare_repository_and_a_message_in_another_encoding_are_read(tree, tmp_path, git):
    git(
        tree,
        "-c",
        "i18n.commitEncoding=ISO-8859-1",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        b"s\n\nAgent: \xe4".decode("latin-1"),
    )
    git(tmp_path, "clone", "-q", "--bare", tree, "bare.git")
    assert only(tmp_path / "bare.git").subject == "s"


def test_no_ids_are_no_commits(tree):
    assert read_commits([], tree) == []


@pytest.mark.parametrize("entry", [b"100644 100644 a b M", b":100644 a b M", b":", b"::100644 100644 100644 a b MM"])
def test_an_entry_that_is_not_understood_is_an_error(entry):
    with pytest.raises(CoordinautError, match="not understood"):
        raw_path(entry, b"x")
    with pytest.raises(CoordinautError, match="not understood"):
        raw_path(b":100644 100644 a b M", b"")
