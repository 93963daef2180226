"""The page “Installation”, for administrators of the whole installation."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Refused
from optimizer.models import AllowedAddress
from optimizer.sentences import reasons
from promptlab.accounts.forms import MonthlyCapForm
from promptlab.accounts.http import SignedInRequest
from promptlab.installation import addresses, model_file, spending
from promptlab.installation.access import administrator
from promptlab.installation.forms import AddressForm, ModelFileForm


@login_required
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    administrator(request.user)
    return _page(request)


@login_required
@require_POST
def allow(request: SignedInRequest) -> HttpResponse:
    """Where another page asked for it, that page is shown again."""
    by = administrator(request.user)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, address_form=form)
    row = addresses.allow(form.allowance(), by)
    messages.success(request, _("Calls may go to %(address)s from now on.") % {"address": row})
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return redirect(back)
    return redirect("installation:home")


@login_required
@require_POST
def withdraw(request: SignedInRequest, address: int) -> HttpResponse:
    by = administrator(request.user)
    row = get_object_or_404(AllowedAddress, pk=address)
    addresses.withdraw(row, by)
    told = _("Calls to %(address)s are refused from now on.") % {"address": row}
    messages.success(request, told)
    return redirect("installation:home")


@login_required
@require_POST
def cap(request: SignedInRequest) -> HttpResponse:
    by = administrator(request.user)
    form = MonthlyCapForm(spending.caps(), request.POST)
    if not form.is_valid() or not form.save(partial(spending.cap_months, by)):
        return _page(request, status=422, cap_form=form)
    messages.success(request, _("The cap holds from now on, for all projects together."))
    return redirect("installation:home")


@login_required
@require_POST
def choose_model(request: SignedInRequest) -> HttpResponse:
    by = administrator(request.user)
    form = ModelFileForm(request.POST)
    if form.is_valid():
        try:
            name = model_file.choose(form.cleaned_data["path"], by)
        except Refused as refusal:
            form.add_error("path", reasons(refusal))
        else:
            told = _("The engine starts %(name)s, which takes a moment.") % {"name": name}
            messages.success(request, told)
            return redirect("installation:home")
    return _page(request, status=422, model_form=form)


def _page(request: SignedInRequest, status: int = 200, **forms: Any) -> HttpResponse:
    """All sections; `forms` are those that hold what is to be corrected."""
    engine = model_file.model_file()
    context = {
        "engine": engine,
        "model_form": ModelFileForm(initial={"path": engine.path}),
        "address_form": AddressForm(),
        "cap_form": MonthlyCapForm(spending.caps()),
        "now": spending.now(),
        "earlier": spending.earlier(),
        "spenders": spending.spenders(),
        "allowed": addresses.allowed(),
        "embedded_address": addresses.embedded_address(),
        **forms,
    }
    return render(request, "installation/home.html", context, status=status)
