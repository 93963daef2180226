"""/healthz: whether the parts work, for supervisors, load balancers and people."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateWorker

from optimizer.hints import QUEUES
from promptlab.launch.disk import trouble_with
from promptlab.outage import without_traceback

WORKER_SEEN_WITHIN = timedelta(seconds=30)

Model = Literal["absent", "ready", "not ready"]
Database = Literal["ok", "read-only", "down"]


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while pages can be served and what they are sent can be kept, 503 otherwise. `database`,
    `disk`, `workers` and `model` say which part fails.
    """
    disk = _disk()
    try:
        database, workers = _database(), workers_alive()
    except DatabaseError:
        return _down({"database": "down", "disk": disk})
    model = _model(settings.EMBEDDED_MODEL_URL)
    parts = {"database": database, "disk": disk, "workers": workers, "model": model}
    if {database, disk} == {"ok"}:
        return JsonResponse({"status": "ok", **parts})
    return _down(parts)


def _down(parts: dict[str, object]) -> JsonResponse:
    response = JsonResponse({"status": "down", **parts}, status=503)
    without_traceback(response)
    return response


def _database() -> Database:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        row = cursor.fetchone()
    return "read-only" if row and row[0] == "on" else "ok"


def _disk() -> str:
    """Of the data folder."""
    trouble = trouble_with(settings.HOME)
    return trouble.kind if trouble else "ok"


def workers_alive() -> int:
    """Worker processes that gave a sign of life lately, on any machine."""
    since = timezone.now() - WORKER_SEEN_WITHIN
    seen = ProcrastinateWorker.objects.filter(last_heartbeat__gt=since).count()
    return -(-seen // len(QUEUES))


def _model(base_url: str | None) -> Model:
    """State of the embedded model, whose base address ends with /v1."""
    if base_url is None:
        return "absent"
    try:
        with urllib.request.urlopen(f"{base_url.removesuffix('/v1')}/health", timeout=1):
            return "ready"
    except (urllib.error.URLError, OSError):
        return "not ready"
