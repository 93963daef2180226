"""The page about routing by input, and its files."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from optimizer.core.search.router import FEWEST
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.releases import router_files, routers
from promptlab.releases.routers import Finalists
from promptlab.runs import queries


@dataclass(frozen=True)
class Share:
    """How often a candidate is given to an input, with its own mean score."""

    number: int
    mean: float
    share: float


@login_required
@require_safe
def router(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    found = project_for(request.user, project)
    finalists = routers.finalists_of(queries.project_run_of(found, number))
    context = {
        "project": found, "project_run": finalists.project_run, "routing": finalists.routing,
        "finalists": finalists, "shares": _shares(finalists), "fewest": FEWEST,
    }  # fmt: skip
    return render(request, "releases/router.html", context)


@login_required
@require_safe
def router_file(
    request: SignedInRequest, project: str, number: int, format: str
) -> HttpResponseBase:
    found = project_for(request.user, project)
    finalists = routers.finalists_of(queries.project_run_of(found, number))
    return router_files.answer(finalists, format)


def _shares(finalists: Finalists) -> list[Share]:
    routing = finalists.routing
    if routing is None:
        return []
    means = finalists.table.scores.mean(axis=0)
    told = zip(finalists.table.candidates, means, strict=True)
    found = [Share(number, float(mean), routing.shares[number]) for number, mean in told]
    return sorted(found, key=lambda each: -each.share)
