"""What a play takes, and its start: a try-out for each column, within a share of the cap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.http import QueryDict

from optimizer.core.conversation.spec import Limits, RunSpec, Settings
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.problems import Conflict, Refused
from optimizer.core.programs.candidate import with_prompts
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.steps import Steps
from optimizer.costs.prices import price_of
from optimizer.jobs import controls
from optimizer.jobs.besides import TAKES_IN
from optimizer.jobs.forecast import Forecast, forecast
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.programs.tryouts import start_tryouts
from promptlab.runs import queries
from promptlab.runs.evaluating import drafts
from promptlab.runs.models import Play, PlayRun, ProjectRun
from promptlab.runs.playing import typed
from promptlab.runs.playing.bases import Base, base_of
from promptlab.runs.playing.forms import PlayForm, Wanted

BYTES_OF_TOKEN, SCHEMA = 8, 1000
"""Of a prompt in any script, and of what stands around it: a call's upper bound counts bytes."""


@dataclass(frozen=True)
class Part:
    """One column on some of the rows: with a `metric` those that say what is expected."""

    column: Wanted
    examples: tuple[Example, ...]
    metric: Metric | None
    forecast: Forecast
    room: int
    """What one more call is let go with at most, in micro-USD: it has to fit below the cap."""

    @property
    def ceiling(self) -> int | None:
        """The cap where nobody said one, in micro-USD; None where prices are unknown."""
        suggested = self.forecast.suggested_cost
        return None if suggested is None else suggested + self.room

    @property
    def calls(self) -> int:
        return self.forecast.calls[1]

    @property
    def cost(self) -> int | None:
        return self.forecast.cost[1] if self.forecast.cost else None


