"""Where a project is on the network, and the proxy on the way.

Rule 1: a token travels encrypted, or within this machine. Plain HTTP to anywhere else needs a word in the environment.
Rule 2: an address holds no user and no password; a proxy's may, and they are never shown.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.wire import NAME

TOKEN = "COORDINAUT_TOKEN"  # noqa: S105 - the name of a variable
ALLOW_HTTP = "COORDINAUT_REMOTE_ALLOW_HTTP"
"""The variable that lets a token travel over plain HTTP, for networks where nobody listens."""

_NAME = re.compile(NAME)
_PLAIN = re.compile(r"[\x21-\x7e]+")
_PORTS = {"http": 80, "https": 443}
_TRUE = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A project on a server; `prefix` is the path of the server, without a final slash."""

    scheme: str
    host: str
    port: int
    prefix: str
    team: str
    project: str

    @property
    def server(self) -> str:
        """The server's URL, as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.prefix}"

    @property
    def path(self) -> str:
        """The path of the project on the server."""
        return f"{self.prefix}/v1/teams/{self.team}/projects/{self.project}"

    @property
    def secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.scheme == "https"

    @property
    def local(self) -> bool:
        """Whether what is sent there stays on this machine (RFC 6761, 6.3)."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy; `authorization` is the value of its header, if it wants one."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)


def address_of(url: str, team: str, project: str, environ: Mapping[str, str]) -> Address:
    """The address of a project; raises invalid `bad_remote_url`, `bad_remote_name` or `insecure_url`."""
    split = _split(url)
    for what, name in (("team", team), ("project", project)):
        if not _NAME.fullmatch(name):
            raise invalid(
                "bad_remote_name",
                f"The {what} is {name!r}, which is no name of one.",
                hint="Use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first.",
            )
    address = Address(
        scheme=split.scheme,
        host=_ascii(split.hostname or ""),
        port=split.port or _PORTS[split.scheme],
        prefix=split.path.rstrip("/"),
        team=team,
        project=project,
    )
    if not address.secure and not address.local and environ.get(ALLOW_HTTP, "").lower() not in _TRUE:
        raise invalid(
            "insecure_url",
            f"{address.server} is plain HTTP to another machine: whoever listens on the way would read the token.",
            hint="Have the server answer over HTTPS (a reverse proxy in front of it), and use that address.",
        )
    return address


def proxy_for(address: Address, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy that the environment names for this address, as curl(1) reads it; raises invalid `bad_proxy`.

    `http_proxy` counts in lower case only: a web server would let a request set the other one.
    """
    names = ("https_proxy", "HTTPS_PROXY") if address.secure else ("http_proxy",)
    found = next((environ[name] for name in (*names, "all_proxy", "ALL_PROXY") if environ.get(name)), "")
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not found or address.local or _is_exempt(address.host, exceptions):
        return None
    try:
        split = urlsplit(found if "//" in found else f"http://{found}")
        port, host = split.port or 80, split.hostname
    except ValueError:
        raise _bad_proxy("cannot be read") from None
    if split.scheme != "http" or not host:
        raise _bad_proxy(f"is of the kind {split.scheme!r}")
    if split.username is None:
        return Proxy(host=host, port=port)
    person = f"{unquote(split.username)}:{unquote(split.password or '')}"
    return Proxy(host=host, port=port, authorization=f"Basic {b64encode(person.encode()).decode()}")


def check_token(token: str) -> str:
    """The token, if it can stand in a header; raises invalid `bad_token_form`, which does not show it."""
    if not _PLAIN.fullmatch(token):
        raise invalid(
            "bad_token_form",
            f"The token in {TOKEN} holds a blank, a line's end or another character that no token has.",
            hint="Set it again, without quotes inside and without a final newline.",
        )
    return token


def _ascii(host: str) -> str:
    """The name of a host as the network knows it (RFC 3490)."""
    return host if host.isascii() else host.encode("idna").decode()


def _split(url: str) -> SplitResult:
    if not _PLAIN.fullmatch(url.encode("ascii", "ignore").decode() or " ") or any(map(str.isspace, url)):
        raise _bad_url(f"is {url!r}, which is no address of a server", "Give one as https://host:port")
    try:
        split = urlsplit(url)
        _ = split.port
        _ascii(split.hostname or "")
    except ValueError as error:
        raise _bad_url(f"cannot be read: {error}", "Give one as https://host:port") from None
    if split.username is not None or split.password is not None:
        raise _bad_url("has a user's name or a password in it", f"Give the token in {TOKEN}.")
    if split.scheme not in _PORTS or not split.hostname:
        raise _bad_url(f"is {url!r}, which is no address of a server", "Give one as https://host:port")
    if split.query or split.fragment or not split.path.isascii():
        raise _bad_url(f"is {url!r}, which has more than a path after the host", "Leave out what follows it.")
    return split


def _is_exempt(host: str, exceptions: str) -> bool:
    """`no_proxy`: names stand for themselves and what is below them, `*` for all."""
    for name in (word.strip().lower() for word in exceptions.split(",")):
        bare = name.partition(":")[0].lstrip("*").lstrip(".") if name != "*" else ""
        if name == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
            return True
    return False


def _bad_url(why: str, hint: str) -> CoordinautError:
    return invalid("bad_remote_url", f"The address of the server {why}.", hint=hint)


def _bad_proxy(why: str) -> CoordinautError:
    return invalid(
        "bad_proxy",
        f"The proxy that the environment names {why}.",
        hint="Set https_proxy to one as http://host:port, or no_proxy to the server's name.",
    )
