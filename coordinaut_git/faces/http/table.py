"""ONE table of the routes: method, path, who may, what is asked, what is answered.

Rule 1: a route exists because it stands here. The dispatch, the checks at the door and the description of the API are
        grown from this table.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel
from starlette.responses import Response

from coordinaut_git.faces.http import (
    models,
    route_backups,
    route_config,
    route_events,
    route_messages,
    route_open,
    route_state,
    route_transactions,
)
from coordinaut_git.faces.http.calls import Call

Handler = Callable[[Call], Awaitable[Response]]
PROJECT = "/v1/teams/{team}/projects/{project}"


class Access(StrEnum):
    """Who may ask."""

    OPEN = "open"
    READ = "read"
    WRITE = "write"


class Condition(StrEnum):
    """What a write must say it builds on."""

    NONE = "none"
    MATCH = "match"
    MATCH_OR_BEGIN = "match or begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path. `given` tells the model of each answer that is a success, None for one without a body."""

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str
    given: Mapping[int, type[BaseModel] | None]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    condition: Condition = Condition.NONE
    conditional: bool = False
    problems: tuple[int, ...] = field(default=())
    media: tuple[str, ...] = ("application/json",)


TABLE: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/",
        handler=route_open.page,
        access=Access.OPEN,
        summary="A page for people.",
        given={200: None},
        media=("text/html",),
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=route_open.openapi,
        access=Access.OPEN,
        summary="This description.",
        given={200: models.Description},
    ),
    Route(
        method="GET",
        path="/health",
        handler=route_open.health,
        access=Access.OPEN,
        summary="Whether the server can do its work.",
        given={200: models.HealthGiven, 503: models.HealthGiven},
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/state",
        handler=route_state.get,
        access=Access.READ,
        summary="The whole state of a project, at its newest point or an earlier one.",
        query=models.StateAsked,
        given={200: models.StateGiven, 304: None},
        conditional=True,
    ),
    Route(
        method="PUT",
        path=f"{PROJECT}/state",
        handler=route_state.put,
        access=Access.WRITE,
        summary="Begin a project, or add lawful operations to it; what is there already is left as it is.",
        body=models.StateSent,
        condition=Condition.MATCH_OR_BEGIN,
        given={200: models.HeadGiven, 201: models.HeadGiven},
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/events",
        handler=route_events.get,
        access=Access.READ,
        summary="What happened, page by page; waits for news, or streams it, if asked to.",
        query=models.EventsAsked,
        given={200: models.EventsGiven},
        media=("application/json", "text/event-stream"),
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/events",
        handler=route_events.post,
        access=Access.WRITE,
        summary="Add one operation, judged by the protocol here.",
        body=models.EventSent,
        condition=Condition.MATCH,
        given={200: models.EventGiven, 201: models.EventGiven},
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/messages",
        handler=route_messages.get,
        access=Access.READ,
        summary="What agents said to each other.",
        query=models.MessagesAsked,
        given={200: models.MessagesGiven},
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/messages",
        handler=route_messages.post,
        access=Access.WRITE,
        summary="Say something; If-Match may be left out.",
        body=models.MessageSent,
        given={201: models.MessageGiven},
        problems=(412,),
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/config",
        handler=route_config.get,
        access=Access.READ,
        summary="The project's own settings.",
        given={200: models.ConfigModel, 304: None},
        conditional=True,
    ),
    Route(
        method="PUT",
        path=f"{PROJECT}/config",
        handler=route_config.put,
        access=Access.WRITE,
        summary="Set the project's own settings.",
        body=models.ConfigModel,
        condition=Condition.MATCH_OR_BEGIN,
        given={200: models.ConfigModel, 201: models.ConfigModel},
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/backups",
        handler=route_backups.post,
        access=Access.WRITE,
        summary="Keep the whole line in a file of its own on the server.",
        body=models.BackupSent,
        given={201: models.BackupGiven},
        problems=(409,),
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/backups",
        handler=route_backups.get,
        access=Access.READ,
        summary="The backups there are, newest first.",
        given={200: models.BackupsGiven},
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/backups/{{backup}}",
        handler=route_backups.get_one,
        access=Access.READ,
        summary="One backup; PUT state of a project that is not there yet restores it.",
        given={200: models.BackupContent},
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/transactions",
        handler=route_transactions.post,
        access=Access.WRITE,
        summary="Add one operation with the documents that it changes, decided by the client.",
        body=models.TransactionSent,
        condition=Condition.MATCH,
        given={200: models.TransactionGiven, 201: models.TransactionGiven},
        problems=(409,),
    ),
)
