"""A process that has imported a program once and forks for every start of it: real processes without the imports.

Rule 1: each start is a child of its own with the folder, the environment and the files that were asked for, and it goes
        through the program's own entry; nothing is shared between two but what was imported.
Rule 2: a child ends when whoever asked for it has ended, or has let go of it; and all end with this process.

Arguments: the path of the socket to listen at, and the modules to import. On each connection one JSON line asks, with up
to three files beside it as standard input, output and error (the null device where none is given): `cwd` and `words`,
the whole `environ`, and `module`, whose `run` is called, or `text`, a program to be executed. The answers are two lines:
the child's number, and its exit code. See warm.py, and warm_stub.py.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress

LONGEST = 1 << 20


class Warm:
    """The children that run, each with the connection of whoever asked for it."""

    def __init__(self, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, socket.socket] = {}
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(path)
        self._listening.listen(64)
        self._woken, self._waking = os.pipe()
        for end in (self._woken, self._waking):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waking)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Until whoever started this process has ended, which closes our standard input."""
        for file, what in ((self._listening, self._accept), (self._woken, self._collect), (0, None)):
            self._selector.register(file, selectors.EVENT_READ, what)
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                key.data(key.fileobj)

    def close(self) -> None:
        for child in self._children:
            os.kill(child, signal.SIGKILL)

    def _accept(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        data, files, _, _ = socket.recv_fds(connection, LONGEST, 3)
        while data and not data.endswith(b"\n"):
            data += connection.recv(LONGEST) or b"\n"
        if data.strip():
            self._start(connection, json.loads(data), files)
        for file in files:
            os.close(file)

    def _start(self, connection: socket.socket, asked: dict, files: list[int]) -> None:
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            self._let_go(connection)
            _become(asked, files)
        self._children[child] = connection
        connection.sendall(b"%d\n" % child)
        self._selector.register(connection, selectors.EVENT_READ, lambda _: self._abandoned(child, connection))

    def _let_go(self, connection: socket.socket) -> None:
        """In a child: what belongs to this process alone."""
        self._selector.close()
        for one in (self._listening, connection, *self._children.values()):
            one.close()
        os.close(self._woken)
        os.close(self._waking)

    def _abandoned(self, child: int, connection: socket.socket) -> None:
        self._forget(connection)
        if child in self._children:
            os.kill(child, signal.SIGKILL)

    def _forget(self, connection: socket.socket) -> None:
        if connection in self._selector.get_map():
            self._selector.unregister(connection)

    def _collect(self, woken: int) -> None:
        os.read(woken, 4096)
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            connection = self._children.pop(child)
            self._forget(connection)
            with suppress(OSError):  # nobody may want to know any more
                connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            connection.close()


def _become(asked: dict, files: list[int]) -> None:
    """In a child: the program, from its entry to its end."""
    code = 1
    try:
        _settle(asked, files)
        code = _run(asked)
        threading._shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
    finally:
        os._exit(code)


def _settle(asked: dict, files: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in range(3):
        file = files[number] if number < len(files) else os.open(os.devnull, os.O_RDWR)
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()  # the C library reads TZ once


def _run(asked: dict) -> int:
    """The exit code, as the interpreter gives it."""
    try:
        if "module" in asked:
            sys.argv = [asked["module"], *asked["words"]]
            importlib.import_module(asked["module"]).run()
        else:
            sys.argv = ["-c", *asked["words"]]
            exec(compile(asked["text"], "<text>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    for name in sys.argv[2:]:
        importlib.import_module(name)
    warm = Warm(sys.argv[1])
    gc.freeze()  # a collection in a child would copy all of it
    print("ready", flush=True)
    try:
        warm.serve()
    finally:
        warm.close()
