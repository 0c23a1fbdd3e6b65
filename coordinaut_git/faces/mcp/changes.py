"""Tells clients when a resource that they watch has changed, whoever changed it and from wherever.

Rule 1: what is watched is looked at again when the line has moved, and every few seconds: a lease expires without a
        word. A client hears of it only if the document is another one.
Rule 2: nobody looks while nobody watches.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from mcp.server import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import (
    EmptyResult,
    InitializeRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from coordinaut_git.errors import CoordinautError
from coordinaut_git.faces.mcp.resources import fingerprint
from coordinaut_git.faces.mcp.warm import POLL_S, Kept, looked_up
from coordinaut_git.workspace import Workspace

Context = ServerRequestContext[Any, Any]

LOOK_AGAIN_S = 5.0
MOST_WATCHED = 1_024


class Changes:
    """Who watches what: by `subscriptions/listen` since 2026-07-28, by `resources/subscribe` before."""

    def __init__(self, here: Callable[[], Kept]) -> None:
        self._here = here
        self._bus = InMemorySubscriptionBus()
        self._listen = ListenHandler(self._bus)
        self._listened: Counter[str] = Counter()
        self._subscribed: dict[tuple[str, int], tuple[ServerSession, InitializeRequestParams | None]] = {}
        self._known: dict[str, str] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def listen(self, ctx: Context, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
        """One stream of changes, until the client ends it."""
        uris = list(params.notifications.resource_subscriptions or ())[:MOST_WATCHED]
        await self._watch(uris)
        self._listened.update(uris)
        try:
            return await self._listen(ctx, params)
        finally:
            self._listened.subtract(uris)

    async def subscribe(self, ctx: Context, params: SubscribeRequestParams) -> EmptyResult:
        """Watch one resource for a connection."""
        await self._watch([params.uri])
        while len(self._subscribed) >= MOST_WATCHED:
            self._subscribed.pop(next(iter(self._subscribed)))
        self._subscribed[self._key(ctx, params.uri)] = (ctx.session, ctx.session.client_params)
        return EmptyResult()

    async def unsubscribe(self, ctx: Context, params: UnsubscribeRequestParams) -> EmptyResult:
        """Watch it no more."""
        self._subscribed.pop(self._key(ctx, params.uri), None)
        return EmptyResult()

    @staticmethod
    def _key(ctx: Context, uri: str) -> tuple[str, int]:
        """A resource and a connection, which is told by what it said when it was opened."""
        return uri, id(ctx.session.client_params)

    @property
    def _watched(self) -> set[str]:
        return {uri for uri, count in self._listened.items() if count > 0} | {uri for uri, _ in self._subscribed}

    async def _watch(self, uris: list[str]) -> None:
        """Know how these are now, so that the first change is one, and see to it that somebody looks."""
        found = await self._looked(set(uris) - self._watched)
        self._known |= found
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._keep_looking())

    async def _looked(self, uris: set[str]) -> dict[str, str]:
        def look(workspace: Workspace) -> dict[str, str]:
            return {uri: fingerprint(workspace, uri) for uri in uris}

        try:
            return await self._here().run(look) if uris else {}
        except CoordinautError as error:
            return dict.fromkeys(uris, error.code)

    async def _keep_looking(self) -> None:
        head, looked_s = None, 0.0
        now_s = asyncio.get_running_loop().time
        while True:
            now, pause_s = await self._head()
            if self._watched and (now != head or now_s() - looked_s > LOOK_AGAIN_S):
                head, looked_s = now, now_s()
                await self._tell(await self._looked(self._watched))
            await asyncio.sleep(pause_s)

    async def _head(self) -> tuple[object, float]:
        try:
            return await self._here().run(looked_up) if self._watched else (None, POLL_S)
        except CoordinautError as error:
            return error.code, POLL_S

    async def _tell(self, found: dict[str, str]) -> None:
        changed = [uri for uri, text in found.items() if self._known.get(uri) != text]
        self._known = {uri: self._known.get(uri, "") for uri in found} | found
        for uri in changed:
            await self._bus.publish(ResourceUpdated(uri=uri))
            for (watched, _), (session, _) in list(self._subscribed.items()):
                if watched == uri:
                    await session.send_resource_updated(uri)
