"""One's own page: name, address, colours, password, API tokens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.problems import Conflict
from promptlab.accounts import queries, services, tokens
from promptlab.accounts.forms import PersonForm, TokenForm
from promptlab.accounts.http import SignedInRequest
from promptlab.ui.forms import show


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: SignedInRequest) -> HttpResponse:
    form = PersonForm(request.user, request.POST or None)
    if form.is_valid():
        try:
            services.save_person(request.user, **form.cleaned_data)
        except Conflict as refusal:
            show(refusal, form)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:person")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/person.html", {"form": form}, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: SignedInRequest) -> HttpResponse:
    """A new token's answer is the page itself: the secret is shown once and kept nowhere."""
    form = TokenForm(request.POST or None)
    secret = ""
    if form.is_valid():
        _token, secret = tokens.create_token(request.user, **form.cleaned_data)
        form = TokenForm()
    status = 422 if form.is_bound else 200
    context = {"form": form, "secret": secret, "tokens": queries.living_tokens(request.user)}
    return render(request, "accounts/tokens.html", context, status=status)


@login_required
@require_POST
def revoke_token(request: SignedInRequest, token: int) -> HttpResponse:
    tokens.revoke(get_object_or_404(queries.living_tokens(request.user), pk=token))
    messages.success(request, _("The token was revoked; programs that use it are refused."))
    return redirect("accounts:tokens")
