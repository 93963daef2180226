"""Events of a run as server-sent events: as they happen, and from where a reader had come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing

from channels.db import database_sync_to_async
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from ninja.responses import NinjaJSONEncoder

from optimizer.models import RunEvent
from promptlab.accounts.models import ApiToken
from promptlab.api.schemas.trials import Events
from promptlab.live.rings import rings
from promptlab.runs.models import ProjectRun

SILENCE = 15.0
"""Seconds without news after which a comment says that somebody is there."""
MANY = 500
"""Events that are read at once."""


async def stream(project_run: ProjectRun, token: ApiToken, after: int) -> AsyncIterator[bytes]:
    """Every event behind `after`, and `ended` when nothing more comes."""
    yield b": a run's events\n\n"
    async with aclosing(rings(("run", project_run.run_id), SILENCE)) as rung:
        async for rang in rung:
            if not rang:
                yield b": still here\n\n"
            try:
                found = await database_sync_to_async(_read)(project_run, token, after)
                while found.items:
                    for event in found.items:
                        told = json.dumps(event.model_dump(), cls=NinjaJSONEncoder)
                        yield _written(event.kind, told, event.seq)
                    after = found.items[-1].seq
                    found = await database_sync_to_async(_read)(project_run, token, after)
            except (InterfaceError, OperationalError):
                continue  # away for a moment: the next ring, or silence, asks again
            except (ObjectDoesNotExist, Http404, PermissionDenied):
                return
            if found.ended:
                yield _written("ended", json.dumps({"status": project_run.run.status}), after)
                return


def _read(project_run: ProjectRun, token: ApiToken, after: int) -> Events:
    """Looks again whether the reader may still read.

    Raises:
        Http404: the run is gone, or its project is not theirs any more.
        PermissionDenied: the token is revoked, or expired.
    """
    token.refresh_from_db()
    if not token.is_valid or not token.user.is_active:
        raise PermissionDenied
    if not project_run.project.memberships.filter(user=token.user_id).exists():
        raise Http404
    project_run.run.refresh_from_db(fields=["status"])
    rows = RunEvent.objects.filter(run=project_run.run_id, seq__gt=after).order_by("seq")
    return Events.of(project_run.run, list(rows[:MANY]))


def _written(kind: str, data: str, seq: int) -> bytes:
    return f"id: {seq}\nevent: {kind}\ndata: {data}\n\n".encode()
