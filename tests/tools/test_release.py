"""A release of this very project, dry and for real, in a throwaway clone and without a network."""

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from project_guard import PROJECT

from tools.release import distribution
from tools.release.conventional import Version
from tools.release.refusal import Refused
from tools.release.repository import SOURCE, WRITTEN, Repository

pytestmark = pytest.mark.skipif(not (PROJECT / ".ci").exists(), reason="this is no checkout that could be released")
NOT_OURS = (
    ".git",
    ".venv*",
    "dist",
    "build",
    "demo",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    ".coordinaut",
    "*.egg-info",
)


@pytest.fixture
def clone(tmp_path, git) -> Path:
    """The project as it stands, in a repository of its own on main, with a release v0.1.0."""
    root = tmp_path / "clone"
    shutil.copytree(PROJECT, root, symlinks=True, ignore=shutil.ignore_patterns(*NOT_OURS))
    text = (root / SOURCE).read_text().replace(f'"{version_of(root)}"', '"0.1.0"')
    (root / SOURCE).write_text(text)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(git, root, "feat: everything")
    git(root, "tag", "v0.1.0")
    return root


def commit(git, root, message, **files):
    for name, text in files.items():
        (root / name).write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)


def version_of(root) -> str:
    return (root / SOURCE).read_text().partition('__version__ = "')[2].partition('"')[0]


