"""`backups`: make one, list them, take one home."""

from starlette.responses import Response, StreamingResponse

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.answers import JSON_TYPE, answer
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Json
from coordinaut_git.faces.http.models import BackupSent
from coordinaut_git.faces.http.problems import no_backup
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.faces.http.values import is_name


async def post(call: Call) -> Response:
    """201 and the backup's facts."""
    sent, backups = call.sent(BackupSent), call.host.backups

    def make(line: Line) -> Json:
        head, now = Head(sent.head) if sent.head else line.head(), line.clock.now()
        name = sent.label or f"{now.compact}-{head[:12]}"
        return backups.make(call.place, line.store, head, name, str(now))

    return answer(await call.read(make), 201)


async def get(call: Call) -> Response:
    """Their facts, newest first."""
    await call.read(Line.head)  # 404 for a project that is not there
    return answer({"backups": await call.projects.thread(lambda: call.host.backups.list(call.place))})


async def get_one(call: Call) -> Response:
    """One backup, as it was made."""
    name = call.request.path_params["backup"]
    if not is_name(name):
        raise no_backup(name)
    pieces = await call.projects.thread(lambda: call.host.backups.read(call.place, name))
    return StreamingResponse(pieces, media_type=JSON_TYPE)
