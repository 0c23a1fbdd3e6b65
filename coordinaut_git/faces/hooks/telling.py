"""What hooks say, on standard error: standard output may be somebody else's."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Print a text, whatever it holds; a stream that is closed stops nothing."""
    with suppress(OSError):
        sys.stderr.buffer.write(text.rstrip("\n").encode("utf-8", "backslashreplace") + b"\n")
        sys.stderr.flush()
