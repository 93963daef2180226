"""The live run page: who may see it, what changed, and how often it is told."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied
from django.http import Http404

from promptlab.accounts.access import project_for
from promptlab.runs.hub import hub
from promptlab.runs.live import LivePage
from promptlab.runs.models import Launch

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from promptlab.accounts.models import User

GATHER = 0.5
"""Seconds in which rings are gathered into one frame."""
HEARTBEAT = 5.0
"""Seconds after which the page is looked at again without a ring: silence is news, too."""
NOT_ALLOWED = 4403
"""Close code after which the page does not connect again by itself; 1000 would look like an end."""


class RunConsumer(AsyncWebsocketConsumer):
    """Sends the parts of one run page that changed, rendered for one reader."""

    async def connect(self) -> None:
        kwargs = self.scope["url_route"]["kwargs"]
        self.project, self.number = kwargs["project"], kwargs["number"]
        query = parse_qs(self.scope["query_string"].decode())
        self.user = cast("User | AnonymousUser", self.scope["user"])
        self.page = LivePage(
            self.user, self.project, self.number,
            {name: values[-1] for name, values in query.items()},
        )  # fmt: skip
        self.wake = asyncio.Event()
        self.run_id: int | None = None
        self.sending: asyncio.Task[None] | None = None
        run_id = await database_sync_to_async(self._run_id)()
        await self.accept()
        if run_id is None:
            await self.close(NOT_ALLOWED)
            return
        self.run_id = run_id
        await hub().join("run", run_id, self.channel_name)
        self.wake.set()
        self.sending = asyncio.create_task(self._send_changes())

    async def disconnect(self, code: int) -> None:
        if self.run_id is not None:
            await hub().leave("run", self.run_id, self.channel_name)
        if self.sending is not None and self.sending is not asyncio.current_task():
            self.sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.sending

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The page has nothing to say here; actions are ordinary posts."""

    async def doorbell_rang(self, message: dict[str, Any]) -> None:
        self.wake.set()

    async def _send_changes(self) -> None:
        """First the whole page; then what changed, at most two frames a second."""
        while True:
            self.wake.clear()
            try:
                frame = await database_sync_to_async(self.page.changes)()
            except (Http404, PermissionDenied):
                await self.close(NOT_ALLOWED)
                return
            if frame:
                await self.send(frame)
            await asyncio.sleep(GATHER)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), HEARTBEAT - GATHER)

    def _run_id(self) -> int | None:
        try:
            project = project_for(self.user, self.project)
        except (Http404, PermissionDenied):
            return None
        found = Launch.objects.filter(project=project, number=self.number)
        return found.values_list("run_id", flat=True).first()
