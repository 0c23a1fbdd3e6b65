"""What anybody may ask: what this is, how it is, and how it is spoken to.

Rule 1: nothing here tells of a team, a project or a token.
"""

from starlette.responses import HTMLResponse, Response

from coordinaut_git import __version__
from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.calls import Call

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>coordinaut-server</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}</style>
</head>
<body>
<h1>coordinaut-server</h1>
<p>This server keeps the tasks, leases and messages of coding agents for their teams, version {version}.
There is nothing to see here without a token.</p>
<p>Set up a repository: <code>coordinaut init --storage remote --remote-url … --team … --project …</code></p>
<p><a href="openapi.json">The API</a> · <a href="health">Health</a></p>
</body>
</html>
"""


async def page(call: Call) -> Response:
    """A short page that says what this is."""
    del call
    return HTMLResponse(PAGE.format(version=__version__))


async def openapi(call: Call) -> Response:
    """The description of the API."""
    from coordinaut_git.faces.http.openapi import description  # it reads the table, which names this function

    return answer(description(call.request.scope.get("root_path", "")))


async def health(call: Call) -> Response:
    """200, or 503 with the reason why it cannot work."""
    report = await call.host.health.report()
    return answer(report, 200 if report["ok"] else 503)
