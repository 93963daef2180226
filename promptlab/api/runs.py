"""Runs: estimate, start, watch, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Path, Query, Router, Status

from optimizer.models import RunEvent, Trial
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.api.event_stream import stream
from promptlab.api.form_adapter import check, posted
from promptlab.api.paging import Page, Window
from promptlab.api.run_requests import IdempotencyKey, look_for, request_of, started_once
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.run_requests import EstimateOut, LimitsIn, RunIn
from promptlab.api.schemas.runs import RunDetail, RunOut
from promptlab.api.schemas.trials import Events, TrialOut
from promptlab.api.tokens import ApiRequest, BearerToken, caller, project_of, reads_words
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import ListFilter
from promptlab.runs.starting import measuring, services
from promptlab.runs.starting.forms import PLACES
from promptlab.runs.watching import steering
from promptlab.runs.watching.forms import CapForm

router = Router(tags=["runs"])
Listed = Literal["running", "waiting", "queued", "paused", "cancelled", "failed", "finished"]


@router.get("", response=Page[RunOut], summary="List runs, newest first")
def list_runs(
    request: HttpRequest,
    project: Path[str],
    window: Query[Window],
    status: Listed | None = None,
    program: int | None = None,
    optimizer: Text = "",
) -> Any:
    """“waiting” are runs whose best candidate nobody has decided about. `optimizer` is
    its name.
    """
    rows = queries.project_runs(project_of(request, project))
    narrow = ListFilter(status or "", program, optimizer=optimizer)
    page = window.of(queries.filtered(rows, narrow).select_related("run__best_candidate"))
    return page | {"items": [RunOut.of(project_run) for project_run in page["items"]]}


@router.post(
    "/estimate",
    response=EstimateOut,
    auth=BearerToken(writes=False),
    summary="Estimate a run: nothing is started or spent",
)
def estimate_run(request: HttpRequest, project: Path[str], wish: RunIn) -> EstimateOut:
    found = project_of(request, project, Role.EDITOR)
    return EstimateOut.of(look_for(found, wish), reads_words(request, found))


@router.post("/measure", response={202: EstimateOut}, summary="Measure what a run's calls take")
def measure_run(request: HttpRequest, project: Path[str], wish: RunIn) -> Status[EstimateOut]:
    """Runs the program as it stands on a few training examples with the task model. Ask for the
    estimate of the same body until `measured.state` is no longer “waiting”. The run does not pay
    for these calls again.
    """
    found = project_of(request, project, Role.EDITOR)
    measuring.measure(found, request_of(found, wish))
    return Status(202, EstimateOut.of(look_for(found, wish), reads_words(request, found)))


@router.post("", response={201: RunDetail}, summary="Start a run")
def start_run(
    request: HttpRequest,
    project: Path[str],
    wish: RunIn,
    key: IdempotencyKey = "",
) -> Status[RunDetail]:
    """Refused, with every reason, when a check of its estimate finds a problem. Sent again with the
    same `Idempotency-Key`, it is answered with the run that it started, and starts none.
    """
    found = project_of(request, project, Role.EDITOR)
    started = started_once(
        request, key, lambda: services.start_run(found, caller(request), look_for(found, wish))
    )
    return Status(201, shown_run(request, found, started))


@router.get("/{int:number}", response=RunDetail, summary="Get a run: status, scores, spent")
def get_run(request: HttpRequest, project: Path[str], number: int) -> RunDetail:
    return shown_run(request, project_of(request, project), number)


@router.get("/{int:number}/events", response=Events, summary="Read its events after one of them")
def list_events(
    request: HttpRequest, project: Path[str], number: int, window: Query[Window], after: int = 0
) -> Events:
    run = queries.project_run_of(project_of(request, project), number).run
    rows = RunEvent.objects.filter(run=run, seq__gt=after).order_by("seq")
    return Events.of(run, window.of(rows)["items"])


@router.get("/{int:number}/events/stream", summary="Follow its events as they happen")
def follow_events(
    request: ApiRequest,
    project: Path[str],
    number: int,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    seen: Annotated[str, Header(alias="Last-Event-ID")] = "",
) -> StreamingHttpResponse:
    """Server-sent events: `id` is an event's `seq`, `event` its kind, `data` the event as the list
    has it. Begins behind `after`, or behind `Last-Event-ID`; ends with an event `ended`.
    """
    project_run = queries.project_run_of(project_of(request, project), number)
    begun = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else after
    return StreamingHttpResponse(
        stream(project_run, request.auth, begun),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/{int:number}/trials", response=Page[TrialOut], summary="List its trials by number")
def list_trials(
    request: HttpRequest, project: Path[str], number: int, window: Query[Window]
) -> Any:
    run = queries.project_run_of(project_of(request, project), number).run
    rows = Trial.objects.filter(run=run).select_related("candidate", "exchange")
    return window.of(rows.order_by("number"))


@router.post("/{int:number}/pause", response=RunDetail, summary="Pause a run")
def pause_run(request: HttpRequest, project: Path[str], number: int) -> RunDetail:
    """Calls under way are kept."""
    return _act(request, project, number, steering.pause)


@router.post("/{int:number}/resume", response=RunDetail, summary="Resume a run")
def resume_run(request: HttpRequest, project: Path[str], number: int) -> RunDetail:
    """A paused or failed run goes on where it stopped; what was paid for is not paid again."""
    return _act(request, project, number, steering.resume)


@router.post("/{int:number}/cancel", response=RunDetail, summary="Cancel a run")
def cancel_run(request: HttpRequest, project: Path[str], number: int) -> RunDetail:
    """For good; the best candidate so far stays."""
    return _act(request, project, number, steering.cancel)


@router.put("/{int:number}/limits", response=RunDetail, summary="Set other caps")
def set_limits(
    request: HttpRequest, project: Path[str], number: int, limits: LimitsIn
) -> RunDetail:
    """Both at once: null, or left out, is no cap."""
    form = CapForm(posted({"max_calls": limits.calls, "max_cost": limits.dollars}))

    def change(project_run: ProjectRun) -> None:
        check(form, PLACES)
        steering.raise_cap(project_run, form.cleaned_data["max_calls"], form.micro_dollars)

    return _act(request, project, number, change)


def _act(
    request: HttpRequest, project: str, number: int, service: Callable[[ProjectRun], None]
) -> RunDetail:
    found = project_of(request, project, Role.EDITOR)
    project_run = queries.project_run_of(found, number)
    service(project_run)
    return shown_run(request, found, number)


def shown_run(request: HttpRequest, project: Project, number: int) -> RunDetail:
    """As it stands now, with what a service changed."""
    return RunDetail.of(queries.project_run_of(project, number), reads_words(request, project))
