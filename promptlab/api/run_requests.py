"""A run request from JSON: through the same form, checks and suggestions as on its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest
from ninja import Header

from optimizer.core.problems import Refused, problem
from optimizer.core.runs.validation import OWN_SETTINGS, ignored_faults
from promptlab.accounts.models import Project
from promptlab.accounts.once import once
from promptlab.api.form_adapter import check
from promptlab.api.schemas.run_requests import RunIn
from promptlab.api.tokens import caller
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import prefill
from promptlab.runs.starting.forms import PLACES
from promptlab.runs.starting.planning import Look, RunRequest, estimate, look_at


def look_for(project: Project, wish: RunIn) -> Look:
    """What is wanted, estimated and checked; caps that the caller left out are as suggested.

    Raises:
        Refused: something of it does not exist or is out of bounds.
    """
    wanted = request_of(project, wish)
    estimated = estimate(project, wanted)
    return look_at(project, prefill.capped(wanted, wish.said(), estimated.forecast), estimated)


def request_of(project: Project, wish: RunIn) -> RunRequest:
    """What is wanted, without the caps that the caller left out.

    Raises:
        Refused: something of it does not exist or is out of bounds.
    """
    said = wish.said()
    form = prefill.wanted_form(project, said, wish.effort)
    unused = ignored_faults((name for name in OWN_SETTINGS if name in said), form.chosen)
    if unused and "optimizer" not in form.errors:
        raise Refused(*unused)
    check(form, PLACES)
    unknown = [
        problem("data.no_such_column", f"columns.{name}", column=column, columns=form.columns)
        for name, column in wish.columns.items()
        if column not in form.columns
    ]
    if unknown:
        raise Refused(*unknown)
    return form.run_request()


IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key")]


def started_once(request: HttpRequest, key: str, start: Callable[[], ProjectRun]) -> int:
    """The number of the run that is started, or that was for this key. Raises as `once` does."""
    return made_once(request, key, lambda: start().number)


def made_once(request: HttpRequest, key: str, make: Callable[[], int]) -> int:
    """What is made is told by a number: that of now, or that of when the key came first. Raises as
    `once` does.
    """
    with once(caller(request), key, f"{request.get_full_path()} ".encode() + request.body) as kept:
        if not kept.made:
            kept.made = str(make())
    return int(kept.made)
