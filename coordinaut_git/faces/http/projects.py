"""The lines that are open, and the threads in which they are asked.

Rule 1: one handle a line, one thread at a time on it; so many handles are open at most as can be, besides those in use.
Rule 2: what is asked of a store runs in one of a bounded number of threads, and to its end: a request that is cut off
        leaves nothing half done.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from anyio import CapacityLimiter, Lock, to_thread

from coordinaut_git.clock import RandomIds, SystemClock
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.documents import Head, Store
from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.news import News
from coordinaut_git.faces.http.problems import no_project
from coordinaut_git.faces.http.shelf import Place, Shelf

T = TypeVar("T")


class Line:
    """An open line: its store, and what decides about it."""

    def __init__(self, place: Place, store: Store) -> None:
        self.place, self.store = place, store
        self.clock, self.ids = SystemClock(), RandomIds()
        self.coordinator = Coordinator(store, self.clock, self.ids, team=True, storage="remote")

    def head(self) -> Head:
        """The newest point; raises 404 before the first write."""
        head = self.store.head()
        if head is None:
            raise no_project()
        return head


class _Handle:
    """A line that is open, or about to be."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.lock = Lock()
        self.users = 0


class Projects:
    """All lines of all projects. Made and used in one event loop."""

    def __init__(self, shelf: Shelf, *, threads: int, most_open: int) -> None:
        self.shelf, self.news = shelf, News()
        self._most_open = most_open
        self._limiter = CapacityLimiter(threads)
        self._handles: OrderedDict[Place, _Handle] = OrderedDict()

    async def read(self, place: Place, work: Callable[[Line], T]) -> T:
        """Do some work on a line that is there; raises 404 for one that is not."""
        await self._look_for(place)
        return await self._on(place, work)

    async def write(self, place: Place, work: Callable[[Line], T], *, begins: bool = False) -> T:
        """Do some work that may change a line, or begin it; those who wait for news of it are woken."""
        if not begins:
            await self._look_for(place)
        try:
            return await self._on(place, work)
        finally:
            self.news.tell(place)

    async def thread(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        """Do something that may block. What is abandoned when the caller is cut off goes on by itself."""
        return await to_thread.run_sync(work, abandon_on_cancel=abandon, limiter=self._limiter)

    async def close(self) -> None:
        """Close every line."""
        handles, self._handles = self._handles, OrderedDict()
        for handle in handles.values():
            await self._closed(handle)
        await self.thread(self.shelf.close)

    async def _look_for(self, place: Place) -> None:
        if place not in self._handles and not await self.thread(lambda: self.shelf.holds(place)):
            raise no_project()

    async def _on(self, place: Place, work: Callable[[Line], T]) -> T:
        async with self._used(place) as handle, handle.lock:
            return await self.thread(lambda: work(self._opened(place, handle)))

    def _opened(self, place: Place, handle: _Handle) -> Line:
        if handle.line is None:
            handle.line = Line(place, self.shelf.open(place))
        return handle.line

    @asynccontextmanager
    async def _used(self, place: Place) -> AsyncIterator[_Handle]:
        handle = self._handles.setdefault(place, _Handle())
        self._handles.move_to_end(place)
        handle.users += 1
        try:
            yield handle
        finally:
            handle.users -= 1
        while len(self._handles) > self._most_open and (idle := self._longest_idle()):
            await self._closed(self._handles.pop(idle))

    def _longest_idle(self) -> Place | None:
        return next((place for place, handle in self._handles.items() if not handle.users), None)

    async def _closed(self, handle: _Handle) -> None:
        line, handle.line = handle.line, None
        if line is not None:
            with suppress(CoordinautError):  # what was answered has been kept; there is nothing more to lose
                await self.thread(line.store.close)
