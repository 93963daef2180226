"""The doors without a password: the first administrator's link, and invitations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from optimizer.core.problems import Conflict
from promptlab.accounts import entrance, queries, throttle
from promptlab.accounts.forms import NewcomerForm, WelcomeForm
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Invitation, User
from promptlab.accounts.throttle import Door
from promptlab.ui.forms import show

# Of several, sessions need to be told which backend vouches for the user.
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_GET  # not HEAD: a preview must not use the link up
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Following the one-time link signs in, which is what it is for."""
    try:
        user = entrance.use_setup_link(token)
    except entrance.LinkNotValid:
        if request.user.is_authenticated:  # the same link again, in the same browser
            return redirect("accounts:welcome")
        throttle.note_failure(Door.LINK, request)
        return render(request, "accounts/link_not_valid.html", {"setup": True}, status=404)
    login(request, user, backend=BACKEND)
    return redirect("accounts:welcome")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: SignedInRequest) -> HttpResponse:
    """The first administrator may choose an address and a password, now or later."""
    if request.user.has_usable_password():
        return redirect("accounts:projects")
    form = WelcomeForm(request.user, request.POST or None)
    only = queries.only_project_of(request.user)
    if form.is_valid():
        try:
            entrance.give_password(request.user, **form.cleaned_data)
        except Conflict as refusal:
            show(refusal, form)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Saved. From now on you sign in with your password."))
            target = ["accounts:project", only.slug] if only else ["accounts:projects"]
            return redirect(*target)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/welcome.html", {"form": form, "only": only}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = entrance.invitation_of(token)
        if isinstance(request.user, User):
            return _join(request, found, request.user)
        return _join_as_newcomer(request, found)
    except entrance.LinkNotValid:
        throttle.note_failure(Door.LINK, request)
        return render(request, "accounts/link_not_valid.html", status=404)


def _join(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        entrance.accept(found, user)
        return redirect("accounts:project", found.project.slug)
    return render(request, "accounts/invitation.html", {"invitation": found})


def _join_as_newcomer(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = NewcomerForm(request.POST or None)
    if form.is_valid():
        try:
            user = entrance.accept_as_newcomer(found, **form.cleaned_data)
        except Conflict as refusal:
            show(refusal, form)
        else:
            login(request, user, backend=BACKEND)
            return redirect("accounts:project", found.project.slug)
    status = 422 if form.is_bound else 200
    context = {"invitation": found, "form": form}
    return render(request, "accounts/invitation.html", context, status=status)
