"""Standard input and output as the SDK's transport wants them, without a thread where none is needed.

Rule 1: the loop never waits for a client: what cannot be read or written at once is left to a thread.
Rule 2: the wire is ours alone: whoever else reads standard input finds nothing, and what they print goes to standard
        error.
"""

import asyncio
import os
import select
import socket
import stat
from collections.abc import AsyncIterator

from anyio import to_thread

_CHUNK_BYTES = 1 << 16
_FIRST_OF_OURS = 3


def claimed(fd: int) -> int:
    """A descriptor of our own for a standard stream, which is then let go of; 0 reads nothing, 1 is standard error."""
    import fcntl

    ours = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_OF_OURS)
    try:
        other = os.open(os.devnull, os.O_RDONLY) if fd == 0 else os.dup(2)
    except OSError:  # a server may be started with standard error closed
        other = os.open(os.devnull, os.O_RDWR)
    os.dup2(other, fd)
    os.close(other)
    return ours


class Incoming:
    """The lines that come in."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def __aiter__(self) -> AsyncIterator[str]:
        """Every line without its end, until the other side is closed."""
        left = bytearray()
        while chunk := await self._chunk():
            begin = len(left)
            left += chunk
            if b"\n" in chunk:
                *lines, rest = bytes(left).split(b"\n") if begin else chunk.split(b"\n")
                left = bytearray(rest)
                for line in lines:
                    yield line.decode("utf-8", "replace")
        if left:
            yield left.decode("utf-8", "replace")

    async def _chunk(self) -> bytes:
        loop = asyncio.get_running_loop()
        there = loop.create_future()
        try:
            loop.add_reader(self._fd, _tell, there)
        except PermissionError:  # epoll(7) takes no plain files
            return await to_thread.run_sync(os.read, self._fd, _CHUNK_BYTES, abandon_on_cancel=True)
        try:
            await there
        finally:
            loop.remove_reader(self._fd)
        try:
            return os.read(self._fd, _CHUNK_BYTES)
        except ConnectionResetError:  # what a client that was killed leaves of a socket
            return b""


def _tell(there: "asyncio.Future[None]") -> None:
    if not there.done():
        there.set_result(None)


class Outgoing:
    """Where lines go out."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        kind = os.fstat(fd).st_mode
        self._is_pipe = stat.S_ISFIFO(kind)
        self._socket = socket.socket(fileno=os.dup(fd)) if stat.S_ISSOCK(kind) else None

    async def write(self, text: str) -> None:
        """Write a whole text, whose parts never mix with another's."""
        data = text.encode()
        if left := data[self._written_at_once(data) :]:
            await to_thread.run_sync(self._write, left)

    async def flush(self) -> None:
        """Nothing is kept back."""

    def _written_at_once(self, data: bytes) -> int:
        """How many bytes went without waiting; a pipe that can be written to takes PIPE_BUF bytes, see pipe(7)."""
        try:
            if self._socket:
                return self._socket.send(data, socket.MSG_DONTWAIT)
            if self._is_pipe and len(data) <= select.PIPE_BUF and self._is_free():
                return os.write(self._fd, data)
        except BlockingIOError:
            pass
        return 0

    def _is_free(self) -> bool:
        asked = select.poll()
        asked.register(self._fd, select.POLLOUT)
        return bool(asked.poll(0))

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]
