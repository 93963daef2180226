"""The page “Models & keys”."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.problems import Conflict
from optimizer.jobs import model_checks
from optimizer.models import Provider
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.installation import addresses
from promptlab.installation.access import is_administrator
from promptlab.providers import embedded, queries, services
from promptlab.providers.forms import CheckForm, ProviderForm
from promptlab.providers.presets import PRESETS, preset_for, preset_of
from promptlab.ui.forms import show


@login_required
@require_safe
def list_providers(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    context = {
        "project": found,
        "cards": queries.cards_of(found),
        "engine_runs": embedded.runs_here(),
        "engine_model": settings.EMBEDDED_MODEL_NAME,
        "came_along": embedded.came_along(),
        "may_allow": is_administrator(request.user),
        "presets": PRESETS,
    }
    return render(request, "providers/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, project: str, preset: str) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    chosen = preset_of(preset)
    if chosen is None:
        return redirect("providers:list", found.slug)
    form = ProviderForm(chosen, request.POST or None, may_allow=is_administrator(request.user))
    if form.is_valid():
        return _saved(request, found, form)
    return _form_page(request, found, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, project: str, provider: int) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    row = _changeable(found, provider)
    form = ProviderForm(
        preset_for(row), request.POST or None, row, may_allow=is_administrator(request.user)
    )
    if form.is_valid():
        return _saved(request, found, form)
    return _form_page(request, found, form)


@login_required
@require_POST
def remove(request: SignedInRequest, project: str, provider: int) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    row = _changeable(found, provider)
    try:
        services.remove_provider(row, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
    else:
        messages.success(request, _("“%(name)s” was removed.") % {"name": row.name})
    return redirect("providers:list", found.slug)


@login_required
@require_POST
def check(request: SignedInRequest, project: str, provider: int) -> HttpResponse:
    """Starts a test; its result comes by the socket of what is answered here."""
    found = project_for(request.user, project, Role.EDITOR)
    row = get_object_or_404(queries.providers_of(found), pk=provider)
    form = CheckForm(row, request.POST)
    if form.is_valid():
        model, probes = form.cleaned_data["model"], "probe" in request.POST
        services.start_check(row, model, request.user, probes)
    if not request.htmx:
        return redirect("providers:list", found.slug)
    context = {"project": found, "provider": row, "check": model_checks.latest(row)}
    return render(request, "providers/_live_check.html", context)


def _saved(request: SignedInRequest, project: Project, form: ProviderForm) -> HttpResponse:
    try:
        with transaction.atomic():
            saved = services.save_provider(
                project, request.user, form.connection(), api_key=form.key(), provider=form.provider
            )
            if form.opens:
                addresses.allow_target(saved.api_base, request.user, saved.name)
    except Conflict as refusal:
        show(refusal, form)
        return _form_page(request, project, form)
    for told in form.put_right:
        messages.info(request, told)
    messages.success(request, _("“%(name)s” is saved. Test it now.") % {"name": saved.name})
    return redirect("providers:list", project.slug)


def _form_page(request: SignedInRequest, project: Project, form: ProviderForm) -> HttpResponse:
    status = 422 if form.is_bound else 200
    if form.is_bound:
        form.ask_key_again()
    context = {"project": project, "form": form, "provider": form.provider}
    return render(request, "providers/edit.html", context, status=status)


def _changeable(project: Project, pk: int) -> Provider:
    others = queries.providers_of(project).exclude(kind=Provider.Kind.EMBEDDED)
    return get_object_or_404(others, pk=pk)
