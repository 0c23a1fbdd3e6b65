"""One processor for many processes: they run one at a time, and chance says who goes on at each point.

Rule 1: a process is a thread that waits for its turn; it gives its turn away in `pause` and nowhere else.
Rule 2: nothing is left to the machine: the same seed gives the same order, and time goes by in `pause` only.
"""

import random
import threading
from collections.abc import Callable

STAYS = 0.6
"""How often a process that could go on does so."""


class Stopped(BaseException):
    """The run is over before this process was."""


class Process:
    """A thread of the simulation; `wakes_at` and `until` tell when it can go on."""

    def __init__(self, stage: "Stage", body: Callable[[], None]) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()
        self.wakes_at = 0
        self.until: Callable[[], bool] | None = None
        self._stage, self._body = stage, body
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.turn.acquire()
        try:
            if not self._stage.over:
                self._body()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever runs the stage
            self._stage.fail(error)
        self._stage.leave(self)


class Stage:
    """The processes, and the true time in milliseconds."""

    def __init__(self, chance: random.Random) -> None:
        self.now = 0
        self.steps = 0
        self.over = False
        self._chance = chance
        self._alive: list[Process] = []
        self._current: Process | None = None
        self._failure: BaseException | None = None
        self._ended = threading.Lock()

    def add(self, body: Callable[[], None]) -> None:
        """One more process; it begins when `run` is called."""
        self._alive.append(Process(self, body))

    def run(self) -> None:
        """Let all processes run to their ends; raises what the first that failed has raised."""
        everybody = list(self._alive)
        self._ended.acquire()
        for process in everybody:
            process.thread.start()
        self._give_to(self._next(None))
        self._ended.acquire()
        self._ended.release()
        for process in everybody:
            process.thread.join()
        self._current = None
        if self._failure:
            raise self._failure

    def pause(self, for_ms: int = 0, until: Callable[[], bool] | None = None) -> None:
        """A point at which others may come in; at the longest for so long, or until something holds."""
        self.steps += 1
        me = self._current
        if me is None:  # before the processes, and after them
            self.now += for_ms
            return
        if self.over:
            raise Stopped
        me.wakes_at, me.until = self.now + for_ms, until
        following = self._next(me)
        if following is not me:
            self._give_to(following)
            me.turn.acquire()
            if self.over:
                raise Stopped

    def fail(self, error: BaseException) -> None:
        """End the run: everybody else is stopped where they are."""
        self._failure = self._failure or error
        self.over = True

    def leave(self, process: Process) -> None:
        """Take a process that has ended off the stage."""
        self._alive.remove(process)
        if self._alive:
            self._give_to(self._next(None))
        else:
            self._ended.release()

    def _give_to(self, process: Process) -> None:
        self._current = process
        process.turn.release()

    def _next(self, me: Process | None) -> Process:
        if self.over:
            return self._alive[0]
        now = self.now
        if me and me.wakes_at <= now and self._chance.random() < STAYS:
            return me
        ready = [one for one in self._alive if one.wakes_at <= now or (one.until and one.until())]
        if not ready:
            self.now = now = min(one.wakes_at for one in self._alive)
            ready = [one for one in self._alive if one.wakes_at <= now or (one.until and one.until())]
        return ready[0] if len(ready) == 1 else self._chance.choice(ready)
