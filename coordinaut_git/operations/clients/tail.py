"""A part of ours at the end of somebody's text, and how it is taken out again.

Rule 1: what `appended` did, `cut` undoes to the byte, with no memory but the text: an empty line is before our part; it
        ends with a line break where the text did, or where there was no file, and with none where there was none.
"""


def appended(text: str | None, part: str) -> str:
    """The text with a part after it; the part has plain line breaks and ends with one. None: there is no file."""
    if text is None:
        return part
    line = line_end(text)
    ours = part.replace("\n", line)
    if not text:
        return ours.removesuffix(line)
    return f"{text}{line}{ours}" if text.endswith("\n") else f"{text}{line}{line}{ours.removesuffix(line)}"


def cut(text: str, begin: int, end: int, *, blank: bool = True) -> str:
    """The text without a span of whole lines, and without the empty line before it if `blank`."""
    before, after = text[:begin], text[end:]
    shorter = _without_break(before)
    if blank and not after and not text.endswith("\n"):
        return _without_break(shorter)
    return (shorter if blank and shorter.endswith("\n") else before) + after


def line_end(text: str) -> str:
    """How the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def _without_break(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
