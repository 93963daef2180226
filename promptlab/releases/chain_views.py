"""The page of a chain of prompts and weights, and its tick."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.providers.queries import model_choices
from promptlab.releases import chain as chains
from promptlab.reviews import queries
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def chain(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    """Everybody sees the steps; editors say which model was tuned, or that it was none."""
    posts = request.method == "POST"
    found = project_for(request.user, project, Role.EDITOR if posts else Role.VIEWER)
    version = queries.version_of(found, program, number)
    typed = {"model": "", "note": ""}
    sent = Parameters(request.POST)
    if posts and sent.has("remove"):
        version.tuned_models.filter(pk=sent.number("remove") or 0).delete()
        return redirect("releases:chain", project, program, number)
    if posts:
        typed = {name: sent.text(name) for name in typed}
        try:
            row = chains.tuned(version, typed["model"], typed["note"], request.user)
        except Refused as refusal:
            messages.error(request, reasons(refusal))
        else:
            messages.success(request, _("Go on with %(model)s.") % {"model": row.model})
            return redirect("releases:chain", project, program, number)
    context = {
        "project": found, "version": version, "chain": chains.chain_of(version), "typed": typed,
        "models": model_choices(found), "longest": chains.LONGEST_NOTE,
    }  # fmt: skip
    return render(request, "releases/chain.html", context, status=422 if posts else 200)
