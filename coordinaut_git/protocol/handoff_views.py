"""The outside form of handoffs.

Rule 1: as in `views`: JSON objects with every name of CONTRACT, null where there is nothing.
"""

from itertools import chain

from coordinaut_git.protocol.model import Handoff, HandoffStatus
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.views import Json


def handoff_form(handoff: Handoff) -> Json:
    """CONTRACT's Handoff, with the names of both agents, the lease's mode, and when it ended."""
    return {
        "id": handoff.id,
        "taskId": handoff.task_id,
        "displayId": handoff.display_id,
        "requester": handoff.requester,
        "requesterAgent": handoff.requester_agent,
        "owner": handoff.owner,
        "ownerAgent": handoff.owner_agent,
        "files": list(handoff.files),
        "mode": str(handoff.mode),
        "reason": handoff.reason,
        "status": str(handoff.status),
        "response": handoff.response,
        "at": str(handoff.at),
        "respondedAt": str(handoff.responded_at) if handoff.responded_at else None,
        "endedAt": str(handoff.ended_at) if handoff.ended_at else None,
    }


def handoffs_view(state: State, task_id: str | None, instance: str | None, status: HandoffStatus | None) -> Json:
    """`{"handoffs"}`: those that fit, what is pending first, oldest first, then what has ended, newest first."""
    every = chain(state.pending_handoffs(), state.ended_handoffs())
    return {"handoffs": [handoff_form(one) for one in every if _fits(one, task_id, instance, status)]}


def _fits(handoff: Handoff, task_id: str | None, instance: str | None, status: HandoffStatus | None) -> bool:
    return (
        task_id in {None, handoff.task_id}
        and instance in {None, handoff.requester, handoff.owner}
        and status in {None, handoff.status}
    )
