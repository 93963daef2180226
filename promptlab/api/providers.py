"""Providers: which models there are to choose from, and how they reply."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Path, Query, Router

from optimizer.lm.egress import AllowList
from optimizer.lm.model_settings import ModelSettings
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.providers import ModelSettingsIn, ProviderOut
from promptlab.api.tokens import caller, project_of, reads_words
from promptlab.providers import queries, services

router = Router(tags=["providers"])


@router.get("", response=Page[ProviderOut], summary="List providers and their models")
def list_providers(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    """What a failed test's provider said is in `check_message` for admins of the project."""
    found = project_of(request, project)
    page, words = window.of(queries.providers_of(found)), reads_words(request, found)
    allowed = AllowList.now()
    return page | {"items": [ProviderOut.of(row, allowed, words) for row in page["items"]]}


@router.put("/{int:provider}/settings", response=ProviderOut, summary="Set a model's replies")
def set_model(
    request: HttpRequest, project: Path[str], provider: int, wish: ModelSettingsIn
) -> ProviderOut:
    """Its limit of tokens, its temperature, and whether it makes vectors in place of replies, for
    runs that start from now on.
    """
    found = project_of(request, project, Role.ADMIN)
    row = queries.providers_of(found).filter(pk=provider).first()
    if row is None:
        raise Http404(f"There is no provider {provider} in this project.")
    wanted = ModelSettings(wish.max_tokens, wish.temperature, wish.embeds)
    services.set_model(row, wish.model, wanted, caller(request))
    return ProviderOut.of(row, AllowList.now(), reads_words(request, found))
