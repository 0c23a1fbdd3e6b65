"""Requests about the storage that keeps the state, read and decided."""

from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.asking import Asker, Made, due_renewals
from coordinaut_git.protocol.ops import StateMoved
from coordinaut_git.protocol.refusals import Refusal, elsewhere


def not_here(asker: Asker, request: ask.Request) -> Refusal | None:
    """Why nothing can be changed in this storage: the state was moved away from it."""
    home, here = asker.state.home, asker.fresh.storage
    if home is None or not here or home.storage == here or _is_return(asker, request):
        return None
    return elsewhere(home, here)


def move(asker: Asker, request: ask.MoveState) -> Made:
    """The state moves; None where it is there already."""
    home = asker.state.home
    source = home.storage if home else asker.fresh.storage
    if source == request.to:
        return None
    change = StateMoved(
        from_=source,
        to=request.to or "",
        state_dir=request.state_dir,
        remote_url=request.remote_url,
        team=request.team,
        project=request.project,
    )
    return change, due_renewals(asker)


def _is_return(asker: Asker, request: ask.Request) -> bool:
    return isinstance(request, ask.MoveState) and request.to == asker.fresh.storage
