"""Commands as tests give them, and what came of them."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import warm

PROGRAM = (sys.executable, "-m", "coordinaut_git")
LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed on its two streams (bytes that are no UTF-8 as lone surrogates), and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        assert self.out.endswith("\n"), self
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)

    @property
    def result(self) -> Any:
        assert self.code == 0, self
        assert self.document["ok"] is True, self
        assert set(self.document) == {"ok", "result"}
        return self.document["result"]

    @property
    def error(self) -> dict[str, Any]:
        document = self.document
        assert set(document) == {"ok", "error"}, self
        assert document["ok"] is False
        assert set(document["error"]) == {"kind", "code", "message", "hint", "details"}
        return document["error"]

    @property
    def failure(self) -> tuple[int, str]:
        """Exit code and error code."""
        return self.code, self.error["code"]


def program(words, *, cwd, environ=None, prefix=(), **options) -> Answer:
    """Run the whole program as a user's shell would, by way of another program with `prefix`."""
    done = subprocess.run(
        [*prefix, *PROGRAM, *words],
        cwd=cwd,
        env=_environment(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_S,
        **options,
    )
    return Answer(done.returncode, _text(done.stdout), _text(done.stderr))


class Cli:
    """Runs commands, each in a forked process of its own (see fork_server.py); `environ` holds for all of them."""

    def __init__(self, **environ: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="coordinaut-answers-")
        self._out, self._err = (str(Path(self._folder.name) / name) for name in ("out", "err"))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        serve = "import fork_server; fork_server.serve()"
        self._server = warm.Started(
            warm.COMMANDS, text=serve, cwd=self._folder.name, env=warm.ENVIRON | environ, **pipes
        )
        assert self._server.stdin
        assert self._server.stdout
        self._requests, self._answers = self._server.stdin, self._server.stdout
        assert self._answers.readline() == "ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()
        self._server.wait(LIMIT_S)
        self._answers.close()
        self._folder.cleanup()

    def __call__(self, cwd, *words, environ=None) -> Answer:
        """Run a command in `cwd`."""
        self.start(cwd, *words, environ=environ)
        return self.answer()

    def json(self, cwd, *words, environ=None) -> Any:
        """Run a command with --json and give its result."""
        return self(cwd, *words, "--json", environ=environ).result

    def start(self, cwd, *words, environ=None) -> None:
        """Start a command and do not wait for its end; `answer` does."""
        asked = {
            "cwd": os.fspath(cwd),
            "words": [os.fspath(word) for word in words],
            "environ": dict(environ or {}),
            "out": self._out,
            "err": self._err,
        }
        self._requests.write(json.dumps(asked) + "\n")
        self._requests.flush()

    def answer(self) -> Answer:
        code = int(self._answers.readline())
        return Answer(code, *(_text(Path(name).read_bytes()) for name in (self._out, self._err)))


def _environment(environ):
    merged = {**os.environ, **(environ or {})}
    return {name: value for name, value in merged.items() if value is not None}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
