"""Text from data, made safe to show.

Rule 1: every text that is not ours passes through `printable` or `path` before it reaches a terminal or a page.
Rule 2: what cannot be seen, or would move what is seen, becomes a visible escape; everything else stays as it is.
"""

import re

# C0, DEL, C1; Arabic letter mark, zero-width space, direction marks and overrides (UAX #9), line separators, word
# joiner and invisible operators, isolates, byte-order mark, surrogates, interlinear marks, tags. The joiners U+200C
# and U+200D stay: Persian, Hindi and family emoji are written with them.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_TO_QUOTE = re.compile(_UNSEEN.pattern + r'|["\\]')
_QUOTED = {0x07: "a", 0x08: "b", 0x09: "t", 0x0A: "n", 0x0B: "v", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


def printable(text: str, *, keep: str = "") -> str:
    r"""`text` with control characters, direction controls and lone surrogates as `\x1b`, `\u202e` and so on.

    Characters in `keep` (a line break, say) are left. A byte that was not UTF-8 (`surrogateescape`) shows as `\xff`.
    """
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def path(text: str) -> str:
    """A path, quoted as git quotes it (git-config(1), `core.quotePath`) where a character would not show plainly."""
    if not _TO_QUOTE.search(text) and text == text.strip():
        return text
    return '"' + _TO_QUOTE.sub(lambda found: _quote(found[0]), text) + '"'


def _escape(character: str) -> str:
    if _is_byte(character):
        return f"\\x{ord(character) & 0xFF:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _quote(character: str) -> str:
    octets = character.encode("utf-8", "surrogateescape" if _is_byte(character) else "surrogatepass")
    return "".join(f"\\{_QUOTED.get(octet) or format(octet, '03o')}" for octet in octets)


def _is_byte(character: str) -> bool:
    """Whether the character stands for a byte that was not UTF-8 (PEP 383)."""
    return "\udc80" <= character <= "\udcff"
