"""What addresses gave, found again by what was asked."""

from __future__ import annotations

from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.steps import Fetch, Fetched
from optimizer.models import FetchedText


def kept(namespace: str, request: Fetch) -> Fetched | None:
    """What came of it before; None where nothing did."""
    row = FetchedText.objects.filter(pk=key_of(namespace, request)).first()
    return Fetched(row.status, row.text) if row else None


def keep(namespace: str, request: Fetch, came: Fetched) -> Fetched:
    """Keep what came; returns what is kept, which is what came first."""
    row, _made = FetchedText.objects.get_or_create(
        pk=key_of(namespace, request),
        defaults={"namespace": namespace, "status": came.status, "text": came.text},
    )
    return Fetched(row.status, row.text)


def key_of(namespace: str, request: Fetch) -> str:
    return digest_of([namespace, request.url, request.body, request.version])