def release(root, *words):
    """Run the program; (exit code, standard output, standard error)."""
    words = ("-B", "-m", "tools.release", "--day", "2026-11-22", "--offline", *words)  # -B: no caches beside the source
    done = subprocess.run([sys.executable, *words], cwd=root, capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout, done.stderr


def everything(git, root):
    return git(root, "for-each-ref"), git(root, "status", "--porcelain", "--ignored"), git(root, "rev-parse", "HEAD")


def test_a_dry_run_says_what_would_happen_and_changes_nothing(clone, git):
    commit(git, clone, "fix: a hole")
    commit(git, clone, "feat(cli): a door", new="x")
    commit(git, clone, "docs: a page")
    before = everything(git, clone)
    code, out, err = release(clone, "--dry-run")
    assert (code, out) == (0, "v0.2.0\n")
    assert err.startswith("v0.1.0 -> v0.2.0, because of 2 of 3 commits:\n  patch  ")
    assert "docs: a page" not in err
    for told in (SOURCE, "CHANGELOG.md", "into dist/", ".ci/smoke", "`chore(release): v0.2.0`"):
        assert told in err
    assert "### Further changes" in err
    assert everything(git, clone) == before


@pytest.mark.slow
def test_a_release_is_built_tried_recorded_and_made_once(clone, git, tmp_path):
    log = (clone / "CHANGELOG.md").read_text()
    commit(git, clone, "feat: a door", **{"CHANGELOG.md": log.replace("### Added\n", "### Added\n\n- A door.", 1)})
    commit(git, clone, "fix: a hole")
    code, out, err = release(clone, "--dist", str(tmp_path / "made"))
    assert (code, out) == (0, "v0.2.0\n"), err
    assert version_of(clone) == "0.2.0"
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s") == "chore(release): v0.2.0"
    assert git(clone, "show", "--format=", "--name-only", "HEAD").split() == sorted(WRITTEN)
    assert json.loads((clone / "server.json").read_text())["packages"][0]["version"] == "0.2.0"
    assert '"coordinaut-git==0.2.0"' in (clone / "mcpb/pyproject.toml").read_text()
    assert git(clone, "rev-parse", "v0.2.0^{commit}") == git(clone, "rev-parse", "HEAD")
    assert "- A door." in git(clone, "tag", "--list", "--format=%(contents)", "v0.2.0")
    section = (clone / "CHANGELOG.md").read_text().partition("## [0.2.0] - 2026-11-22\n")[2]
    assert "- A door." in section
    assert "- fix: a hole (" in section
    assert "feat: a door" not in section
    published(tmp_path / "made")
    with pytest.raises(Refused, match=r"0\.2\.0"):
        distribution.check(sorted((tmp_path / "made").iterdir()), Version(0, 3, 0))
    assert release(clone)[:2] == (0, ""), "a second time there is nothing to release"


def published(folder):
    wheel, sdist = sorted(folder.iterdir())
    assert [wheel.name, sdist.name] == ["coordinaut_git-0.2.0-py3-none-any.whl", "coordinaut_git-0.2.0.tar.gz"]
    names = zipfile.ZipFile(wheel).namelist()
    assert "coordinaut_git-0.2.0.data/data/share/man/man1/coordinaut.1" in names
    assert not [name for name in names if name.startswith(("tests", "tools", "benchmarks"))]
    with tarfile.open(sdist) as source:
        assert "coordinaut_git-0.2.0/tests/conftest.py" in source.getnames()


@pytest.mark.slow
def test_what_cannot_be_built_or_does_not_work_is_not_recorded(clone, git):
    spoilt = (("pyproject.toml", "\nbroken =", "-m build "), (".ci/smoke", "\nexit 9\n", "ended with 9"))
    for name, text, words in spoilt:
        path = clone / name
        kept = path.read_text()
        path.write_text(kept + text)
        commit(git, clone, "fix: nothing at all")
        before = everything(git, clone)[::2]
        code, out, err = release(clone)
        assert (code, out) == (1, ""), path
        assert words in err.partition("error: ")[2]
        assert everything(git, clone)[::2] == before
        assert git(clone, "status", "--porcelain") == ""
        assert version_of(clone) == "0.1.0"
        path.write_text(kept)


def test_nothing_is_released_where_nothing_counts(clone, git):
    commit(git, clone, "docs: a page")
    commit(git, clone, "a subject in no form")
    before = everything(git, clone)
    for words in ((), ("--dry-run",)):
        assert release(clone, *words) == (0, "", "Nothing to release: no feat, fix or perf since v0.1.0.\n")
    assert everything(git, clone) == before


def test_the_first_release_is_the_version_that_stands_in_the_source(clone, git):
    git(clone, "tag", "--delete", "v0.1.0")
    code, out, err = release(clone, "--dry-run")
    assert (code, out) == (0, "v0.1.0\n")
    assert "everything is new" in err
    assert "### Further changes" not in err
    assert release(clone, "--dry-run", "--to", "1.0.0")[1] == "v1.0.0\n"


def test_a_person_can_name_a_larger_version_and_no_other(clone, git):
    assert release(clone, "--dry-run", "--to", "1.0.0")[:2] == (0, "v1.0.0\n")
    for wrong in ("0.1.0", "0.0.9", "1.0", "v1.0.0"):
        code, out, err = release(clone, "--dry-run", "--to", wrong)
        assert (code, out) == (1, ""), wrong
        assert err.startswith("error: ")


def dirty(clone, git):
    (clone / "new").write_text("")
    return "not clean"


def changed(clone, git):
    (clone / "README.md").write_text("")
    return "not clean"


def detached(clone, git):
    git(clone, "switch", "--quiet", "--detach")
    return "detached"


def other_branch(clone, git):
    git(clone, "switch", "--quiet", "--create", "other")
    return "branch other"


def tag_elsewhere(clone, git):
    git(clone, "tag", "v0.1.1", git(clone, "commit-tree", "-m", "elsewhere", "HEAD^{tree}"))
    return "tag v0.1.1 already"


def version_by_hand(clone, git):
    text = (clone / SOURCE).read_text().replace('"0.1.0"', '"0.3.0"')
    commit(git, clone, "fix: by hand", **{SOURCE: text})
    return "says 0.3.0"


def no_unreleased(clone, git):
    commit(git, clone, "fix: tidy", **{"CHANGELOG.md": "# Changelog\n"})
    return "no line ## [Unreleased]"


@pytest.mark.parametrize(
    "spoil", [dirty, changed, detached, other_branch, tag_elsewhere, version_by_hand, no_unreleased]
)
def test_a_release_is_refused_from_anything_but_a_clean_main_with_its_history(clone, git, spoil):
    commit(git, clone, "fix: a hole")
    words = spoil(clone, git)
    before = everything(git, clone)
    code, out, err = release(clone)
    assert (code, out) == (1, "")
    assert words in err
    assert "\nhint: " in err
    assert everything(git, clone) == before


def test_a_shallow_clone_is_refused_because_its_commits_cannot_be_counted(clone, git, tmp_path):
    commit(git, clone, "fix: a hole")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", clone.as_uri(), str(shallow))
    code, out, err = release(shallow, "--dry-run")
    assert (code, out) == (1, "")
    assert "hint: git fetch --unshallow --tags" in err


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed: signing is not tried")
def test_commit_and_tag_are_signed_where_git_is_set_up_to_sign(repository, git, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    settings = {"gpg.format": "ssh", "user.signingKey": f"{key}.pub", "commit.gpgSign": "true", "tag.gpgSign": "true"}
    for name, value in settings.items():
        git(repository, "config", name, value)
    for name in WRITTEN:
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text("x")
    git(repository, "add", "--all")
    Repository(repository).commit_and_tag("v1.0.0", "chore(release): v1.0.0", "### Added\n\n- x\n")
    assert "gpgsig -----BEGIN SSH SIGNATURE-----" in git(repository, "cat-file", "commit", "HEAD")
    tag = git(repository, "cat-file", "tag", "v1.0.0")
    assert "-----BEGIN SSH SIGNATURE-----" in tag
    assert "\n### Added\n" in tag


def test_a_tag_that_cannot_be_made_takes_the_commit_back(repository, git):
    for name in WRITTEN:
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text("old")
    commit(git, repository, "feat: x")
    before = git(repository, "rev-parse", "HEAD")
    (repository / SOURCE).write_text("new")
    git(repository, "tag", "v1.0.0")
    with pytest.raises(subprocess.CalledProcessError):
        Repository(repository).commit_and_tag("v1.0.0", "chore(release): v1.0.0", "x")
    assert git(repository, "rev-parse", "HEAD") == before
    Repository(repository).restore()
    assert (repository / SOURCE).read_text() == "old"
    assert git(repository, "status", "--porcelain") == ""
