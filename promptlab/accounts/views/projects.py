"""The list of projects, a new one, and a project's settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from promptlab.accounts import queries, services
from promptlab.accounts.access import project_for
from promptlab.accounts.forms import ProjectForm, SettingsForm
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role, may_found_projects


@login_required
@require_safe
def projects(request: SignedInRequest) -> HttpResponse:
    return render(
        request,
        "accounts/projects.html",
        {
            "memberships": queries.projects_of(request.user),
            "may_found": may_found_projects(request.user),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_project(request: SignedInRequest) -> HttpResponse:
    if not may_found_projects(request.user):
        raise PermissionDenied(_("Only someone who administers a project may create another."))
    form = ProjectForm(request.POST or None)
    if form.is_valid():
        project = services.found_project(request.user, form.cleaned_data["name"])
        return redirect("accounts:project", project.slug)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/new_project.html", {"form": form}, status=status)


@login_required
@require_safe
def project(request: SignedInRequest, project: str) -> HttpResponse:
    """The way into a project: its overview, which is a page of the rooms above this one."""
    found = project_for(request.user, project)
    for name in ("runs:overview", "datasets:list"):
        try:
            return redirect(reverse(name, args=[found.slug]))
        except NoReverseMatch:
            continue
    return redirect("accounts:members", found.slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    now = {"name": found.name, "requires_second_person": found.requires_second_person}
    form = SettingsForm(request.POST or None, initial=now)
    if form.is_valid():
        services.save_settings(found, request.user, **form.cleaned_data)
        messages.success(request, _("Settings saved."))
        return redirect("accounts:settings", found.slug)
    status = 422 if form.is_bound else 200
    return render(
        request, "accounts/settings.html", {"project": found, "form": form}, status=status
    )
