"""The server over streamable HTTP, for several clients of one machine.

Rule 1: it listens on a loopback address, and then only to requests that were sent to one: a web page cannot reach it
        by a name of its own. Any other address needs a token.
Rule 2: the sessions that the environment tells of are not those of the clients: they say themselves who they are.
"""

import hmac
import socket
import sys
from collections.abc import Mapping

import anyio
import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinaut_git.errors import environment, invalid
from coordinaut_git.faces.mcp.server import build
from coordinaut_git.who import SESSIONS

TOKEN = "COORDINAUT_MCP_TOKEN"  # noqa: S105 - the name of the variable
PATH = "/mcp"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_PORT = 65_535


def serve(address: str, environ: Mapping[str, str]) -> None:
    """Serve until a signal ends it; raises invalid `bad_address` or `open_address`, environment `cannot_listen`."""
    host, port = _parsed(address)
    token = environ.get(TOKEN, "")
    if host not in LOOPBACK and not token:
        raise invalid(
            "open_address",
            f"{host} can be reached by others, and no token is set.",
            hint=f"Listen on 127.0.0.1, or set {TOKEN}, which clients must then send.",
        )
    listening = _listening(host, port)
    own = {name: value for name, value in environ.items() if name not in {name for name, _ in SESSIONS}}
    app = build(own).streamable_http_app(streamable_http_path=PATH, transport_security=_guard(host), host=host)
    config = uvicorn.Config(Guarded(app, token) if token else app, log_config=None, access_log=False)
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"coordinaut-mcp listens on http://{shown}:{listening.getsockname()[1]}{PATH}\n")
    sys.stderr.flush()
    anyio.run(uvicorn.Server(config).serve, [listening])


class Guarded:
    """An application behind a token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that brings the token; answer any other with 401."""
        said = b"".join(value for name, value in scope.get("headers", ()) if name == b"authorization")
        if scope["type"] != "http" or hmac.compare_digest(said, self._expected):
            await self._app(scope, receive, send)
            return
        headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"A Bearer token is needed.\n"})


def _parsed(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > LARGEST_PORT:
        raise invalid("bad_address", f"{address!r} is no address to listen on.", hint="Give HOST:PORT: 127.0.0.1:3738")
    return host, int(port)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(128)
    except OSError as error:
        raise environment(
            "cannot_listen", f"Nothing can listen on {host}:{port}: {error.strerror}.", hint="Choose another port."
        ) from error
    return found


def _guard(host: str) -> TransportSecuritySettings:
    """Which hosts and pages may speak to us."""
    names = [f"[{name}]" if ":" in name else name for name in dict.fromkeys((host, *LOOPBACK))]
    any_host = host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not listened on
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=not any_host,  # whoever needs a token cannot be a page that knows none
        allowed_hosts=[f"{name}:*" for name in names],
        allowed_origins=[f"http://{name}:*" for name in names],
    )
