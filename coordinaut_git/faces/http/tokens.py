"""Tokens: who may do what.

Rule 1: a token is known here by its SHA-256 digest alone, and compared with every digest there is in constant time.
Rule 2: no token is ever printed, neither in an error about the list that holds it.
"""

import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.faces.http.values import is_name

DIGEST_PREFIX = "sha256:"
DIGEST_CHARS = 64


class Role(StrEnum):
    """What a token is for: admin and member read and write, read only reads."""

    ADMIN = "admin"
    MEMBER = "member"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows: a role, in one team or (None) in all."""

    team: str | None
    role: Role

    def reads(self, team: str) -> bool:
        """Whether it may read the projects of a team."""
        return self.team is None or self.team == team

    def writes(self, team: str) -> bool:
        """Whether it may change them."""
        return self.reads(team) and self.role != Role.READ


Grants = Mapping[bytes, Grant]
"""Digest of the token to what it allows."""


class Tokens:
    """All tokens: those that were given at the start, and those of a file that may change while the server runs."""

    def __init__(self, fixed: Grants, file: Path | None = None) -> None:
        self._fixed, self._file = fixed, file
        self._seen = _look(file)
        self._all = _joined(fixed, _read_file(file))
        if not self._all:
            raise invalid(
                "no_tokens",
                "No token is set, and the server does not run open to everybody.",
                hint="Set COORDINAUT_SERVER_TOKEN, COORDINAUT_SERVER_TOKENS or COORDINAUT_SERVER_TOKENS_FILE.",
            )

    def __len__(self) -> int:
        return len(self._all)

    def grant(self, token: str) -> Grant | None:
        """What a token allows; None for one that is not known."""
        asked, found = sha256(token.encode("utf-8", "surrogateescape")).digest(), None
        for digest, grant in self._all.items():
            if hmac.compare_digest(digest, asked):
                found = grant
        return found

    def refresh(self, *, anyway: bool = False) -> bool:
        """Read the file again if it has changed; True if it was. Raises invalid, and keeps what was, if it is wrong."""
        seen = _look(self._file)
        if not anyway and seen == self._seen:
            return False
        self._seen = seen
        self._all = _joined(self._fixed, _read_file(self._file))
        return True


def fixed_tokens(one: str | None, several: str | None) -> Grants:
    """The grants of COORDINAUT_SERVER_TOKEN and COORDINAUT_SERVER_TOKENS; raises invalid `bad_tokens`."""
    name = "COORDINAUT_SERVER_TOKEN"
    admin = {_digest(name, one, digests=False): Grant(team=None, role=Role.ADMIN)} if one else {}
    return _joined(admin, _parsed(f"{name}S", several, digests=False) if several else {})


def _read_file(file: Path | None) -> Grants:
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _bad(str(file), f"it cannot be read: {why}") from None
    return _parsed(str(file), text, digests=True)


def _parsed(name: str, text: str, *, digests: bool) -> Grants:
    """`{"<token>": {"team", "role"}}`; of what is wrong, only the number of the entry is told."""
    try:
        listed = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        raise _bad(name, 'it is not JSON of the form {"<token>": {"team": "…", "role": "…"}}') from None
    if not isinstance(listed, tuple):
        raise _bad(name, "it is not a JSON object")
    grants: dict[bytes, Grant] = {}
    for number, (token, allowed) in enumerate(listed, 1):
        digest = _digest(f"entry {number} of {name}", token, digests=digests)
        if digest in grants:
            raise _bad(name, f"entry {number} has the token of an earlier one")
        grants[digest] = _grant(name, number, allowed)
    return grants


def _grant(name: str, number: int, allowed: Any) -> Grant:
    fields = dict(allowed) if isinstance(allowed, tuple) else {}
    team, role = fields.get("team"), fields.get("role")
    if fields.keys() != {"team", "role"} or not isinstance(team, str) or not is_name(team):
        raise _bad(name, f'entry {number} is not {{"team": "<name>", "role": "<role>"}}')
    if role not in set(Role):
        raise _bad(name, f"the role of entry {number} is none of {', '.join(Role)}")
    return Grant(team=team, role=Role(role))


def _digest(where: str, token: str, *, digests: bool) -> bytes:
    """The digest of a token, which may stand there as its digest already."""
    text = token.removeprefix(DIGEST_PREFIX)
    if text != token or (digests and len(token) == DIGEST_CHARS and _is_hex(token)):
        if len(text) != DIGEST_CHARS or not _is_hex(text):
            raise _bad(where, f"{DIGEST_PREFIX} is not followed by {DIGEST_CHARS} hexadecimal digits")
        return bytes.fromhex(text)
    if not token or not token.isascii() or not all(character.isprintable() and character != " " for character in token):
        raise _bad(where, "a token is made of visible ASCII characters")
    return sha256(token.encode()).digest()


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)


def _joined(*lists: Grants) -> Grants:
    found: dict[bytes, Grant] = {}
    for digest, grant in _pairs(lists):
        if found.setdefault(digest, grant) != grant:
            raise _bad("the list of tokens", "one token is given twice, with different roles")
    return found


def _pairs(lists: tuple[Grants, ...]) -> Iterator[tuple[bytes, Grant]]:
    for grants in lists:
        yield from grants.items()


def _look(file: Path | None) -> tuple[int, int, int] | None:
    """What changes when a file does."""
    if file is None:
        return None
    try:
        found = os.stat(file)  # noqa: PTH116 - one call, its three numbers
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _bad(name: str, why: str) -> CoordinautError:
    return invalid("bad_tokens", f"{name}: {why}.", hint="docs/server.md shows how tokens are written down.")
