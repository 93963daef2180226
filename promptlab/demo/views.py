"""The page of ready examples, and a project made of one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import may_found_projects
from promptlab.demo.examples import found_example, ready_examples


@login_required
@require_safe
def examples(request: SignedInRequest) -> HttpResponse:
    _refuse_who_may_found_none(request)
    context = {"examples": list(ready_examples().values())}
    return render(request, "demo/examples.html", context)


@login_required
@require_POST
def begin(request: SignedInRequest, ready: str) -> HttpResponse:
    """A project out of an example, which leads to its first run."""
    _refuse_who_may_found_none(request)
    found = ready_examples().get(ready)
    if found is None:
        raise Http404("There is no such example.")
    project = found_example(request.user, found)
    return redirect("runs:new", project.slug)


def _refuse_who_may_found_none(request: SignedInRequest) -> None:
    if not may_found_projects(request.user):
        raise PermissionDenied(_("Only someone who administers a project may create another."))
