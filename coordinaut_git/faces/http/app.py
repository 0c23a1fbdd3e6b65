"""The application: from the table of routes to ASGI.

Rule 1: the order at the door is the same for every route: method, token, team and role, names, precondition,
        parameters, body. Whoever is turned away at one step learns nothing of the next.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from anyio import create_task_group
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.http.backups import Backups
from coordinaut_git.faces.http.calls import Call, body_of, only_while_running, query_of
from coordinaut_git.faces.http.edge import Edge, answering, nothing_there
from coordinaut_git.faces.http.health import Health
from coordinaut_git.faces.http.host import Host
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.models import Asked
from coordinaut_git.faces.http.problems import bad_method, forbidden, no_route, unauthorized
from coordinaut_git.faces.http.projects import Projects
from coordinaut_git.faces.http.settings import Settings
from coordinaut_git.faces.http.shelf import Shelf
from coordinaut_git.faces.http.table import TABLE, Access, Condition, Route
from coordinaut_git.faces.http.tokens import Grant, Tokens
from coordinaut_git.faces.http.values import expected_head, is_name
from coordinaut_git.faces.http.watching import look_around

Methods = Mapping[str, Route]
Starting = Callable[[Host], Awaitable[None]]


class Application:
    """The server's ASGI application; `host` is there from its start."""

    def __init__(self, settings: Settings, tokens: Tokens, shelf: Shelf, log: Log) -> None:
        self._settings, self._tokens, self._shelf, self._log = settings, tokens, shelf, log
        self.host: Host | None = None

    def asgi(self) -> ASGIApp:
        """What a server of ASGI runs."""
        paths = {route.path: {one.method: one for one in TABLE if one.path == route.path} for route in TABLE}
        routes = [
            StarletteRoute(path, answering(self._log, self._endpoint(methods)), methods=None)
            for path, methods in paths.items()
        ]
        for route in routes:
            route.methods = None  # all of them: the endpoint tells them apart
        app = Starlette(routes=routes, exception_handlers={HTTPException: nothing_there}, lifespan=self._lifespan)
        app.router.redirect_slashes = False
        return Edge(app, self._log, most=self._settings.most_requests)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        del app
        settings = self._settings
        projects = Projects(self._shelf, threads=settings.threads, most_open=settings.most_open)
        health = Health(projects, self._log)
        self.host = Host(
            settings=settings,
            tokens=self._tokens,
            projects=projects,
            health=health,
            backups=Backups(settings.data_dir / "backups"),
            log=self._log,
        )
        async with create_task_group() as group:
            group.start_soon(look_around, projects, self._log)
            yield
            projects.news.end()
            group.cancel_scope.cancel()
        await projects.close()

    def _endpoint(self, methods: Methods) -> Callable[[Request], Awaitable[Response]]:
        allowed = ", ".join(sorted({*methods, "OPTIONS", *({"HEAD"} if "GET" in methods else set())}))

        async def endpoint(request: Request) -> Response:
            assert self.host
            method = "GET" if request.method == "HEAD" else request.method
            if method == "OPTIONS":
                return Response(status_code=204, headers={"allow": allowed})
            if method not in methods:
                raise bad_method(allowed)
            route = methods[method]
            request.scope["coordinaut"]["route"] = route.path
            return await route.handler(await _call(request, route, self.host))

        return endpoint


async def _call(request: Request, route: Route, host: Host) -> Call:
    """What the route is given, after all checks."""
    if route.access == Access.OPEN:
        return Call(request=request, host=host)
    team, project = request.path_params["team"], request.path_params["project"]
    grant = _admitted(request, route, host, team)
    if not is_name(team) or not is_name(project):
        raise no_route()
    request.scope["coordinaut"].update(team=team, project=project)
    only_while_running(host)
    _check_condition(request, route)
    return Call(
        request=request,
        host=host,
        team=team,
        project=project,
        grant=grant,
        query=await query_of(request, route.query or Asked),
        body=await body_of(request, route.body, host) if route.body else None,
    )


def _admitted(request: Request, route: Route, host: Host, team: str) -> Grant:
    _look_at_tokens(host)
    grant = host.grant(request.headers.get("authorization"))
    if grant is None:
        raise unauthorized()
    if not (grant.writes(team) if route.access == Access.WRITE else grant.reads(team)):
        raise forbidden()
    return grant


def _look_at_tokens(host: Host) -> None:
    """Take up a file of tokens that has changed; one that is wrong is told in the log, and what was goes on."""
    try:
        host.tokens.refresh()
    except CoordinautError as error:
        host.log.trouble(error)


def _check_condition(request: Request, route: Route) -> None:
    if route.condition == Condition.NONE:
        return
    if route.condition == Condition.MATCH_OR_BEGIN and request.headers.get("if-none-match", "").strip() == "*":
        return
    expected_head(request.headers.get("if-match"))
