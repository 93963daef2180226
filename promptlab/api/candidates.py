"""Candidates of a run: their prompts, and how they did beside the baseline."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Path, Query, Router

from optimizer.models import Candidate, Trial
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.candidates import (
    CallOut,
    CandidateDetail,
    CandidateOut,
    OutcomeOut,
    Outcomes,
    Told,
    Transcript,
)
from promptlab.api.tokens import project_of, reads_words
from promptlab.reviews.queries import candidate_of
from promptlab.runs import queries
from promptlab.runs.comparing import examples
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import evidence
from promptlab.runs.results.candidate_table import scores_so_far
from promptlab.runs.results.evidence import Evaluated, Filter
from promptlab.ui.words import told

router = Router(tags=["candidates"])


@router.get("", response=Page[CandidateOut], summary="List candidates by number")
def list_candidates(
    request: HttpRequest, project: Path[str], number: Path[int], window: Query[Window]
) -> Any:
    project_run = queries.project_run_of(project_of(request, project), number)
    page = window.of(Candidate.objects.filter(run=project_run.run_id).order_by("number"))
    told = _told(project_run, page["items"])
    return page | {"items": [CandidateOut.of(row, told) for row in page["items"]]}


@router.get("/{int:candidate}", response=CandidateDetail, summary="Get its prompts")
def get_candidate(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int
) -> CandidateDetail:
    project_run, row = candidate_of(project_of(request, project), number, candidate)
    return CandidateDetail.of(row, _told(project_run, [row]))


@router.get("/{int:candidate}/outcomes", response=Outcomes, summary="Compare it by example")
def list_outcomes(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: int,
    window: Query[Window],
    against: int = 0,
    show: Filter = "all",
) -> Outcomes:
    """Paired with the baseline, or with the candidate `against`, on the same examples."""
    project_run = queries.project_run_of(project_of(request, project), number)
    found = evidence.comparing(_evaluated(project_run, [against, candidate]))
    page = window.of(found.filtered(show))
    ids = [row.example for row in page["items"]]
    known = examples.examples_in(project_run.run.validation_id, ids)
    items = [OutcomeOut.of(row, known.get(row.example)) for row in page["items"]]
    return Outcomes.of(found, items, page["count"])


@router.get("/{int:candidate}/outcomes/{example}", response=Transcript, summary="Get one in full")
def get_outcome(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int, example: str
) -> Transcript:
    """Every message and reply of every call."""
    whole = project_of(request, project)
    project_run = queries.project_run_of(whole, number)
    (found,) = _evaluated(project_run, [candidate])
    outcome = examples.outcome_on(found.exchanges, example)
    known = examples.examples_in(project_run.run.validation_id, [example]).get(example)
    if outcome is None or known is None:
        raise Http404(f"Candidate {candidate} was not scored on an example “{example}”.")
    program = queries.spec_of(project_run.run).program
    said = examples.transcript(program, found.candidate, known, outcome, whole.namespace)
    return Transcript(
        example=example, inputs=known.inputs, expected=known.expected,
        score=outcome.score.value if outcome.score else None,
        reason=outcome.score.reason if outcome.score else "",
        error=told(outcome.error, outcome.said, reads_words(request, whole)),
        outputs=outcome.outputs,
        calls=[CallOut.of(*pair) for pair in zip(said, outcome.trace, strict=True)],
    )  # fmt: skip


def _evaluated(project_run: ProjectRun, numbers: list[int]) -> list[Evaluated]:
    """Raises Http404 when the run has not all of these candidates."""
    found = evidence.evaluated(project_run.run, numbers)
    missing = set(numbers) - {candidate.number for candidate in found}
    if missing:
        raise Http404(f"Run {project_run.number} has no candidate {min(missing)}.")
    return found


def _told(project_run: ProjectRun, rows: list[Candidate]) -> Told:
    trials: dict[int, list[Trial]] = {}
    found = Trial.objects.filter(candidate__in=rows).select_related("candidate").order_by("number")
    for trial in found:
        trials.setdefault(trial.candidate.number, []).append(trial)
    return Told(_modules(project_run), trials, scores_so_far(project_run.run))


def _modules(project_run: ProjectRun) -> list[str]:
    return [module.name for module in queries.spec_of(project_run.run).program.modules]
