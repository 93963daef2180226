"""The library's page, and what may be done with a card."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs.library import cards
from promptlab.runs.library.standing import Standing, standings
from promptlab.runs.models import RewriteCard


@dataclass(frozen=True)
class ShownCard:
    """`own`: of this project; those of others are only looked at."""

    card: RewriteCard
    standing: Standing
    own: bool


@login_required
@require_safe
def library(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.VIEWER)
    return render(request, "runs/library.html", {"project": found, "cards": shown(found)})


def shown(project: Project) -> list[ShownCard]:
    found = list(cards.cards_for(project))
    known = standings(found)
    return [ShownCard(card, known[card.pk], card.project_id == project.pk) for card in found]


@login_required
@require_POST
def remove_card(request: SignedInRequest, project: str, card: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    cards.remove(own_card(found, card), request.user)
    return redirect("runs:library", found.slug)


@login_required
@require_POST
def share_card(request: SignedInRequest, project: str, card: int) -> HttpResponse:
    """Its prompts are then shown in other projects: who reviews decides."""
    found = project_for(request.user, project, Role.REVIEWER)
    cards.share(own_card(found, card), request.POST.get("shared") == "yes")
    return redirect("runs:library", found.slug)


def own_card(project: Project, card: int) -> RewriteCard:
    """Raises Http404 where the project has no such card."""
    found = RewriteCard.objects.filter(project=project, pk=card, removed_at=None).first()
    if found is None:
        raise Http404
    return found
