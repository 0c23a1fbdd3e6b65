"""Texts about whose signatures a team asks for."""

from coordinaut_git.render.grid import Cell, Column, grid
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.words import text

_SIGNERS = (Column(title="Signer", gives="wrap"), Column(title="Key", gives="cut"))


def render_signers(result: Result, look: Look) -> str:
    """Who they are, and whether this clone signs."""
    if not result["signers"]:
        said = "No signatures are asked for any more." if result["changed"] else "The team asks for no signatures."
        return f"{said}\n" + ("What this clone publishes is signed all the same.\n" if result["signing"] else "")
    rows = [(Cell(text(one["name"])), Cell(text(one["key"]))) for one in result["signers"]]
    sign = "This clone signs what it publishes." if result["signing"] else _NOT_YET
    return grid(_SIGNERS, rows, look) + f"\n{sign}\n"


_NOT_YET = "This clone does not sign yet: `git config coordinaut.sign true`"
