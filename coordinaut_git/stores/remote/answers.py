"""What the server's answers mean, and what went wrong, in words.

Rule 1: an answer counts only if it is marked as a coordinaut server's, of the format that this version speaks.
Rule 2: nothing that the server says reaches a person unless it is clean, and short.
"""

import json
from typing import Any

from coordinaut_git.documents import FORMAT
from coordinaut_git.errors import CoordinautError, Kind, contended, denied, environment, invalid, not_found
from coordinaut_git.stores.remote.address import TOKEN, Address
from coordinaut_git.stores.remote.transport import Answer

OK, CREATED = 200, 201
MISSING, CONFLICT, STALE = 404, 409, 412
BUSY = (429, 503)
BROKEN_WAY = (500, 502, 504)
_LONGEST = 300

Json = dict[str, Any]


def checked(address: Address, answer: Answer) -> Answer:
    """The answer, if a server of our kind and format gave it; raises what is wrong with it in words."""
    form = answer.headers.get("coordinaut-format")
    if form is None:
        raise _not_ours(address, answer)
    if form != str(FORMAT):
        raise _other_format(address, form, answer.headers.get("coordinaut-version", ""))
    return answer


def json_of(address: Address, answer: Answer) -> Json:
    """The JSON object of an answer; raises environment `bad_answer`."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise bad_answer(address, "it is compressed, which was not asked for")
    try:
        value = json.loads(answer.body)
    except RecursionError:
        raise bad_answer(address, "its JSON is nested too deep") from None
    except ValueError as error:
        raise bad_answer(address, f"it cannot be read ({clean(str(error), 80)})") from None
    if not isinstance(value, dict):
        raise bad_answer(address, "it is no JSON object")
    return value


def error_of(address: Address, answer: Answer) -> CoordinautError:
    """The error that an answer other than a success stands for."""
    match answer.status:
        case 401:
            return bad_token(address, "does not know the token")
        case 403:
            return denied(
                "forbidden",
                f"The token in {TOKEN} does not allow this in team {address.team} on {address.server}.",
                hint="Check the team's name. A token of the role read cannot write: ask whoever runs the server.",
                team=address.team,
                project=address.project,
            )
        case 413:
            return environment(
                "too_large",
                f"What is to be written is larger than {address.server} takes.",
                hint="Whoever runs it sets the bound: COORDINAUT_SERVER_MAX_BODY, and that of a proxy before it.",
            )
        case status if status in BUSY and not is_trouble(answer):
            return contended("remote_busy", f"{address.server} has too much to do now.", hint="Try again in a moment.")
        case status if 300 <= status < 400:  # noqa: PLR2004 - redirects
            return _redirected(address, answer)
    return _told(address, answer)


def code_of(answer: Answer) -> str:
    """The code of the error in an answer; empty where there is none."""
    return str(_error(answer).get("code", ""))


def is_trouble(answer: Answer) -> bool:
    """Whether the server says that its own machine or data is in trouble, which waiting does not change."""
    return _error(answer).get("kind") == Kind.ENVIRONMENT


def unreachable(address: Address, why: str) -> CoordinautError:
    """Nobody answers."""
    return contended(
        "remote_unreachable",
        f"The server {address.server} cannot be reached: {clean(why, 120)}.",
        hint="Nothing was changed. Check the network and the address; `coordinaut doctor` looks closer.",
        url=address.server,
    )


def bad_token(address: Address, why: str) -> CoordinautError:
    """The token is missing or wrong; says where it belongs, never what it is."""
    return denied(
        "bad_token",
        f"The server {address.server} {why}.",
        hint=f"Set {TOKEN} to the token that whoever runs the server gave you.",
        url=address.server,
    )


def bad_answer(address: Address, why: str) -> CoordinautError:
    """An answer that makes no sense."""
    return environment(
        "bad_answer",
        f"The answer of {address.server} makes no sense: {why}.",
        hint="Something between here and the server may have changed it. Try again; then ask whoever runs the server.",
        url=address.server,
    )


def no_project(address: Address) -> CoordinautError:
    """The project was never begun, or is gone."""
    return not_found(
        "no_project",
        f"There is no project {address.project} of team {address.team} on {address.server}.",
        hint="Check both names. `coordinaut init` begins a project.",
    )


def clean(text: str, longest: int = _LONGEST) -> str:
    """Text of somebody else's on one line: no control characters, not too long."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _error(answer: Answer) -> Json:
    try:
        found = json.loads(answer.body)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(address: Address, answer: Answer) -> CoordinautError:
    """What the server said in the project's own words."""
    error = _error(answer)
    kind, code, message = (error.get(key) for key in ("kind", "code", "message"))
    if not (isinstance(kind, str) and kind in set(Kind) and isinstance(code, str) and isinstance(message, str)):
        return environment(
            "server_failed",
            f"{address.server} answered with status {answer.status}.",
            hint="Its log tells more. Try again; then ask whoever runs the server.",
            status=answer.status,
        )
    if answer.status >= 500:  # noqa: PLR2004 - what the server itself is to blame for
        return environment(
            "server_failed",
            f"{address.server} could not do it: {clean(message)}",
            hint="Its log tells more. Try again; then ask whoever runs the server.",
            status=answer.status,
            serverCode=clean(code, 80),
        )
    hint = error.get("hint") or "Is the server of the same version as coordinaut here?"
    return CoordinautError(
        Kind(kind), clean(code, 80), f"{address.server} says: {clean(message)}", hint=clean(str(hint))
    )


def _not_ours(address: Address, answer: Answer) -> CoordinautError:
    """Somebody answers who is no coordinaut server: a proxy, a gateway, another site."""
    if answer.status in (401, 403, 413) or 300 <= answer.status < 400:  # noqa: PLR2004 - redirects
        return error_of(address, answer)
    if answer.status in (502, 503, 504):
        return unreachable(address, f"something before it answers with status {answer.status}")
    return invalid(
        "not_a_server",
        f"{address.server} answers with status {answer.status}, and is no coordinaut server.",
        hint="Check the address, with the path if the server has one behind a proxy: git config coordinaut.remoteUrl",
        url=address.server,
        status=answer.status,
    )


def _other_format(address: Address, form: str, version: str) -> CoordinautError:
    number = int(form) if form.isdecimal() and len(form) < 10 else 0  # noqa: PLR2004 - a small number
    runs = f" (coordinaut {clean(version, 30)})" if version else ""
    if number > FORMAT:
        return environment(
            "newer_format",
            f"The server {address.server}{runs} speaks format {number}, and coordinaut here format {FORMAT}.",
            hint="Update coordinaut-git here.",
            format=number,
        )
    return environment(
        "older_format",
        f"The server {address.server}{runs} speaks an older format than {FORMAT}, that of coordinaut here.",
        hint="Have the server updated, or use the version of coordinaut-git that it has.",
        format=number,
    )


def _redirected(address: Address, answer: Answer) -> CoordinautError:
    target = clean(answer.headers.get("location", "elsewhere"), 120)
    return invalid(
        "redirected",
        f"{address.server} sends us on to {target}, where the token does not go by itself.",
        hint="If that is the server, name it: git config coordinaut.remoteUrl",
        url=address.server,
    )
