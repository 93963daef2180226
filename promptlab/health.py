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

from optimizer.tasks import QUEUES

WORKER_SEEN_WITHIN = timedelta(seconds=30)

Model = Literal["absent", "ready", "not ready"]


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while pages can be served, 503 naming the part that is down otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        workers = workers_alive()
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "down"}, status=503)
    parts = {"database": "ok", "workers": workers, "model": _model(settings.EMBEDDED_MODEL_URL)}
    return JsonResponse({"status": "ok", **parts})


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
    except (urllib.error.URLError, TimeoutError):
        return "not ready"
