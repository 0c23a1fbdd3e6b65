"""The sealed world every test runs in.

Rule 1: a test sees a fixed person, an empty home and no configuration of the machine; git and libgit2 agree on it.
Rule 2: a test starts in an empty folder outside every repository and leaves it empty; repositories are made in `tmp_path`.
Rule 3: no test can write to the project's own repository (`project_guard.py`).
Rule 4: where there is room in memory the tests lie there, and what they flush costs nothing: they kill processes, never
        the machine. COORDINAUT_ON_DISK=1, or a TMPDIR, says otherwise.

Fixtures for everybody: `git` runs the git program; `repository` is a fresh repository with one commit; `postgres` is a
PostgreSQL server.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import warm
from project_guard import PROJECT, Guard

if TYPE_CHECKING:
    from postgres_server import PostgresServer

PERSON = ("Test Person", "person@example.invalid")
GIT_CONFIG = f"""[user]
\tname = {PERSON[0]}
\temail = {PERSON[1]}
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
"""
KEPT = ("COORDINAUT_CI", "COORDINAUT_CLIENTS", "COORDINAUT_LONG", "COORDINAUT_ON_DISK", "COORDINAUT_SEED")
"""Variables with our prefix that steer the tests themselves."""

MEMORY = Path("/dev/shm")
ROOM_BYTES = 3 << 30

_FOREIGN = (
    "GIT_",
    "COORDINAUT_",
    "CLAUDE",
    "CODEX_",
    "COPILOT_",
    "CURSOR_",
    "GEMINI_",
    "OPENCODE",
    "SSH_ASKPASS",
    "XDG_",
)
_world = pytest.StashKey[Path]()


def _settle_in_memory() -> None:
    """Let temporary folders lie in memory, if there is a file system that has the room and lets programs run."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return
    fit = found.f_bavail * found.f_frsize >= ROOM_BYTES and not found.f_flag & getattr(os, "ST_NOEXEC", 0)
    if fit and not {"TMPDIR", "COORDINAUT_ON_DISK"} & os.environ.keys():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def _listen_to_interrupts() -> None:
    """Whoever starts us in the background may have had SIGINT ignored, and all that we start would ignore it, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _seal(world: Path) -> None:
    """Set the environment of this process and of all it starts; libgit2 reads HOME once, when it is first loaded."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN) and name not in KEPT]:
        del os.environ[name]
    home = world / "home"
    for folder in (home, world / "nowhere", world / "templates"):
        folder.mkdir()
    os.environ.update(
        HOME=str(home),
        GIT_CONFIG_GLOBAL=str(home / ".gitconfig"),
        GIT_CONFIG_NOSYSTEM="1",
        GIT_TEMPLATE_DIR=str(world / "templates"),
        GIT_ALLOW_PROTOCOL="file",
        GIT_TERMINAL_PROMPT="0",
        GIT_CEILING_DIRECTORIES=os.pathsep.join([str(PROJECT), str(world), tempfile.gettempdir()]),
        GIT_EDITOR="false",
        LC_ALL="C.UTF-8",
        TZ="UTC",
        NO_COLOR="1",
        PYTHONPATH=str(PROJECT),  # processes that tests start run this checkout
        HYPOTHESIS_STORAGE_DIRECTORY=str(PROJECT / ".hypothesis"),
    )


def _seal_libgit2(world: Path) -> None:
    """Hide the machine's own configuration from libgit2 too, which does not know `GIT_CONFIG_NOSYSTEM`."""
    import pygit2

    for level in (pygit2.enums.ConfigLevel.SYSTEM, pygit2.enums.ConfigLevel.XDG, pygit2.enums.ConfigLevel.PROGRAMDATA):
        pygit2.settings.search_path[level] = str(world / "nowhere")
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = str(world / "home")


def _set_up_hypothesis() -> None:
    """No deadlines: the machine is shared, and a slow moment is no failure."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("dev", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("long", settings.get_profile("dev"), max_examples=2_000)
    settings.load_profile("long" if os.environ.get("COORDINAUT_LONG") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    _listen_to_interrupts()
    _settle_in_memory()
    world = Path(tempfile.mkdtemp(prefix="coordinaut-tests-")).resolve()
    config.stash[_world] = world
    _seal(world)
    warm.keep_environment()
    _seal_libgit2(world)
    _set_up_hypothesis()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: no worker is left with one of them when the others have nothing to do any more."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_world], ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _start_nowhere(pytestconfig: pytest.Config) -> Iterator[None]:
    """Session fixtures, too, start outside the project; xdist's controller, which runs no test, has no guard."""
    before = Path.cwd()
    os.chdir(pytestconfig.stash[_world] / "nowhere")
    guard = Guard()
    guard.install()
    yield
    guard.rest()
    os.chdir(before)


@pytest.fixture(autouse=True)
def _sealed_world(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    world = pytestconfig.stash[_world]
    (world / "home" / ".gitconfig").write_text(GIT_CONFIG)
    nowhere = world / "nowhere"
    monkeypatch.chdir(nowhere)
    yield
    left = sorted(nowhere.iterdir())
    for path in left:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    assert not left, f"the test wrote {[path.name for path in left]} where it was started; write to tmp_path"


class Git(Protocol):
    """Runs git in a folder and gives what it printed, without the last line break; raises when git fails."""

    def __call__(self, folder: Path, *arguments: str | Path) -> str: ...


@pytest.fixture(scope="session")
def git() -> Git:
    """The git program, for setting scenes and for looking at results from outside."""

    def run(folder: Path, *arguments: str | Path) -> str:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, encoding="utf-8")
        assert done.returncode == 0, f"git {' '.join(map(str, arguments))}: {done.stderr}"
        return done.stdout.removesuffix("\n")

    return run


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """A repository on branch `main` with one commit that holds `README.md`."""
    root = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", str(root))
    (root / "README.md").write_text("A repository of the tests.\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "the first commit")
    return root


@pytest.fixture(scope="session")
def postgres(_start_nowhere: None) -> Iterator["PostgresServer"]:
    """A PostgreSQL server, the same for all tests of a process; skips where there is none, but not in CI."""
    from postgres_server import VARIABLE, PostgresServer, programs

    if programs() is None:
        reason = "PostgreSQL is not installed here (.ci/packages)"
        pytest.fail(reason) if os.environ.get("COORDINAUT_CI") else pytest.skip(reason)
    server = PostgresServer()
    try:
        server.start()
        os.environ[VARIABLE] = server.url
        yield server
    finally:
        os.environ.pop(VARIABLE, None)
        server.close()
