"""What a scope pattern means, said a second time and in another way: as one regular expression for whole paths.

Rule 1: nothing here is shared with `coordinaut_git`; a class is judged as the loop of git's `wildmatch.c` judges it.
"""

import re
import string
from functools import cache
from itertools import product

ALPHABET = [chr(code) for code in range(1, 128) if chr(code) != "/"] + [
    "¡",
    "é",
    "É",
    "字",
    "\U0001f642",
    "\udc80",
    "\udcff",
]
NAMED = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, range(1, 32))) + "\x7f",
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": " \t\n\r",
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


def covered(pattern: str, path: str, *, fold: bool = False, directory: bool = False) -> bool:
    """Whether `pattern` covers `path`, the slow way."""
    names = path.split("/")
    if any(name.lower() in {"", ".", "..", ".git"} for name in names):
        return False
    subject = path.translate(_LOWER) if fold else path
    if _regex(pattern, fold).fullmatch(subject):
        return True
    return (
        directory and pattern.endswith("/") and _regex(pattern[:-1] + "\0", fold).fullmatch(subject + "\0") is not None
    )


def paths(names: list[str], depth: int) -> list[str]:
    """Every path of at most `depth` of these names."""
    return ["/".join(choice) for length in range(1, depth + 1) for choice in product(names, repeat=length)]


def words(letters: str, length: int) -> list[str]:
    """Every word of at most `length` of these letters."""
    return ["".join(choice) for size in range(1, length + 1) for choice in product(letters, repeat=size)]


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@cache
def _regex(pattern: str, fold: bool) -> re.Pattern[str]:
    exact = pattern.endswith("\0")
    only_below = pattern.endswith("/")
    parts = pattern.rstrip("\0").rstrip("/").split("/")
    out = ""
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if re.fullmatch(r"\*\*+", part):
            out += r"[^/\0]+(?:/[^/\0]+)*" if last else "(?:[^/]+/)*"
        else:
            out += _one(part, fold) + ("" if last else "/")
    return re.compile(out + ("\0" if exact else "/.+" if only_below else "(?:/.+)?"), re.DOTALL)


def _one(part: str, fold: bool) -> str:
    out, at = "", 0
    while at < len(part):
        char = part[at]
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            end = _class_end(part, at)
            inside = part[at:end]
            members = [c for c in ALPHABET if _in_class(inside, c, fold)]
            out += "(?:" + "|".join(map(re.escape, members)) + ")" if members else "(?!)"
            at = end - 1
        else:
            if char == "\\":
                at += 1
                char = part[at]
            out += re.escape(char.translate(_LOWER) if fold else char)
        at += 1
    return "(?=[^/])" + out


def _class_end(part: str, at: int) -> int:
    return next(end for end in range(at + 2, len(part) + 1) if _steps(part[at:end]) is not None)


def _in_class(text: str, char: str, fold: bool) -> bool:
    negated, members = _steps(text) or (False, [])
    forms = {char.lower(), char.upper()} if fold and char.isascii() else {char}
    return any(low <= form <= high for low, high in members for form in forms) != negated


@cache
def _steps(text: str) -> tuple[bool, list[tuple[str, str]]] | None:
    """The members of a bracket expression that ends exactly at the end of `text`; None if it does not."""
    rest = list(text[1:])
    negated = rest[:1] in (["!"], ["^"])
    rest = rest[1:] if negated else rest
    members: list[tuple[str, str]] = []
    first = True
    while rest:
        char = rest.pop(0)
        if char == "]" and not first:
            return None if rest else (negated, members)
        first = False
        joined = "".join(rest)
        if char == "[" and (named := re.match(r":([a-z]+):\]", joined)):
            members += [(c, c) for c in NAMED[named[1]]]
            del rest[: named.end()]
            continue
        if char == "\\":
            char = rest.pop(0) if rest else ""
        high = char
        if len(rest) > 1 and rest[0] == "-" and rest[1] != "]":
            del rest[0]
            high = rest.pop(0)
            if high == "\\":
                high = rest.pop(0) if rest else ""
        members.append((char, high))
    return None
