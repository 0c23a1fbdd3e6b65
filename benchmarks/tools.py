"""The MCP server against the least that the SDK can be: first reply, memory, and what a call costs over the store."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from benchmarks.measure import ME, Row, environment, opened, repository, seconds
from coordinaut_git.protocol import requests as ask

BARE = (sys.executable, str(Path(__file__).with_name("bare_server.py")))
OURS = (str(Path(sys.executable).with_name("coordinaut-mcp")),)
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
MOST_MS = 3.0


class Talk:
    """A server and what is said to it, message by message."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._server = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
        )
        self._count = 0

    def __enter__(self) -> Self:
        self.ask("initialize", CLIENT)
        self._say({"method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=60)

    def ask(self, method: str, params: object) -> Any:
        """The result of a request."""
        self._count += 1
        self._say({"id": self._count, "method": method, "params": params})
        assert self._server.stdout
        answer = json.loads(self._server.stdout.readline())
        return answer["result"]

    def call(self, name: str, **arguments: object) -> Any:
        """The structured result of a tool."""
        return self.ask("tools/call", {"name": name, "arguments": arguments})["structuredContent"]

    def resident_kib(self) -> int:
        """Its resident set."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self._server.pid)], capture_output=True, check=True)
        return int(told.stdout)

    def _say(self, message: dict[str, object]) -> None:
        assert self._server.stdin
        self._server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._server.stdin.flush()


def served(folder: Path, *, quick: bool) -> Iterator[Row]:
    """First reply, memory, and one call."""
    path = repository(folder, "tools", flush=True)
    yield from _first_reply(path, runs=3 if quick else 15)
    yield from _one_call(path, count=50 if quick else 400)


def _first_reply(path: Path, runs: int) -> Iterator[Row]:
    taken: dict[Sequence[str], list[float]] = {BARE: [], OURS: []}
    resident: dict[Sequence[str], list[int]] = {BARE: [], OURS: []}

    for _ in range(runs + 1):
        for command, times in taken.items():
            start_s = time.perf_counter()
            with Talk(command, path) as talk:
                talk.ask("tools/list", {})
                times.append(time.perf_counter() - start_s)
                resident[command].append(talk.resident_kib())
    bare_s, ours_s = (statistics.median(times[1:]) for times in taken.values())
    yield Row(
        name="first reply of coordinaut-mcp to the bare SDK's",
        figure=ours_s / bare_s,
        bound="<= 1.3",
        detail=f"{ours_s * 1000:.0f} ms against {bare_s * 1000:.0f} ms",
    )
    bare_kib, ours_kib = (statistics.median(sizes) for sizes in resident.values())
    yield Row(
        name="memory of coordinaut-mcp to the bare SDK's",
        figure=ours_kib / bare_kib,
        bound="<= 1.3",
        detail=f"{ours_kib / 1024:.0f} MiB against {bare_kib / 1024:.0f} MiB",
    )


def _one_call(path: Path, count: int) -> Iterator[Row]:
    workspace = opened(path)
    task = workspace.run(ask.CreateTask(title="A task"), ME).operation
    assert task
    task_id = task.change.task_id or ""
    with Talk(OURS, path) as talk:
        by_tool, by_store, looks = [], [], []
        for number in range(count):
            step = f"step {number}"
            by_tool.append(seconds(partial(talk.call, "update_task", task=task_id, next=f"{step}, by tool")))
            by_store.append(seconds(partial(workspace.run, ask.UpdateTask(task=task_id, next=step), ME)))
            looks.append(seconds(partial(talk.call, "status")))
    tool_ms, store_ms, look_ms = (statistics.median(times) * 1000 for times in (by_tool, by_store, looks))
    yield Row(
        name="update_task over the store's own transaction",
        figure=tool_ms - store_ms,
        bound=f"<= {MOST_MS:g}",
        detail=f"{tool_ms:.1f} ms against {store_ms:.1f} ms; status answers in {look_ms:.1f} ms",
        unit=" ms",
    )