@dataclass(frozen=True)
class Plan:
    """Everything that is asked. `cap` is in micro-USD, None where nobody said one."""

    columns: tuple[Wanted, ...]
    rows: tuple[str, ...]
    parts: tuple[Part, ...]
    cap: int | None

    @property
    def calls(self) -> int:
        """Calls to models, at most."""
        return sum(part.calls for part in self.parts)

    @property
    def cost(self) -> int | None:
        """What they cost at most, in micro-USD; None where a price is not known."""
        costs = [part.cost for part in self.parts]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def free(self) -> bool:
        return all(part.forecast.free for part in self.parts)

    @property
    def ceiling(self) -> int | None:
        """What is not passed, in micro-USD; None where a price is not known and no cap was said."""
        caps = [limits.max_cost for limits in self.limits]
        known = [cap for cap in caps if cap is not None]
        return sum(known) if len(known) == len(caps) else None

    @cached_property
    def limits(self) -> list[Limits]:
        """The cap of each part: its share of the whole, by what it takes."""
        if self.cap is None:
            return [Limits(p.forecast.suggested_calls, p.ceiling) for p in self.parts]
        weights = [part.calls if self.cost is None else part.cost or 0 for part in self.parts]
        weights = weights if any(weights) else [1] * len(weights)
        return [
            Limits(part.forecast.suggested_calls, self.cap * weight // sum(weights))
            for part, weight in zip(self.parts, weights, strict=True)
        ]


def plan_of(form: PlayForm) -> Plan:
    """What a valid form asks for.

    Raises:
        Refused: a program cannot run.
    """
    columns, examples = tuple(form.wished), form.examples
    parts: list[Part] = []
    for column in columns:
        for metric, rows in _scored_apart(form.metric, examples):
            parts.append(_part(form.project, column, rows, metric))
    return Plan(columns, tuple(e.id for e in examples), tuple(parts), form.max_cost)


def _scored_apart(
    metric: Metric | None, examples: list[Example]
) -> list[tuple[Metric | None, tuple[Example, ...]]]:
    """Rows that say what the metric compares with, and the others, which are only answered."""
    names = set(metric.columns.values()) if metric else set()
    scored = tuple(e for e in examples if metric and names <= set(e.expected))
    others = tuple(e for e in examples if e not in scored)
    return [(m, rows) for m, rows in ((metric, scored), (None, others)) if rows]


def _part(
    project: Project, column: Wanted, rows: tuple[Example, ...], metric: Metric | None
) -> Part:
    program = with_prompts(column.base.program, column.candidate)
    spec = RunSpec(
        program, metric or _Unscored("", ""), "", Settings(), {Role.TASK: column.model},
        validation=rows, namespace=project.namespace,
    )  # fmt: skip
    found = forecast(as_evaluation(spec))
    if found is None:
        raise Refused.because("play.no_module", program=column.name)
    return Part(column, rows, metric, found, _room(project, column, found))


def _room(project: Project, column: Wanted, found: Forecast) -> int:
    """The upper bound of a call: its prompt in bytes, and as long a reply as the model may give."""
    model = column.model
    provider = Provider.objects.filter(pk=model.provider, namespace=project.namespace).first()
    price = price_of(provider, model.model) if provider else None
    prompt = found.counts.prompt_tokens[1] // max(found.calls[1], 1)
    return price.most(BYTES_OF_TOKEN * prompt + SCHEMA, model.max_tokens) if price else 0


@dataclass(frozen=True)
class _Unscored(Metric):
    """Asks nobody and judges nothing: so that calls are counted where no metric is."""

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        yield from ()
        return Score(1.0, "")


def start(project: Project, by: User, plan: Plan, state: QueryDict) -> Play:
    """Have workers ask; the play's page hears of it.

    Raises:
        Refused: a program has problems, or the metric does not fit it.
    """
    with transaction.atomic():
        columns = [
            {"name": c.name, "what": c.base.value, "model": c.model.model, "edited": c.edited}
            for c in plan.columns
        ]
        play = Play.objects.create(
            project=project, by=by, typed=typed.plain(state).urlencode(), columns=columns,
            rows=list(plan.rows),
        )  # fmt: skip
        for part, limits in zip(plan.parts, plan.limits, strict=True):
            column = part.column
            run = start_tryouts(
                project, column.base.program, column.model, part.examples, part.metric,
                column.candidate, limits,
            )  # fmt: skip
            PlayRun.objects.create(play=play, column=column.place, run=run)
    return play


def stop(play: Play) -> None:
    """Send nothing more; what was sent is waited for."""
    for part in play.parts.select_related("run"):
        if part.run.active:
            try:
                controls.cancel(part.run_id)
            except Conflict:  # it ended a moment ago
                continue


def edit_on(play: Play, column: int, by: User) -> tuple[ProjectRun, int]:
    """Put a column's prompts into the page that edits the candidate it began with, which scores
    them beside its run; a program's, into that of the newest run's baseline.

    Raises:
        Conflict: no run that has ended has such a candidate, or a draft of it waits there.
    """
    state = QueryDict(play.typed)
    base = base_of(play.project, state.get(f"c{column}-what", ""))
    run = _run_of(play.project, base) if base else None
    if base is None or run is None:
        raise Conflict.because("play.no_run")
    wished = typed.column_of(state, column)
    before = drafts.kept(run, base.number, by)
    if before is not None and not _same(before[0], wished):
        raise Conflict.because("play.draft_waits", run=run.number, n=base.number)
    drafts.keep(run, base.number, by, wished)
    return run, base.number


def _run_of(project: Project, base: Base) -> ProjectRun | None:
    if base.run is not None:
        return base.run if base.run.run.status in TAKES_IN else None
    names = [module.name for module in base.program.modules]
    ended = project.runs.filter(program=base.owner, run__status__in=TAKES_IN, origin=None)
    for project_run in ended.select_related("run").order_by("-number")[:5]:
        if queries.modules_of(queries.spec_of(project_run.run)) == names:
            return project_run
    return None


def _same(kept: QueryDict, wished: QueryDict) -> bool:
    names = set(kept) & set(wished)
    return all(kept.getlist(name) == wished.getlist(name) for name in names)
