"""Candidates scored beside those of a run that has ended: one of its own fully, on the sealed test,
or one that somebody wrote by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Max

from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.problems import Conflict
from optimizer.core.programs.candidate import Candidate
from optimizer.jobs import besides
from optimizer.jobs.forecast import Forecast
from optimizer.jobs.starting import checked
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Run
from promptlab.accounts.models import Project, User
from promptlab.runs.models import EditedCandidate, ProjectRun


@dataclass(frozen=True)
class Beside:
    """What would be scored, and what that takes: the baseline's calls among it were paid before,
    and are not paid again.
    """

    spec: RunSpec
    forecast: Forecast

    @property
    def calls(self) -> int:
        """New calls, at most."""
        return max(self.forecast.calls[1] - self.forecast.counts.baseline_calls, 0)

    @property
    def cost(self) -> int | None:
        """What these cost at most, in micro-USD; None where a price is not known."""
        if self.forecast.cost is None:
            return None
        whole = max(self.forecast.calls[1], 1)
        return -(-self.forecast.cost[1] * self.calls // whole)


def look(project_run: ProjectRun, given: Candidate, tested: bool = False) -> Beside:
    """What scoring it would take.

    Raises:
        Conflict: the run has not ended.
        Refused: nothing can be scored, as things are now.
    """
    spec = besides.beside(_whole(project_run), (given,), tested)
    return Beside(spec, checked(spec))


def start(
    project_run: ProjectRun, by: User, found: Beside, number: int, edited: bool = False
) -> ProjectRun:
    """Have it scored. `number`: the candidate that it is, or was `edited` from.

    Raises:
        Conflict: nothing was edited, another candidate has these prompts, or they are being scored.
    """
    if edited:
        _check_new(project_run, found)
    limits = Limits(found.forecast.suggested_calls, found.forecast.suggested_cost)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project_run.project_id)
        run = besides.start(project_run.run, replace(found.spec, limits=limits))
        last = project.runs.aggregate(last=Max("number"))["last"] or 0
        evaluation = ProjectRun.objects.create(
            project=project,
            number=last + 1,
            run=run,
            program_id=project_run.program_id,
            program_name=project_run.program_name,
            dataset_id=project_run.dataset_id,
            dataset_name=project_run.dataset_name,
            dataset_digest=project_run.dataset_digest,
            dataset_version=project_run.dataset_version,
            metric_id=project_run.metric_id,
            metric_name=project_run.metric_name,
            input_columns=project_run.input_columns,
            effort=found.spec.settings.effort.value,
            origin=project_run,
            origin_candidate=number,
            started_by=by,
        )
        if edited:
            _remember(project_run, by, found, number, evaluation)
    return evaluation


def _check_new(project_run: ProjectRun, found: Beside) -> None:
    if not found.spec.given:
        raise Conflict.because("edit.known", n=0)
    known = known_as(project_run, found.spec.given[0])
    if known is not None:
        raise Conflict.because("edit.known", n=known.number)


def _remember(
    project_run: ProjectRun, by: User, found: Beside, number: int, evaluation: ProjectRun
) -> None:
    """The latest who had it scored, as an evaluation before may have come to nothing."""
    (given,) = found.spec.given
    known = project_run.edits.filter(digest=given.digest).select_related("evaluation__run").first()
    if known is not None and known.evaluation.run.active:
        raise Conflict.because("edit.being_scored", run=known.evaluation.number)
    EditedCandidate.objects.update_or_create(
        project_run=project_run,
        digest=given.digest,
        defaults={"parent": number, "by": by, "evaluation": evaluation},
    )


def known_as(project_run: ProjectRun, given: Candidate) -> CandidateRow | None:
    """The candidate of the run that has these prompts already."""
    return CandidateRow.objects.filter(run=project_run.run_id, digest=given.digest).first()


def takes_in(run: Run) -> bool:
    """Whether candidates can be scored beside those of the run now."""
    return run.status in besides.TAKES_IN


def _whole(project_run: ProjectRun) -> Run:
    """The run with its examples, which pages leave out."""
    return Run.objects.select_related("train", "validation", "test").get(pk=project_run.run_id)
