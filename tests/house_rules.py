"""The house rules that a program can check, each as a function from source text to complaints.

A complaint is `line: what is wrong; what to do instead`. `test_house.py` runs them over the project and over planted faults.
"""

import ast
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from project_guard import PROJECT

FILE_LINES = 400
FUNCTION_LINES = 60
HEAVY = frozenset(
    {
        "asyncio", "concurrent", "email", "filelock", "http", "importlib.metadata", "logging", "mcp", "multiprocessing",
        "psycopg", "pydantic", "rich", "socket", "sqlite3", "ssl", "starlette", "subprocess", "tempfile", "unittest", "urllib",
        "uvicorn", "xml", "zoneinfo",
    }
)  # fmt: skip
"""Modules that cost milliseconds: imported in the function that needs them, or not at all."""

LATE = (
    "operations/wire.py",
    "stores/sql/connections.py",
    "stores/sql/postgres.py",
    "stores/sql/postgres_errors.py",
    "stores/sql/sqlite.py",
    "stores/sql/sqlite_errors.py",
    "stores/sql/sqlite_files.py",
)
"""Modules that are themselves imported where they are needed only, as test_start_up sees."""

LATE_FOLDERS = ("coordinaut_git/faces/http/", "coordinaut_git/faces/mcp/", "coordinaut_git/stores/remote/")
"""Folders with none but such modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A dotted name that may be used in some places only: what to use instead, and where it is at home."""

    name: str
    instead: str
    home: tuple[str, ...] = ()


_CLOCK = "take `now` as an argument; clock.py tells it"
_CHANCE = "take ids as an argument; clock.py draws them"
_PROCESS = "use plumbing.run"
# The files beside clock.py keep facts about this machine, not of history: a file's age, when something was seen, a
# name for a temporary file, a pause between two tries.
_CLOCK_HOME = (
    "clock.py",
    "plumbing/queue.py",
    "plumbing/journal.py",
    "stores/git/packs.py",
    "stores/git/stale_lock.py",
)
_CHANCE_HOME = (
    "clock.py",
    "stores/git/publish.py",
    "stores/git/pack_writer.py",
    "stores/git/stale_lock.py",
    "stores/remote/server.py",
    "sync/loop.py",
)
_SCREEN = ("faces/", "__main__.py")

