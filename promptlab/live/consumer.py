"""The socket of a live page: who may see it, what changed, and how often it is told."""

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
from django.db import InterfaceError, OperationalError
from django.http import Http404, QueryDict
from django.utils import translation

from promptlab.accounts.admission import admit, renewed
from promptlab.live.hub import hub
from promptlab.live.page import LivePage, Ring
from promptlab.ui.parameters import Parameters

log = logging.getLogger(__name__)

HEARTBEAT = 5.0
"""Seconds after which the page is looked at again without a ring: silence is news, too, and
whoever may not read it any more is sent away then at the latest."""
NOT_ALLOWED = 4403
"""Close code after which the page does not connect again by itself; 1000 would look like an end."""
BROKEN = 1011
TRY_AGAIN = 1013
"""Close codes after which the page does."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
"""Seconds between attempts while the database is away."""

_NO_DATABASE = (OperationalError, InterfaceError)


class LiveConsumer(AsyncWebsocketConsumer):
    """Sends the parts of one page that changed, rendered for one reader.

    `opens` makes the page: `LiveConsumer.as_asgi(opens=LiveRun)`.
    """

    def __init__(self, opens: Callable[..., LivePage]) -> None:
        super().__init__()
        self._opens = opens

    async def connect(self) -> None:
        self.wake = asyncio.Event()
        self.rings: tuple[Ring, ...] = ()
        self.sending: asyncio.Task[None] | None = None
        await self.accept()
        try:
            rings = await database_sync_to_async(self._open)()
        except (Http404, PermissionDenied, SuspiciousOperation):
            await self.close(NOT_ALLOWED)
            return
        except _NO_DATABASE as error:
            log.warning("A live page cannot be opened: %s", error)
            await self.close(TRY_AGAIN)
            return
        self.rings = rings
        for topic, ref in rings:
            await hub().join(topic, ref, self.channel_name)
        self.sending = asyncio.create_task(self._send_changes())

    async def disconnect(self, code: int) -> None:
        for topic, ref in self.rings:
            await hub().leave(topic, ref, self.channel_name)
        if self.sending is not None and self.sending is not asyncio.current_task():
            self.sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.sending

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The page has nothing to say here; actions are ordinary posts."""

    async def doorbell_rang(self, message: dict[str, Any]) -> None:
        self.wake.set()

    async def _send_changes(self) -> None:
        """An open socket is one that is told of changes: what ends this, ends the socket."""
        try:
            await self._watch()
        except (Http404, PermissionDenied):
            await self.close(NOT_ALLOWED)
        except Exception:
            log.exception("A live page broke")
            await self.close(BROKEN)

    async def _watch(self) -> None:
        """First the whole page; then what changed, gathered into few frames."""
        rang, wait = True, FIRST_WAIT
        while True:
            self.wake.clear()
            try:
                frame = await database_sync_to_async(self._frame)(rang)
            except _NO_DATABASE as error:
                log.warning("A live page waits %.1f s for the database: %s", wait, error)
                self.page.forget()
                await asyncio.sleep(wait)
                rang, wait = True, min(2 * wait, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            if frame:
                await self.send(frame)
            await asyncio.sleep(self.page.gather)
            rang = await self._rings(within=HEARTBEAT - self.page.gather)

    async def _rings(self, within: float) -> bool:
        """Whether the doorbell rings in that many seconds."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.wake.wait(), within)
        return False

    def _open(self) -> tuple[Ring, ...]:
        """The rings to listen to, for a reader who may see the page."""
        route = dict(self.scope["url_route"]["kwargs"])
        self.admission = admit(self.scope["session"], route.pop("project"))
        self.language = language_of(self.scope)
        asked = Parameters(QueryDict(self.scope["query_string"]))
        self.page = self._opens(project=self.admission.project, asked=asked, **route)
        return tuple(self.page.rings())

    def _frame(self, rang: bool) -> str:
        """What changed, in the reader's language."""
        with translation.override(self.language):
            return self._changes(rang)

    def _changes(self, rang: bool) -> str:
        """Whether its reader may see it is asked last, right before it is sent."""
        frame = self.page.changes(self.admission.role) if rang or self.page.goes_on else ""
        before, self.admission = self.admission, renewed(self.admission)
        if self.admission.role is before.role:
            return frame
        self.page.forget()
        return self.page.changes(self.admission.role)


def language_of(scope: Any) -> str:
    """The language that a page of the same browser has."""
    # No language is in a query, and an odd one cannot be read.
    asked = {**scope, "type": "http", "method": "GET", "query_string": b""}
    request = ASGIRequest(asked, io.BytesIO())
    return translation.get_language_from_request(request)
