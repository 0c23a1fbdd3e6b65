"""Asking the server: once more where that helps, and not beyond a bound.

Rule 1: everything that is asked may be asked again: reading changes nothing, and a write names the head that it builds
        on and its own id, so that the second time finds the first.
Rule 2: whoever gives up says whether the server may have carried it out (`Lost`) or cannot have.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from coordinaut_git.errors import CoordinautError, invalid
from coordinaut_git.stores.remote import answers
from coordinaut_git.stores.remote.address import TOKEN, Address, check_token, proxy_for
from coordinaut_git.stores.remote.answers import BROKEN_WAY, BUSY, Json, bad_answer, bad_token, unreachable
from coordinaut_git.stores.remote.transport import Answer, Cut, Garbled, Transport, Unsent

TIMEOUT = "COORDINAUT_REMOTE_TIMEOUT"
USUAL_TIMEOUT_S = 15.0
LONGEST_TIMEOUT_S = 600.0
NO_CONNECTION_S = 3.0
"""How long a server is tried that takes no connection: as long as one needs to start again."""

AFTER_LOSS_S = 3.0
"""How long the next question may take after an answer was lost: the waiting has been done."""

MOST_FAILURES = 3
"""How often a server may answer that it failed, before that is believed."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_MEANT_TO_WAIT = frozenset({"server_busy", "server_stopping"})


class Lost(Exception):
    """The server may have carried it out, and nobody can tell; `error` says what happened."""

    def __init__(self, error: CoordinautError) -> None:
        super().__init__(error.message)
        self.error = error


class Server:
    """One project on its server, asked over one connection."""

    def __init__(self, address: Address, token: str | None, environ: Mapping[str, str]) -> None:
        self.address = address
        self.timeout_s = _timeout_s(environ)
        self.journeys = 0
        self._transport = None
        if token:
            self._transport = Transport(address, check_token(token), proxy_for(address, environ))
        self._hurry = False

    def ask(
        self,
        method: str,
        what: str,
        body: Json | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        wait_s: float = 0.0,
    ) -> Answer:
        """Ask for `what` below the project's path, and give the answer, whatever its status.

        Raises `Lost`, or the error that tells why the server cannot have carried it out. `wait_s` is what the server
        was told to wait.
        """
        if self._transport is None:
            raise bad_token(self.address, f"wants a token, and {TOKEN} is not set")
        content = None if body is None else _encoded(body)
        more = {**(headers or {}), **({"Content-Type": "application/json"} if content is not None else {})}
        patience = _Patience(AFTER_LOSS_S if self._hurry else self.timeout_s + wait_s)
        self._hurry = False
        while True:
            answer = self._tried(patience, self._transport, (method, f"{self.address.path}/{what}"), content, more)
            if answer is not None:
                return answers.checked(self.address, answer)

    def read(self, what: str, *, headers: Mapping[str, str] | None = None, wait_s: float = 0.0) -> Answer:
        """Ask for something that changes nothing."""
        try:
            return self.ask("GET", what, headers=headers, wait_s=wait_s)
        except Lost as lost:
            raise lost.error from None

    def json_of(self, answer: Answer) -> Json:
        """The JSON of an answer."""
        return answers.json_of(self.address, answer)

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.close()

    def _tried(
        self, patience: "_Patience", transport: Transport, target: tuple[str, str], content: bytes | None, more: Any
    ) -> Answer | None:
        """The answer; None where it is worth another try, after a pause. Raises when patience is at its end."""
        self.journeys += 1
        try:
            answer = transport.exchange(*target, body=content, headers=more, until=patience.until)
        except Unsent as unsent:
            self._pause(patience, unreachable(self.address, str(unsent)), within_s=NO_CONNECTION_S)
        except Cut as cut:
            patience.seen = True
            self._pause(patience, unreachable(self.address, str(cut)))
        except Garbled as garbled:
            patience.seen, patience.failures = True, patience.failures + 1
            self._pause(patience, bad_answer(self.address, str(garbled)))
        else:
            if answer.status in BUSY and not answers.is_trouble(answer):
                patience.seen |= answer.status != BUSY[0] and answers.code_of(answer) not in _MEANT_TO_WAIT
                self._pause(patience, self._failure(answer), at_least_s=_retry_after_s(answer))
            elif answer.status in BROKEN_WAY:
                patience.seen, patience.failures = True, patience.failures + 1
                self._pause(patience, self._failure(answer))
            else:
                return answer
        return None

    def _pause(
        self, patience: "_Patience", error: CoordinautError, *, at_least_s: float = 0.0, within_s: float | None = None
    ) -> None:
        """Wait before the next try; raises the error, or `Lost`, where there is to be none."""
        if patience.failures < MOST_FAILURES and patience.pause(at_least_s, within_s):
            return
        if not patience.seen:
            raise error
        self._hurry = True
        raise Lost(error)

    def _failure(self, answer: Answer) -> CoordinautError:
        try:
            return answers.error_of(self.address, answers.checked(self.address, answer))
        except CoordinautError as error:
            return error


class _Patience:
    """How long one question may go on. `seen`: the server may have seen it."""

    def __init__(self, limit_s: float) -> None:
        self.began = time.monotonic()
        self.until = self.began + limit_s
        self.tries, self.failures, self.seen = 0, 0, False

    def pause(self, at_least_s: float, within_s: float | None) -> bool:
        """Wait a little, a little longer each time, by chance more or less; False where there is no time for it."""
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self.tries)
        pause_s = max(at_least_s, longest_s / 2) + longest_s / 2 * os.urandom(1)[0] / 255
        end = self.until if within_s is None or self.seen else min(self.until, self.began + within_s)
        if time.monotonic() + pause_s >= end:
            return False
        self.tries += 1
        time.sleep(pause_s)
        return True


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _retry_after_s(answer: Answer) -> float:
    """What the server asks for (RFC 9110, 10.2.3), in seconds; a date counts as one second."""
    text = answer.headers.get("retry-after", "0").strip()
    return float(text[:6]) if text.isascii() and text.isdecimal() else 1.0


def _timeout_s(environ: Mapping[str, str]) -> float:
    text = environ.get(TIMEOUT) or str(USUAL_TIMEOUT_S)
    try:
        timeout_s = float(text)
    except ValueError:
        timeout_s = 0.0
    if 0 < timeout_s <= LONGEST_TIMEOUT_S:
        return timeout_s
    raise invalid(
        "bad_setting", f"{TIMEOUT} is {text!r}, which is no number of seconds up to 600.", hint="Leave it out for 15."
    )
