"""Real shells, each on a terminal of its own, to see what becomes of a line when Tab is pressed.

Rule 1: what a line has become is told by the shell itself: the line is made the arguments of a `printf`, so that quotes
        count as the shell reads them.
"""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

LIMIT_S = 600
STEP_S = 0.05
TAB, TO_THE_BEGINNING = "\t", "\x01"
READY = "ready-for-words"

COMMANDS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
}


class Shell:
    """One interactive shell in a folder. It answers keys one after the other: nothing here has to wait for one."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            COMMANDS[name],
            cwd=folder,
            env={**environ, "TERM": "dumb", "PS1": "", "HISTFILE": "", "COLUMNS": "200"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def run(self, command: str) -> str:
        """Type a command and wait for its end; what was printed, echo included."""
        mark = f"{READY}-{time.monotonic_ns()}"
        self._type(f"{command}; echo '{mark[:5]}''{mark[5:]}'\r")
        return self._until(mark)

    def completed(self, line: str, *, keys: str = TAB) -> list[str]:
        """The words of a line after keys were pressed at its end."""
        mark = f"{READY}-{time.monotonic_ns()}"
        self._type(f"{line}{keys}{TO_THE_BEGINNING}printf '<%s>' '{mark[:5]}''{mark[5:]}' \r")
        self._type(f"echo '{mark[:3]}''{mark[3:]}-end'\r")
        said = self._until(f"{mark}-end").partition(f"<{mark}>")[2]
        return re.findall(r"<([^>]*)>", said.partition(f"{mark}-end")[0])

    def _type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _until(self, mark: str) -> str:
        said, end = "", time.monotonic() + LIMIT_S
        while mark not in said:
            assert time.monotonic() < end, f"the shell did not answer: {said!r}"
            said += self._read(STEP_S)
        return said

    def _read(self, wait_s: float) -> str:
        if not select.select([self._master], [], [], wait_s)[0]:
            return ""
        return os.read(self._master, 65536).decode("utf-8", "replace")
