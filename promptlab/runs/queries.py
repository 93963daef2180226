"""What run pages read."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce
from django.http import Http404

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import EVALUATION
from optimizer.costs import spending
from optimizer.models import Completion, Provider, Run, RunEvent
from optimizer.running.prompts import from_row
from promptlab.accounts.models import Project
from promptlab.runs.models import ProjectRun

# Example sets may be large, and no list or status needs what is in them.
_HEAVY = ("run__train__examples", "run__validation__examples", "run__test__examples")


def project_runs(project: Project) -> QuerySet[ProjectRun]:
    """The project's runs, the newest first, with what a list shows of them."""
    return (
        project.runs.select_related("run__best_candidate", "started_by")
        .annotate(unpriced=_unpriced(), task_model=_task_model())
        .defer("run__spec", "run__best_candidate__prompts")
        .order_by("-number")
    )


def _task_model() -> KeyTextTransform:
    """The name of a run's task model, without reading the rest of its spec."""
    return KeyTextTransform("model", KeyTransform("task", KeyTransform("models", "run__spec")))


def _unpriced() -> Subquery:
    """Calls of a run whose price was not known when they were made."""
    calls = Completion.objects.filter(run=OuterRef("run"), priced=False, state__in=spending.PAID)
    counted = calls.order_by().values("run").annotate(n=Count("pk")).values("n")
    return Subquery(counted, output_field=IntegerField())


STATES = ("running", "waiting", "evaluations", *Run.Status.values)
"""What a list of runs can be narrowed to: “running” are all that go on, “waiting” need a review,
“evaluations” search nothing.
"""


@dataclass(frozen=True)
class ListFilter:
    """What a list of runs is narrowed to. `status` is one of STATES, `optimizer` a name of one; ""
    and None do not narrow.
    """

    status: str = ""
    program: int | None = None
    by: int | None = None
    optimizer: str = ""

    def __bool__(self) -> bool:
        return self != ListFilter()


def filtered(rows: QuerySet[ProjectRun], narrow: ListFilter) -> QuerySet[ProjectRun]:
    if narrow.status == "running":
        rows = rows.filter(run__status__in=Run.ACTIVE)
    elif narrow.status == "waiting":
        rows = rows.filter(needs_review())
    elif narrow.status == "evaluations":
        rows = rows.filter(run__optimizer=EVALUATION)
    elif narrow.status:
        rows = rows.filter(run__status=narrow.status)
    if narrow.program is not None:
        rows = rows.filter(program=narrow.program)
    if narrow.by is not None:
        rows = rows.filter(started_by=narrow.by)
    if narrow.optimizer:
        rows = rows.filter(run__optimizer=narrow.optimizer)
    return rows


SORTS = {
    "gain": KeyTransform("gain", "run__comparison"),
    "score": KeyTransform("mean", "run__best_score"),
    "cost": F("run__used_cost") + F("run__over_cost"),
    "calls": F("run__used_calls"),
    "optimizer": F("run__optimizer"),
    "model": F("task_model"),
    "by": Coalesce("started_by__name", "started_by__email"),
}
"""What a list of runs can be ordered by beside the newest first."""
_BY_NAME = ("optimizer", "model", "by")


def ordered(rows: QuerySet[ProjectRun], sort: str) -> QuerySet[ProjectRun]:
    """Names from A, figures from the highest, and what has none last; "" is the newest first."""
    if sort not in SORTS:
        return rows
    place = F("place")
    first = place.asc(nulls_last=True) if sort in _BY_NAME else place.desc(nulls_last=True)
    return rows.annotate(place=SORTS[sort]).order_by(first, "-number")


def needs_review() -> Q:
    """Runs that ended with a candidate better than the baseline, and nobody decided yet."""
    ended = Q(run__status__in=[Run.Status.FINISHED, Run.Status.CANCELLED])
    searched = ~Q(run__optimizer=EVALUATION)
    return ended & searched & Q(decision="", run__best_candidate__number__gt=0)


def project_run_of(project: Project, number: int) -> ProjectRun:
    """One run with everything its page shows, in one query.

    Raises:
        Http404: the project has no run of this number.
    """
    found = (
        ProjectRun.objects.select_related(
            "project", "program", "dataset", "metric", "started_by", "decided_by", "origin",
            "run__train", "run__validation", "run__test", "run__best_candidate",
        )
        .annotate(unpriced=_unpriced())
        .defer(*_HEAVY, "program__definition")
        .filter(project=project, number=number)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404("There is no run of this number.")
    return found


def spec_of(run: Run) -> RunSpec:
    """The frozen spec without its examples, which stay in their sets."""
    return from_row(RunSpec, run.spec)


def ahead_of(run: Run) -> tuple[int, ...]:
    """Numbers of the project's runs that are worked on or wait before this one."""
    waiting = ProjectRun.objects.filter(
        Q(run__status=Run.Status.RUNNING) | Q(run__status=Run.Status.QUEUED, run__pk__lt=run.pk),
        run__namespace=run.namespace,
    )
    # A worker may have taken this one since it was read.
    others = waiting.exclude(run=run).order_by("run__pk")
    return tuple(others.values_list("number", flat=True))


def is_scored_beside(run: Run) -> bool:
    """Whether an evaluation is under way whose candidates will join those of the run."""
    return run.evaluations.filter(status__in=[*Run.ACTIVE, Run.Status.PAUSED]).exists()


def providers_of(spec: RunSpec) -> dict[int, Provider]:
    ids = {ref.provider for _role, ref in spec.model_refs}
    return {p.pk: p for p in Provider.objects.filter(pk__in=ids)}


def modules_of(spec: RunSpec) -> list[str]:
    """Names of the program's modules, in its order."""
    return [module.name for module in spec.program.modules]


FOUND = (
    "demo_set_found", "instruction_proposed", "instruction_descended", "noted", "phase_started",
    "proposal_refused", "test_scored", "importances_found", "full_scored", "best_changed",
)  # fmt: skip


def events_of(run: Run, after: int = 0) -> list[RunEvent]:
    """Events that carry findings and notes; trials are read from their own table."""
    found = RunEvent.objects.filter(run=run, kind__in=FOUND, seq__gt=after)
    return list(found.order_by("seq"))
