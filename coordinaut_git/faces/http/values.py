"""Small values of the outside: names, entity tags, numbers in an address."""

import re

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.problems import bad_value, head_needed
from coordinaut_git.wire import NAME

_NAME = re.compile(NAME)
_TAG = re.compile(r'\s*(W/)?"([^"\x00-\x20\x7f]*)"\s*')


def is_name(text: str) -> bool:
    """Whether a team or a project can be called so."""
    return _NAME.fullmatch(text) is not None


def folder_name(name: str) -> str:
    """A name as a folder's, also where the file system does not tell capital letters from small ones."""
    return "".join(f"+{character.lower()}" if character.isupper() else character for character in name)


def tags(header: str) -> list[tuple[bool, str]]:
    """The entity tags of a header, each with whether it is weak; raises 422 for what is no list of them."""
    found, at = [], 0
    while match := _TAG.match(header, at):
        found.append((match[1] is not None, match[2]))
        at = match.end()
        if at == len(header):
            return found
        if header[at] != ",":
            break
        at += 1
    raise bad_value("an entity tag", 'it stands in double quotes, as in "<head>"')


def expected_head(header: str | None) -> Head:
    """The head that a write builds on; raises 428 where none is named.

    RFC 9110, 13.1.1: weak tags never match. `*` names no head.
    """
    if header is None or header.strip() == "*":
        raise head_needed()
    strong = [tag for weak, tag in tags(header) if not weak]
    return Head(strong[0] if len(strong) == 1 else "")


def is_held(header: str | None, head: Head) -> bool:
    """Whether a client has this point already, by its If-None-Match (RFC 9110, 13.1.2)."""
    if header is None:
        return False
    return header.strip() == "*" or any(tag == head for _, tag in tags(header))
