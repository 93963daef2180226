"""A project's members and its open invitations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Conflict
from optimizer.sentences import reasons
from promptlab.accounts import entrance, queries, services
from promptlab.accounts.access import project_for
from promptlab.accounts.forms import InviteForm, RoleForm
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role


@login_required
@require_safe
def members(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    return _page(request, found, InviteForm())


@login_required
@require_POST
def invite(request: SignedInRequest, project: str) -> HttpResponse:
    """The answer is the page itself: the link is shown once and kept nowhere."""
    found = project_for(request.user, project, Role.ADMIN)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    role = Role(form.cleaned_data["role"])
    _invitation, secret = entrance.invite(found, role, request.user, form.cleaned_data["note"])
    link = request.build_absolute_uri(reverse("accounts:invitation", args=[secret]))
    return _page(request, found, InviteForm(), link=link, role=role)


@login_required
@require_POST
def withdraw(request: SignedInRequest, project: str, invitation: int) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    entrance.withdraw(
        get_object_or_404(queries.open_invitations(found), pk=invitation), request.user
    )
    messages.success(request, _("The invitation was withdrawn; its link no longer works."))
    return redirect("accounts:members", found.slug)


@login_required
@require_POST
def change_role(request: SignedInRequest, project: str, member: int) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    membership = get_object_or_404(queries.members_of(found), pk=member)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            services.change_role(membership, role, request.user)
        except Conflict as refusal:
            messages.error(request, reasons(refusal))
        else:
            messages.success(
                request,
                _("%(who)s is now %(role)s.") % {"who": membership.user, "role": role.label},
            )
    return redirect("accounts:members", found.slug)


@login_required
@require_POST
def remove(request: SignedInRequest, project: str, member: int) -> HttpResponse:
    found = project_for(request.user, project, Role.ADMIN)
    membership = get_object_or_404(queries.members_of(found), pk=member)
    try:
        services.remove_member(membership, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
    else:
        messages.success(request, _("%(who)s was removed.") % {"who": membership.user})
    if membership.user == request.user and membership.pk is None:
        return redirect("accounts:projects")
    return redirect("accounts:members", found.slug)


@login_required
@require_POST
def leave(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    try:
        services.remove_member(
            get_object_or_404(found.memberships, user=request.user), request.user
        )
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return redirect("accounts:members", found.slug)
    messages.success(request, _("You left %(project)s.") % {"project": found.name})
    return redirect("accounts:projects")


def _page(
    request: SignedInRequest,
    project: Project,
    form: InviteForm,
    *,
    link: str = "",
    role: Role | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "project": project,
        "form": form,
        "members": queries.members_of(project),
        "invitations": queries.open_invitations(project),
        "roles": list(Role),
        "link": link,
        "link_role": role,
    }
    return render(request, "accounts/members.html", context, status=status)
