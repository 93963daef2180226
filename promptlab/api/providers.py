"""Providers: which models there are to choose from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from optimizer.lm.egress import AllowList
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.providers import ProviderOut
from promptlab.api.tokens import project_of, reads_words
from promptlab.providers import queries

router = Router(tags=["providers"])


@router.get("", response=Page[ProviderOut], summary="List providers and their models")
def list_providers(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    """What a failed test's provider said is in `check_message` for admins of the project."""
    found = project_of(request, project)
    page, words = window.of(queries.providers_of(found)), reads_words(request, found)
    allowed = AllowList.now()
    return page | {"items": [ProviderOut.of(row, allowed, words) for row in page["items"]]}
