"""The small values of the protocol: instants, durations, ids, bounded text.

Instants are whole milliseconds since the epoch, written RFC 3339 in UTC; durations are whole milliseconds.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from coordinaut_git.errors import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)\Z")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

TITLE_CHARS = 200
NAME_CHARS = 64
TEXT_BYTES = 16 * 1024
LAST_INSTANT = 253_402_300_799_999  # the last millisecond of year 9999: RFC 3339 has four digits


class Instant(int):
    """Milliseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Instant":
        """Read RFC 3339; raises an invalid `CoordinautError`."""
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            when = None
        read = cls((when - _EPOCH).total_seconds() * 1000 + 0.5) if when and when.tzinfo else cls(-1)
        if not 0 <= read <= LAST_INSTANT:
            raise invalid(
                "bad_instant", f"{clip(text)!r} is not an instant.", hint="Write it as 2026-11-22T16:00:00.000Z."
            )
        return read

    def __str__(self) -> str:
        """RFC 3339 in UTC with milliseconds."""
        seconds, ms = divmod(int(self), 1000)
        return f"{_to_the_second(seconds)}.{ms:03d}Z"

    @property
    def day(self) -> str:
        """The UTC day as `YYYYMMDD`."""
        return datetime.fromtimestamp(int(self) // 1000, UTC).strftime("%Y%m%d")

    @property
    def compact(self) -> str:
        """For the name of a file or a ref: `20261122T160000Z`."""
        return f"{_to_the_second(int(self) // 1000).replace('-', '').replace(':', '')}Z"


@lru_cache(256)  # an operation writes one instant several times
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def duration_ms(text: str) -> int:
    """Read `90s`, `30m`, `2h`, `1d` or `500ms` as milliseconds; raises an invalid `CoordinautError`."""
    found = _DURATION.match(text)
    if not found:
        raise invalid("bad_duration", f"{clip(text)!r} is not a duration.", hint="Write it as 90s, 30m or 2h.")
    return int(found[1]) * _UNIT_MS[found[2]]


def clip(text: str, chars: int = 60) -> str:
    """The beginning of a text that is quoted in a message."""
    return text if len(text) <= chars else text[: chars - 1] + "…"


def one_line(text: str, chars: int = 120) -> str:
    """Any text as one clean line: control characters become spaces, long ones are cut."""
    return clip(" ".join(_CONTROL.sub(" ", text).split()), chars)


def listed(words: tuple[str, ...], shown: int = 3) -> str:
    """The first few of some words, and how many more there are."""
    more = f" and {len(words) - shown} more" if len(words) > shown else ""
    return " ".join(words[:shown]) + more


def check_identifier(what: str, text: str) -> str:
    """An id that may stand in headers, paths and trailers: ASCII letters, digits and `._:@+-`, at most 128."""
    if not _IDENTIFIER.match(text):
        raise invalid(
            "bad_identifier",
            f"{clip(text)!r} cannot be {what}.",
            hint="Use letters, digits and . _ : @ + -, starting with a letter or digit, at most 128.",
        )
    return text


def check_line(what: str, text: str, chars: int = TITLE_CHARS) -> str:
    """One line of text for people, not blank, without control characters, at most `chars` characters."""
    if not text.strip():
        raise invalid("empty_text", f"{_first(what)} is empty.", hint=f"Give {what} as one line of text.")
    if len(text) > chars:
        raise invalid("text_too_long", f"{_first(what)} has {len(text):,} characters; at most {chars} are kept.")
    if _CONTROL.search(text) or _SURROGATE.search(text):
        raise invalid(
            "control_character",
            f"{_first(what)} holds a line break, an escape or another control character.",
            hint=f"Give {what} as one plain line of Unicode text.",
        )
    return text


def check_text(what: str, text: str) -> str:
    """Free text, several lines allowed, at most 16 KiB of UTF-8, without NUL or lone surrogates."""
    if not text.strip():
        raise invalid("empty_text", f"{_first(what)} is empty.")
    if "\0" in text or _SURROGATE.search(text):
        raise invalid("control_character", f"{_first(what)} holds a NUL or bytes that are not UTF-8.")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise invalid("text_too_long", f"{_first(what)} has {size:,} bytes; at most {TEXT_BYTES:,} are kept.")
    return text


def _first(what: str) -> str:
    """What a sentence begins with."""
    return what[:1].upper() + what[1:]
