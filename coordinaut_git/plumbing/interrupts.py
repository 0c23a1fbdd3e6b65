"""Ctrl-C while a process is being started: it counts once there is a process that can be ended."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Within, Ctrl-C does nothing until the function that is given is called, which then raises `KeyboardInterrupt`.

    Only the main thread gets signals, and only where they are not somebody else's business are they held back.
    """
    import threading  # whoever comes here starts a process, which loads it anyway

    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))

    def let_through() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if came:
            came.clear()
            raise KeyboardInterrupt

    try:
        yield let_through
    finally:
        let_through()
