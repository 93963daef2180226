"""The library of verified rewrites: what approved runs made better."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Router, Status

from promptlab.accounts.access import project_for
from promptlab.accounts.roles import Role
from promptlab.api.schemas.rewrites import RewriteOut, ShareIn
from promptlab.api.tokens import caller
from promptlab.runs.library import cards, views

router = Router(tags=["rewrites"])


@router.get("", response=list[RewriteOut], summary="List verified rewritings, the newest first")
def list_rewrites(request: HttpRequest, project: Path[str]) -> list[RewriteOut]:
    """Those of the project, and those that other projects offer to all."""
    found = project_for(caller(request), project, Role.VIEWER)
    return [RewriteOut.of(one) for one in views.shown(found)]


@router.put("/{int:card}", response=RewriteOut, summary="Offer a rewriting to all projects or not")
def share_rewrite(
    request: HttpRequest, project: Path[str], card: Path[int], wish: ShareIn
) -> RewriteOut:
    found = project_for(caller(request), project, Role.REVIEWER)
    row = views.own_card(found, card)
    cards.share(row, wish.shared)
    return next(RewriteOut.of(one) for one in views.shown(found) if one.card.pk == row.pk)


@router.delete("/{int:card}", response={204: None}, summary="Take a rewriting out of the library")
def remove_rewrite(request: HttpRequest, project: Path[str], card: Path[int]) -> Status[None]:
    """No run is shown it any more."""
    found = project_for(caller(request), project, Role.EDITOR)
    cards.remove(views.own_card(found, card), caller(request))
    return Status(204, None)
