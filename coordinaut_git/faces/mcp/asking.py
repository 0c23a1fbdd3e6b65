"""Questions to the person behind a client: why an expired claim of somebody else may be ended.

Rule 1: only a client that says it can ask is asked, in the words of its protocol: since 2026-07-28 the question is the
        answer to the call, which the client then repeats; before, it is a request of ours in the middle of the call.
Rule 2: whoever declines, or says nothing, leaves the refusal as it was.
"""

from typing import Any

from mcp.server import ServerRequestContext
from mcp_types import CallToolRequestParams, ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from coordinaut_git.errors import CoordinautError

Context = ServerRequestContext[Any, Any]

CODE, PARAMETER = "takeover_needs_reason", "takeoverReason"
_KEY = "takeover"
_SCHEMA = {
    "type": "object",
    "properties": {
        PARAMETER: {"type": "string", "title": "Why it may be taken over", "minLength": 1, "maxLength": 200}
    },
    "required": [PARAMETER],
}


def answered(params: CallToolRequestParams) -> dict[str, Any]:
    """The arguments of a call, with what was asked in the round before it."""
    arguments = dict(params.arguments or {})
    said = (params.input_responses or {}).get(_KEY)
    return arguments | (_reason(said) if isinstance(said, ElicitResult) else {})


async def asked(
    ctx: Context, params: CallToolRequestParams, error: CoordinautError
) -> InputRequiredResult | dict[str, Any] | None:
    """A question to send back, or the arguments with the answer; None where nobody can be asked, or said no."""
    if error.code != CODE or not _can_ask(ctx) or (params.input_responses or {}).get(_KEY):
        return None
    question = ElicitRequestFormParams(message=error.message, requested_schema=_SCHEMA)
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return InputRequiredResult(input_requests={_KEY: ElicitRequest(params=question)})
    said = await ctx.session.elicit_form(question.message, _SCHEMA, related_request_id=ctx.request_id)
    reason = _reason(said)
    return dict(params.arguments or {}) | reason if reason else None


def _can_ask(ctx: Context) -> bool:
    capabilities = ctx.session.client_capabilities
    offered = capabilities.elicitation if capabilities else None
    if offered is None or (offered.form is None and offered.url is not None):
        return False
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.can_send_request


def _reason(said: ElicitResult) -> dict[str, Any]:
    content = said.content or {}
    return {PARAMETER: content[PARAMETER]} if said.action == "accept" and content.get(PARAMETER) else {}
