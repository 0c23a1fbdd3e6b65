"""The server process: listen, serve, stop.

Rule 1: the first signal stops it: nothing new is taken, what is in hand is finished, who waits for news is told that
        there is none, and the exit code is 0. A second signal ends it at once.
"""

import asyncio
import os
import resource
import signal
import socket
from types import FrameType
from typing import NoReturn

import uvicorn

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.faces.http.app import Application
from coordinaut_git.faces.http.connections import Connection
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.settings import Settings
from coordinaut_git.faces.http.shelf import Shelf
from coordinaut_git.faces.http.tokens import Tokens

BACKLOG = 512
SPARE_CONNECTIONS = 64
FILES_OF_A_LINE, FILES_OF_THE_PROCESS = 8, 64
INTERRUPTED = 130
KEEP_ALIVE_S = 75


class _Server(uvicorn.Server):
    """uvicorn's server, whose signals also wake those who wait."""

    def __init__(self, config: uvicorn.Config, application: Application, log: Log) -> None:
        super().__init__(config)
        self._application, self._log = application, log
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, and say where."""
        await super().startup(sockets=sockets)
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGHUP, self._look_at_tokens)
        for one in sockets or []:
            host, port, *_ = one.getsockname()
            shown = f"[{host}]" if ":" in host else host
            self._log.tell("listening", address=f"http://{shown}:{port}", pid=os.getpid())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second signal, at once."""
        del frame
        if self.should_exit:
            self._end_at_once()
        self.should_exit = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._stop, signal.Signals(sig).name)

    def _stop(self, why: str) -> None:
        self._log.tell("stopping", signal=why)
        if self._application.host:
            self._application.host.projects.news.end()

    def _look_at_tokens(self) -> None:
        if host := self._application.host:
            try:
                host.tokens.refresh(anyway=True)
                self._log.tell("tokens", count=len(host.tokens))
            except CoordinautError as error:
                self._log.trouble(error)

    @staticmethod
    def _end_at_once() -> NoReturn:
        os._exit(INTERRUPTED)


def serve(settings: Settings, tokens: Tokens, shelf: Shelf, log: Log) -> None:
    """Serve until a signal comes; raises environment `cannot_listen`."""
    _make_room_for_files(settings)
    listening = _listening(settings)
    application = Application(settings, tokens, shelf, log)
    protocol = type("LimitedConnection", (Connection,), {"headers_s": settings.headers_s})
    config = uvicorn.Config(
        application.asgi(),
        http=protocol,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies,
        root_path=settings.root_path,
        backlog=BACKLOG,
        limit_concurrency=settings.most_requests + SPARE_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.stop_s)),
    )
    _Server(config, application, log).run(sockets=[listening])
    log.tell("stopped")


def _make_room_for_files(settings: Settings) -> None:
    """Ask for as many open files as connections and lines can take; raises environment `too_few_files`."""
    needed = settings.most_requests + SPARE_CONNECTIONS + settings.most_open * FILES_OF_A_LINE + FILES_OF_THE_PROCESS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in {soft, hard} or needed <= soft:
        return
    if needed > hard:
        raise environment(
            "too_few_files",
            f"The server may need {needed} open files, and this system allows it {hard}.",
            hint="Allow more (LimitNOFILE= in systemd, ulimit -n), or take fewer: --max-requests, --max-open.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _listening(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, number)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        raise environment(
            "cannot_listen",
            f"The server cannot listen on {settings.host} port {settings.port}: {error.strerror}.",
            hint="Look for what uses the port, or choose another with --port.",
        ) from error
    return found
