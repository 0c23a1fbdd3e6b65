"""Time that is made up, and a git host at the far end of it.

Rule 1: one process runs at a time, the one whose time comes first; time goes by in `pause` and nowhere else.
Rule 2: a connection takes as many round trips as git's requests over https need, and the remote's ref is read and moved
        when the request that does so arrives. For each connection TCP and TLS 1.3 take one round trip each; a push asks
        for the refs and sends its pack, a fetch asks for the capabilities, for the refs, and for the pack (counted on
        `git http-backend`, as the tests serve it).
"""

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from coordinaut_git.documents import Head
from coordinaut_git.sync.remote import Raced

ROUND_TRIP_S = 0.1
TO_CONNECT, REQUEST = 2, 1
STACK_BYTES = 512 * 1024
START_S = 10_000.0


class Stage:
    """The processes, each a thread that waits for its turn, and the time in seconds."""

    def __init__(self) -> None:
        self.now_s = START_S
        self._waiting: list[tuple[float, int, threading.Lock]] = []
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None
        self._ended = threading.Lock()
        self._numbers = count()

    def add(self, body: Callable[[], None]) -> None:
        """One more process; it begins when `run` is called."""
        turn = threading.Lock()
        turn.acquire()
        self._threads.append(threading.Thread(target=self._life, args=(body, turn), daemon=True))
        heappush(self._waiting, (self.now_s, next(self._numbers), turn))

    def run(self) -> None:
        """Let all run to their ends; raises what the first that failed has raised."""
        self._ended.acquire()
        before = threading.stack_size(STACK_BYTES)
        for thread in self._threads:
            thread.start()
        threading.stack_size(before)
        self._next()
        self._ended.acquire()
        if self._failure:
            raise self._failure

    def pause(self, for_s: float) -> None:
        """Let the others go on for so long."""
        turn = threading.Lock()
        turn.acquire()
        heappush(self._waiting, (self.now_s + for_s, next(self._numbers), turn))
        self._next()
        turn.acquire()

    def _next(self) -> None:
        if self._failure or not self._waiting:
            self._ended.release()
            return
        self.now_s, _, turn = heappop(self._waiting)
        turn.release()

    def _life(self, body: Callable[[], None], turn: threading.Lock) -> None:
        turn.acquire()
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - whoever runs the stage raises it
            self._failure = error
        self._next()


class Host:
    """One ref of one repository; `connections` counts all that were made to it."""

    def __init__(self) -> None:
        self.tip: Head | None = None
        self.connections = 0


class Network:
    """The `RemoteLine` of one clone."""

    name = "origin"

    def __init__(self, stage: Stage, host: Host) -> None:
        self._stage, self._host = stage, host
        self._seen: Head | None = None

    def seen(self) -> Head | None:
        """What the tracking ref says."""
        return self._seen

    def fetch(self) -> Head | None:
        """Five round trips, four where there is nothing new; the ref is read in the middle of the fourth."""
        self._connect()
        self._travel(REQUEST)
        self._travel(REQUEST / 2)
        there = self._host.tip
        self._travel(REQUEST / 2)
        if there != self._seen:
            self._travel(REQUEST)
        self._seen = there
        return there

    def push(self, new: Head, expected: Head | None) -> None:
        """Four round trips; where the remote's ref is not as expected already when it is read, three."""
        self._connect()
        self._travel(REQUEST / 2)
        there = self._host.tip
        self._travel(REQUEST / 2)
        if there != expected:
            raise Raced
        self._travel(REQUEST / 2)
        there = self._host.tip
        if there == expected:
            self._host.tip = new
        self._travel(REQUEST / 2)
        if there != expected:
            raise Raced
        self._seen = new

    def _connect(self) -> None:
        self._host.connections += 1
        self._travel(TO_CONNECT)

    def _travel(self, round_trips: float) -> None:
        self._stage.pause(round_trips * ROUND_TRIP_S)
