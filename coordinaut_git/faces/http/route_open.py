"""What anybody may ask: how the server is."""

from starlette.responses import Response

from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.calls import Call


async def health(call: Call) -> Response:
    """200, or 503 with the reason why it cannot work."""
    report = await call.host.health.report()
    return answer(report, 200 if report["ok"] else 503)
