"""Providers: which models there are to choose from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from promptlab.api.paging import Page, Window
from promptlab.api.schemas.providers import ProviderOut
from promptlab.api.tokens import project_of
from promptlab.providers import queries

router = Router(tags=["providers"])


@router.get("", response=Page[ProviderOut], summary="List providers and their models")
def list_providers(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    return window.of(queries.providers_of(project_of(request, project)))
