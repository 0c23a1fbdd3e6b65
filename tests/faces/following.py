"""A command that goes on and on, such as `watch --follow`, and what it prints."""

import json
import os
import selectors
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import warm

PATIENCE_S = 120


class Follower:
    """A running command; `line` and `event` give what it prints next."""

    def __init__(self, process) -> None:
        self._process = process
        self._rest = b""
        self._ready = selectors.DefaultSelector()
        self._ready.register(process.stdout, selectors.EVENT_READ)

    def line(self, wait_s: float = PATIENCE_S) -> str | None:
        until = time.monotonic() + wait_s
        while b"\n" not in self._rest:
            if not self._ready.select(max(0.0, until - time.monotonic())):
                return None
            piece = os.read(self._process.stdout.fileno(), 65536)
            assert piece, f"the follower has ended: {self._process.stderr.read()}"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def cpu_s(self):
        """How much of a processor it has used, proc(5)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ended(self, number=None):
        """Send a signal, if one is given, and wait for the end: the exit code and what was said on standard error."""
        if number is not None:
            self._process.send_signal(number)
        code = self._process.wait(PATIENCE_S)
        return code, self._process.stderr.read()

    def event(self, wait_s: float = PATIENCE_S):
        line = self.line(wait_s)
        return json.loads(line) if line is not None else None


@contextmanager
def running(cwd, *words):
    """Run a command until the end of the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = warm.Started(warm.COMMANDS, *words, cwd=cwd, **pipes)
    try:
        yield Follower(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
