"""Which text belongs to which operation: the one list that a face asks.

Rule 1: a renderer takes the `result` of the JSON form and a `Look`, and gives text that ends in a line break.
"""

from collections.abc import Mapping

from coordinaut_git.render.attribution import render_git_identity, render_git_identity_reset, render_hooks
from coordinaut_git.render.clients import render_mcp_config
from coordinaut_git.render.commits import render_range
from coordinaut_git.render.findings import (
    render_conflicts,
    render_event,
    render_events,
    render_verify,
    render_waited,
)
from coordinaut_git.render.handoffs import render_answered, render_handoffs, render_requested
from coordinaut_git.render.look import Renderer
from coordinaut_git.render.outcomes import (
    render_claim,
    render_heartbeat,
    render_init,
    render_release,
    render_snapshot,
)
from coordinaut_git.render.people import render_inbox, render_inbox_read, render_message, render_presence
from coordinaut_git.render.signers import render_signers
from coordinaut_git.render.story import render_explain
from coordinaut_git.render.tasks import render_created, render_list, render_mine, render_status, render_task
from coordinaut_git.render.team import render_sync, render_sync_line
from coordinaut_git.render.upkeep import render_doctor, render_migrate

RENDERERS: Mapping[str, Renderer] = {
    "init": render_init,
    "status": render_status,
    "list": render_list,
    "create": render_created,
    "claim": render_claim,
    "update": render_task,
    "heartbeat": render_heartbeat,
    "release": render_release,
    "mine": render_mine,
    "conflicts": render_conflicts,
    "verify-worktree": render_verify,
    "verify-commit": render_verify,
    "verify-commit-range": render_range,
    "watch": render_events,
    "wait": render_waited,
    "snapshot": render_snapshot,
    "doctor": render_doctor,
    "migrate": render_migrate,
    "message": render_message,
    "inbox": render_inbox,
    "inbox-read": render_inbox_read,
    "presence": render_presence,
    "explain": render_explain,
    "handoff request": render_requested,
    "handoff respond": render_answered,
    "handoff list": render_handoffs,
    "git-identity": render_git_identity,
    "git-identity-reset": render_git_identity_reset,
    "install-hooks": render_hooks,
    "mcp-config": render_mcp_config,
    "sync": render_sync,
    "signers": render_signers,
}

STREAMED: Mapping[str, Renderer] = {"watch": render_event, "sync": render_sync_line}
"""One piece of what an operation answers bit by bit."""