BANS = (
    *(Ban(name=f"datetime.datetime.{name}", instead=_CLOCK, home=_CLOCK_HOME) for name in ("now", "utcnow", "today")),
    Ban(name="datetime.date.today", instead=_CLOCK, home=_CLOCK_HOME),
    *(Ban(name=f"time.{name}", instead=_CLOCK, home=_CLOCK_HOME) for name in ("time", "time_ns", "gmtime")),
    Ban(name="os.urandom", instead=_CHANCE, home=_CHANCE_HOME),
    *(Ban(name=name, instead=_CHANCE) for name in ("random", "secrets", "uuid")),
    Ban(name="subprocess", instead=_PROCESS, home=("plumbing/run.py",)),
    *(Ban(name=f"os.{name}", instead=_PROCESS) for name in ("system", "popen", "fork", "posix_spawn", "posix_spawnp")),
    *(Ban(name=f"os.exec{form}", instead=_PROCESS) for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(Ban(name=f"os.{name}", instead="let the face or the workspace read it", home=(*_SCREEN, "workspace", "plumbing/"))
      for name in ("environ", "environb", "getenv")),
    *(Ban(name=name, instead="return text; faces print it", home=_SCREEN)
      for name in ("print", "input", "sys.stdout", "sys.stderr", "sys.stdin", "sys.exit")),
    Ban(name="*.create_reference", instead="swap the ref through the engine: this call compares nothing"),
    Ban(name="*.GitError", instead="let plumbing tell causes apart; catch a CoordinautError", home=("plumbing/",)),
    Ban(name="__future__", instead="write Python 3.11"),
)  # fmt: skip

_UNFINISHED = re.compile(r"\b(TODO|FIX" + r"ME|XX" + r"X)\b")
_FOREIGN = (
    re.compile(r"(?<![\w.])/(tmp/w|work|root|opt)/"),
    re.compile(
        r"py" + r"pi\.org|python" + r"hosted|npm" + r"js|crates" + r"\.io|rubygems" + r"\.org|golang" + r"\.org"
    ),
)


def long_file(text: str) -> Iterator[str]:
    """A file has at most 400 lines."""
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield f"1: {lines} lines, at most {FILE_LINES}; split it"


def long_functions(text: str) -> Iterator[str]:
    """A function has at most 60 lines."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}; split it"


def no_docstring(text: str) -> Iterator[str]:
    """A module says what it is for."""
    if not ast.get_docstring(parsed(text)):
        yield "1: no module docstring; state the rule of the room"


def unfinished(text: str) -> Iterator[str]:
    """Nothing is left for later in a comment."""
    yield from _lines(text, _UNFINISHED.search, "a note to self; do it, or open an issue")


def tabs(text: str) -> Iterator[str]:
    """Indents are spaces."""
    yield from _lines(text, lambda line: "\t" in line, "a tab; use spaces, or \\t in a literal")


def foreign_places(text: str) -> Iterator[str]:
    """The project names no folder of somebody's machine and no package registry."""
    for pattern in _FOREIGN:
        yield from _lines(text, pattern.search, "a place outside the project; leave it out")


def heavy_imports(text: str) -> Iterator[str]:
    """What is heavy is imported inside functions."""
    for node in _at_start(parsed(text)):
        names = [name for name in sorted(_imported(node)) if any(_is(heavy, name) for heavy in HEAVY)]
        if names:
            yield f"{node.lineno}: imports {names[0]} at start-up; import it in the function that needs it"


def banned_names(text: str, place: str) -> Iterator[str]:
    """Clock, chance, processes, terminal and bare references are each behind one door; `place` is below the package."""
    tree = parsed(text)
    known = _meanings(tree)
    bans = [ban for ban in BANS if not place.startswith(ban.home)]
    for node in ast.walk(tree):
        for name in _names(node, known):
            yield from (f"{getattr(node, 'lineno', 1)}: {name}; {ban.instead}" for ban in bans if _is(ban.name, name))


def is_late(path: str) -> bool:
    """Whether a module, by its path, is imported where it is needed only."""
    return path.endswith(LATE) or any(folder in path for folder in LATE_FOLDERS)


def sources() -> list[Path]:
    """Every module of the package."""
    return sorted((PROJECT / "coordinaut_git").rglob("*.py"))


def texts(*suffixes: str) -> list[Path]:
    """The project's own text files with one of the suffixes, outside caches and what git ignores."""
    skipped = {"dist", "build", "demo", "__pycache__", "node_modules"}
    found: list[Path] = []
    for folder, folders, files in os.walk(PROJECT):
        folders[:] = [name for name in folders if name not in skipped and (name == ".ci" or not name.startswith("."))]
        found += [Path(folder) / name for name in files if name.endswith(suffixes)]
    return sorted(found)


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a source text."""
    return ast.parse(text)


def _lines(text: str, wrong: Callable[[str], object], complaint: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if wrong(line):
            yield f"{number}: {complaint}: {line.strip()[:80]}"


def _at_start(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _at_start(child)


def _imported(node: ast.AST) -> set[str]:
    """The dotted names that an import statement reaches for."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def _meanings(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `dt` for `datetime` after `import datetime as dt`."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def _names(node: ast.AST, known: dict[str, str]) -> set[str]:
    """The full dotted names that this node uses, imports or, for built-ins, calls."""
    if isinstance(node, ast.Attribute):
        return {_dotted(node, known)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return {known.get(node.func.id, node.func.id)}
    return _imported(node)


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def _is(ban: str, name: str) -> bool:
    if ban.startswith("*."):
        return name.endswith(ban[1:])
    return name == ban or name.startswith(f"{ban}.")
