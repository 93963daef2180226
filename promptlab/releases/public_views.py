"""Opening, closing and reading a version's page for people outside."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.releases import pages, public
from promptlab.releases.forms import PublicPageForm
from promptlab.reviews import queries


@require_safe
def read(request: HttpRequest, key: str) -> HttpResponse:
    """For whoever has the address. No search engine keeps it, and no link tells it on."""
    answer = render(request, "releases/public.html", {"shown": public.shown_at(key)})
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


@login_required
@require_POST
def open_page(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    row = queries.version_of(found, program, number)
    form = PublicPageForm(request.POST)
    chosen = form.cleaned_data if form.is_valid() else {}
    prompts = bool(chosen.get("prompts"))
    demos = prompts and bool(chosen.get("demos"))
    public.open_page(row, request.user, prompts=prompts, demos=demos)
    messages.success(request, _("Whoever has the address can read this version now."))
    return redirect(f"{pages.url_of(row)}#public")


@login_required
@require_POST
def close_page(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    row = queries.version_of(found, program, number)
    public.close_page(row, request.user)
    messages.success(request, _("The page is closed: its address leads nowhere now."))
    return redirect(f"{pages.url_of(row)}#public")
