"""A real PostgreSQL server for tests: started in a folder of its own, reached through a socket there, gone afterwards.

Rule 1: it keeps its promises as in production: what is committed is flushed.
Rule 2: it ends with the tests, also when they are killed.

PostgreSQL does not run as root, so root starts it as `postgres` (or `nobody`).
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "COORDINAUT_TEST_POSTGRES"
"""How processes that tests start learn the server's address."""

START_S = 600
SETTINGS = {"listen_addresses": "", "shared_buffers": "16MB", "max_connections": "100", "log_min_messages": "panic"}


def programs():
    """The folder with PostgreSQL's programs; None where it is not installed."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    named = [Path(found).resolve().parent for found in (shutil.which("initdb"), shutil.which("pg_ctl")) if found]
    return next((folder for folder in (*reversed(packaged), *named) if (folder / "initdb").exists()), None)


class PostgresServer:
    """A server with one database; `start` may be called again after `crash`."""

    def __init__(self):
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="coordinaut-pg-"))
        self.user = _other_user() if os.getuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.process = None
        self._run("initdb", "--auth=trust", "--username=tester", "--encoding=UTF8", "--locale=C", "--no-sync",
                  "--pgdata", self.folder / "data")  # fmt: skip

    @property
    def url(self):
        return f"postgresql://tester@/postgres?host={self.folder}"

    def start(self, **more):
        """Start it and wait until it answers; `more` are settings beside the usual ones."""
        settings = [word for name, value in (SETTINGS | more).items() for word in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings]
        self.process = subprocess.Popen(self._as_other(command, dying=True), cwd=self.folder, **_SILENT)
        until = time.monotonic() + START_S
        while not self.answers():
            assert self.process.poll() is None, "PostgreSQL ended at once"
            assert time.monotonic() < until, "PostgreSQL does not answer"
            time.sleep(0.05)

    def crash(self):
        """Stop it as a crash would: no transaction is ended, nothing is written any more."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_S)

    def answers(self):
        return self._run("pg_isready", "--quiet", "--host", self.folder, check=False) == 0

    def close(self):
        if self.process and self.process.poll() is None:
            self.crash()
        with suppress(OSError):
            shutil.rmtree(self.folder)

    def _run(self, program, *arguments, check=True):
        command = self._as_other([self.programs / program, *arguments])
        done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stderr
        return done.returncode

    def _as_other(self, command, *, dying=False):
        if not self.user:
            return command
        end = ["--pdeathsig=QUIT"] if dying else []
        names = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        return ["setpriv", *names, *end, "--", *command]


_SILENT = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _other_user():
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("there is no user who PostgreSQL could run as")
