"""What a project spends by months, and its cap."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.costs import spending
from promptlab.accounts import services
from promptlab.accounts.access import project_for
from promptlab.accounts.forms import MonthlyCapForm
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def project_spending(request: SignedInRequest, project: str) -> HttpResponse:
    """GET shows it to every member; POST sets the cap."""
    role = Role.ADMIN if request.method == "POST" else Role.VIEWER
    found = project_for(request.user, project, role)
    form = MonthlyCapForm(spending.caps_of(found.namespace), request.POST or None)
    if form.is_valid() and form.save(partial(services.cap_months, found, request.user)):
        messages.success(request, _("The cap holds from now on."))
        return redirect("accounts:spending", found.slug)
    return _page(request, found, form)


def _page(request: SignedInRequest, project: Project, form: MonthlyCapForm) -> HttpResponse:
    now = spending.standing(project.namespace)
    context = {
        "project": project,
        "form": form,
        "now": now,
        "above": spending.standing(spending.INSTALLATION),
        "earlier": [m for m in spending.months_of(project.namespace) if m.month < now.month],
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/spending.html", context, status=status)
