"""Programs that are started without their imports: a process that has done them forks (see warm_process.py).

Rule 1: what is started is a process of its own, which can be waited for, sent signals and killed as one of `subprocess`.
Rule 2: whether a program starts at all, and with which imports, is tested with the program itself, never with these.
"""

import atexit
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
LIMIT_S = 600
STUB = HERE / "warm_stub.py"
ENVIRON = dict(os.environ)
"""The sealed world's, as no test has changed it (conftest.py sets it); libgit2 reads HOME once."""

COMMANDS = (
    "coordinaut_git.__main__",
    *("encodings.ascii", "locale", "sqlite3", "subprocess"),
    *(f"coordinaut_git.faces.{name}" for name in ("agents.main", "cli.grow", "cli.main", "hooks.main", "hooks.steps")),
    *(f"coordinaut_git.operations.{name}" for name in ("doctor", "explain", "hooks", "identity", "verification")),
    *(f"coordinaut_git.stores.{name}" for name in ("git.store", "json", "memory", "remote", "sql")),
    *("coordinaut_git.history.shelf", "coordinaut_git.render.table"),
)
"""What one command or another imports, and programs around a store or a coordinator."""

SERVER = tuple(f"coordinaut_git.faces.http.{name}" for name in ("main", "logs", "server", "shelves", "tokens"))
TOOLS = tuple(f"coordinaut_git.faces.mcp.{name}" for name in ("program", "stdio", "over_http"))

_homes, _lock = {}, threading.Lock()


class _Home:
    """A warm process, which ends with this one."""

    def __init__(self, modules):
        self.folder = tempfile.TemporaryDirectory(prefix="coordinaut-warm-")
        self.socket = str(Path(self.folder.name) / "socket")
        paths = os.pathsep.join(str(path) for path in (PROJECT, HERE / "stores", HERE))
        self.process = subprocess.Popen(
            [sys.executable, HERE / "warm_process.py", self.socket, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.folder.name,
            env=ENVIRON | {"PYTHONPATH": paths},
        )
        assert self.process.stdout.readline() == b"ready\n"
        atexit.register(self.close)

    def close(self):
        self.process.stdin.close()
        self.process.wait(LIMIT_S)
        self.process.stdout.close()
        self.folder.cleanup()


def keep_environment() -> None:
    """Let warm processes have the environment as it is now."""
    ENVIRON.clear()
    ENVIRON.update(os.environ)


def _home(modules) -> str:
    """The socket of a process that has imported the modules, the same for all who ask in this process."""
    with _lock:
        if modules not in _homes:
            _homes[modules] = _Home(modules)
        return _homes[modules].socket


def command(modules) -> list[str]:
    """What runs the first of the modules, with the words that follow, as `python -m` does: for whoever wants a command."""
    return [sys.executable, "-I", "-S", str(STUB), _home(modules), modules[0]]


def python() -> Path:
    """A program that takes the words of `python -P -m coordinaut_git` and what follows: what hooks are told to call."""
    command_line = shlex.join(command(COMMANDS))
    program = Path(_home(COMMANDS)).with_name("python")
    if not program.exists():
        program.write_text(f'#!/bin/sh\nshift 3\nexec {command_line} "$@"\n')
        program.chmod(0o755)
    return program


def warm_hooks(repository: Path) -> None:
    """Let the hooks that are installed in a repository call a warm program."""
    called = repository / ("." if (repository / "HEAD").exists() else ".git") / "coordinaut/hooks/python"
    _, package = called.read_text().splitlines()
    called.write_text(f"{python()}\n{package}\n")


class Started:
    """A process, as `subprocess.Popen` has it, as far as tests need that; what it is given and prints is text.

    It runs the first of the modules, or `text`, where the modules are imported already.
    """

    def __init__(self, modules, *words, text=None, cwd=None, env=None, stdin=None, stdout=None, stderr=None):
        what = {"module": modules[0]} if text is None else {"text": text}
        asked = {
            **what,
            "words": [os.fspath(word) for word in words],
            "cwd": os.fspath(cwd or Path.cwd()),
            "environ": dict(os.environ if env is None else env),
        }
        ends = [_end(given, number) for number, given in enumerate((stdin, stdout, stderr))]
        self.stdin, self.stdout, self.stderr = (ours for _, ours in ends)
        self._connection, self._told = socket.socket(socket.AF_UNIX), b""
        self._connection.connect(_home(modules))
        theirs = [file for file, _ in ends]
        socket.send_fds(self._connection, [json.dumps(asked).encode() + b"\n"], theirs)
        for file in theirs:
            os.close(file)
        self.returncode = None
        self.pid = self._number(LIMIT_S)

    def poll(self):
        with suppress(BlockingIOError):
            return self._ended(0)
        return None

    def wait(self, timeout=None):
        try:
            return self._ended(timeout)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired("a warm process", timeout) from error

    def communicate(self, text=None, timeout=None):
        """Say this and no more, and give what it printed on standard output, which is short."""
        out = None
        if self.stdin and not self.stdin.closed:
            with suppress(BrokenPipeError), self.stdin:
                self.stdin.write(text or "")
        if self.stdout and not self.stdout.closed:
            with self.stdout:
                out = self.stdout.read()
        self.wait(timeout)
        return out, None

    def send_signal(self, number):
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and we are not told yet
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def _ended(self, limit_s):
        if self.returncode is None:
            self.returncode = self._number(limit_s)
            self._connection.close()
        return self.returncode

    def _number(self, limit_s):
        """The next number that we are told."""
        self._connection.settimeout(limit_s)
        while b"\n" not in self._told:
            told = self._connection.recv(64)
            assert told, "the warm process has ended"
            self._told += told
        line, _, self._told = self._told.partition(b"\n")
        return int(line)


def _end(given, number):
    """A file for the child, and what is left to us of it."""
    if given == subprocess.PIPE:
        ends = os.pipe()
        theirs, ours = ends if number == 0 else ends[::-1]
        return theirs, os.fdopen(ours, "r" if number else "w")
    if given == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if given is None:
        return os.dup(number), None
    return os.dup(given if isinstance(given, int) else given.fileno()), None
