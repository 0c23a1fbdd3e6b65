"""A real `coordinaut-server` as a process of its own, and a small client, for tests.

with Server(tmp_path) as server:
    answer = server.client().get("/v1/teams/red/projects/one/state")
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import warm

PROGRAM = (sys.executable, "-m", "coordinaut_git.faces.http.main")
ADMIN = "admin-of-all-teams"
TOKENS = {
    "red-admin": {"team": "red", "role": "admin"},
    "red-member": {"team": "red", "role": "member"},
    "red-read": {"team": "red", "role": "read"},
    "blue-admin": {"team": "blue", "role": "admin"},
}
LIMIT_S = 300
"""How long anything is waited for before a test gives up: a busy machine is no failure."""

FIRST_LINE = re.compile(r"listening.*?http://[^\s\"]+?:(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.data)

    @property
    def head(self) -> str:
        """The ETag without its quotes."""
        return self.headers["etag"].strip('"')

    @property
    def failure(self) -> tuple[int, str]:
        """Status and error code."""
        assert self.value["ok"] is False, self
        assert set(self.value["error"]) == {"kind", "code", "message", "hint", "details"}
        return self.status, self.value["error"]["code"]


class Client:
    """Sends one request at a time over one connection that is kept."""

    def __init__(self, url: str, token: str | None, limit_s: float = LIMIT_S) -> None:
        self.token = token
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=limit_s)

    def __call__(
        self, method: str, path: str, value: Any = None, *, data: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request and give its answer; header names have `_` for `-`."""
        self.send(method, path, value, data=data, **headers)
        return self.receive()

    def send(self, method: str, path: str, value: Any = None, *, data: bytes | None = None, **headers: str) -> None:
        """Send a request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        if value is not None:
            data = json.dumps(value).encode()
        if data is not None:
            sent.setdefault("content-type", "application/json")
        try:
            self._connection.request(method, path, body=data, headers=sent)
        except BaseException:
            self._connection.close()
            raise

    def receive(self) -> Answer:
        """The answer to what was sent last."""
        try:
            answer = self._connection.getresponse()
            return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        except BaseException:
            self._connection.close()
            raise

    def get(self, path: str, **headers: str) -> Answer:
        return self("GET", path, **headers)

    def put(self, path: str, value: Any, **headers: str) -> Answer:
        return self("PUT", path, value, **headers)

    def post(self, path: str, value: Any, **headers: str) -> Answer:
        return self("POST", path, value, **headers)

    def close(self) -> None:
        self._connection.close()


class Server:
    """A server whose data lies in `folder`; it can be killed and started again on the same port.

    `tokens` is what COORDINAUT_SERVER_TOKENS holds; beside them `ADMIN` is the admin token of all teams. With `whole` it
    is the program from its very start; without, one that has its imports already.
    """

    def __init__(
        self, folder: Path, tokens: dict[str, Any] | None = None, *, whole: bool = False, **environ: str
    ) -> None:
        self.folder, self._process, self._port, self._whole = folder, None, 0, whole
        self._log = folder / "server.log"
        self._environ = {
            "COORDINAUT_SERVER_TOKEN": ADMIN,
            "COORDINAUT_SERVER_TOKENS": json.dumps(TOKENS if tokens is None else tokens),
            "COORDINAUT_SERVER_DATA_DIR": str(folder / "data"),
            "COORDINAUT_SERVER_LOG": "json",
            **{f"COORDINAUT_SERVER_{name}_TIMEOUT": str(LIMIT_S) for name in ("HEAD", "BODY", "STOP")},
            **environ,
        }
        self._clients: list[Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def process(self) -> subprocess.Popen[bytes] | warm.Started:
        assert self._process is not None
        return self._process

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of the log so far."""
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def client(self, token: str | None = ADMIN, limit_s: float = LIMIT_S) -> Client:
        client = Client(self.url, token, limit_s)
        self._clients.append(client)
        return client

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        environ = {**os.environ, **self._environ, "COORDINAUT_SERVER_PORT": str(self._port)}
        with self._log.open("ab") as log:
            begin = log.tell()
            how = {"env": environ, "stdin": subprocess.DEVNULL, "stderr": log, "cwd": self.folder}
            self._process = subprocess.Popen(PROGRAM, **how) if self._whole else warm.Started(warm.SERVER, **how)
        self.wait_for(lambda: self._told(begin), "the server listens")
        self._port = int(self._told(begin)[1])
        return self

    def _told(self, begin: int) -> re.Match[str] | None:
        """The first line that a run has logged, which began at this place."""
        return FIRST_LINE.search(self._log.read_text()[begin:])

    def wait_for(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something is so; fails when it is not within `LIMIT_S`, or the server has ended."""
        end_s = time.monotonic() + LIMIT_S
        while not holds():
            assert self.process.poll() is None, (what, self._log.read_text())
            assert time.monotonic() < end_s, what
            time.sleep(0.02)

    def has_read(self) -> None:
        """Wait until the server has taken up all that was sent to it so far: it takes connections in their order."""
        for _ in range(2):
            client = self.client(None)
            client.get("/health")
            client.close()

    def kill(self) -> None:
        """End it by SIGKILL, as a machine that loses its power does."""
        self.process.kill()
        self.process.wait(LIMIT_S)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(sig)
        return self.process.wait(LIMIT_S)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        if self._process and self._process.poll() is None:
            self.kill()
