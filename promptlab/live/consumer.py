"""The socket of a live page: who may see it, and into which room its reader goes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, QueryDict
from django.utils import translation

from promptlab.accounts.admission import admit
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage
from promptlab.live.room import NO_DATABASE, NOT_ALLOWED, TRY_AGAIN, Opened, Watcher, rooms
from promptlab.ui.parameters import Parameters

log = logging.getLogger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):
    """Sends the parts of one page that changed.

    `opens` makes the page: `LiveConsumer.as_asgi(opens=LiveRun)`.
    """

    def __init__(self, opens: Callable[..., LivePage]) -> None:
        super().__init__()
        self._opens = opens

    async def connect(self) -> None:
        self.watcher: Watcher | None = None
        self.delivering: asyncio.Task[None] | None = None
        await self.accept()
        try:
            opened, watcher = await database_sync_to_async(self._open)()
        except (Http404, PermissionDenied, SuspiciousOperation):
            await self.close(NOT_ALLOWED)
            return
        except NO_DATABASE as error:
            log.warning("A live page cannot be opened: %s", error)
            await self.close(TRY_AGAIN)
            return
        self.watcher = watcher
        self.delivering = asyncio.create_task(watcher.deliver(self.send, self.close))
        rooms().enter(opened, watcher)

    async def disconnect(self, code: int) -> None:
        if self.watcher is not None:
            await rooms().leave(self.watcher)
        if self.delivering is not None and self.delivering is not asyncio.current_task():
            self.delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.delivering

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The page has nothing to say here; actions are ordinary posts."""

    def _open(self) -> tuple[Opened, Watcher]:
        """The page for a reader who may see it, and the reader."""
        route = dict(self.scope["url_route"]["kwargs"])
        admission = admit(self.scope["session"], route.pop("project"))
        query, language = self.scope["query_string"], language_of(self.scope)
        key = (self._opens, admission.project.pk, *route.items(), query, language)

        def page() -> LivePage:
            asked = Parameters(QueryDict(query))
            return self._opens(project=admission.project, asked=asked, **route)

        first = page()
        rings = tuple(first.rings())

        def again(role: Role) -> Opened:
            return Opened(key, page(), rings, language)

        return Opened(key, first, rings, language), Watcher(admission, again)


def language_of(scope: Any) -> str:
    """The language that a page of the same browser has."""
    # No language is in a query, and an odd one cannot be read.
    asked = {**scope, "type": "http", "method": "GET", "query_string": b""}
    request = ASGIRequest(asked, io.BytesIO())
    return translation.get_language_from_request(request)
