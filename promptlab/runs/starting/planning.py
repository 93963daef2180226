"""A run before it starts: what is wanted, what it would take, and what speaks for or against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet

from optimizer.core.conversation.spec import Effort, Limits, ModelRef, Rewrite, RunSpec, Settings
from optimizer.core.optimizers import optimizer_named
from optimizer.core.problems import Problem
from optimizer.core.programs.candidate import Candidate, with_prompts
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, Role
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.core.programs.signature import Value
from optimizer.core.runs.checks import DataShape
from optimizer.datasets.splitting import Split
from optimizer.jobs.checks import check
from optimizer.jobs.forecast import Forecast, forecast
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.metrics import feedback
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.runs.library.nearest import nearest
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.context_length import context_length
from promptlab.runs.starting.input_columns import read_as
from promptlab.runs.starting.measuring import Measuring, measuring_of
from promptlab.runs.starting.preflight import preflight

SEEN_ROWS = 8
Labels = Mapping[str, tuple[Value, ...]]
"""What each column expects, row by row."""


@dataclass(frozen=True)
class Start:
    """A candidate of an earlier run, from which another goes on."""

    origin: ProjectRun
    number: int
    prompts: Candidate


@dataclass(frozen=True)
class RunRequest:
    """What somebody wants to optimize, with what. `metric` may not be stored yet."""

    program: Program
    dataset: Dataset
    metric: Metric
    optimizer: str
    effort: Effort
    settings: Settings
    models: dict[Role, ModelRef]
    limits: Limits
    seed: int = 0
    further_optimizers: tuple[ModelRef, ...] = ()
    embedding: EmbeddingModel | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of inputs that no column is called after: the column that each is read from."""
    shows_rewrites: bool = True
    """Whether the model that writes sees rewritings of the library, where the optimizer does so."""
    start: Start | None = None
    """Whose prompts the program begins with, where they are not its own."""

    @property
    def core(self) -> CoreProgram:
        """The program as the run begins with it."""
        return (
            with_prompts(self.program.core, self.start.prompts) if self.start else self.program.core
        )

    def example(self, row: DatasetExample) -> Example:
        """A row as the program is given it."""
        return read_as(datasets.as_example(row), self.columns)

    def rows(self, split: Split) -> QuerySet[DatasetExample]:
        """The rows that the run uses as those of a split."""
        return self.dataset.examples.filter(split=split.value)

    def counts(self) -> dict[Split, int]:
        return datasets.split_counts(self.dataset)

    def completed(self, spec: RunSpec) -> RunSpec:
        """The specification with what only this kind of request says."""
        return spec


@dataclass(frozen=True)
class Estimated:
    """What a run would take, None while that cannot be said, and the small check of it."""

    forecast: Forecast | None = None
    measuring: Measuring = field(default_factory=Measuring)


@dataclass(frozen=True)
class Look:
    """A request that was estimated and checked once; nothing else can be started."""

    wanted: RunRequest
    estimated: Estimated
    problems: tuple[Problem, ...]


def look_at(project: Project, wanted: RunRequest, estimated: Estimated | None = None) -> Look:
    """`estimated`: where that was done already; caps do not matter for it."""
    estimated = estimated or estimate(project, wanted)
    spec = _sketch_of(project, wanted)
    found = check(spec, _shape_of(wanted), estimated.forecast)
    if not any(told.refuses for told in found):
        validation = wanted.counts()[Split.VALIDATION]
        found += preflight(wanted.dataset, wanted.metric.core, validation)
        found += context_length(wanted, spec)
    return Look(wanted, estimated, tuple(found))


def estimate(project: Project, wanted: RunRequest) -> Estimated:
    measuring = measuring_of(project, wanted)
    return Estimated(forecast(_sketch_of(project, wanted), measuring.pilot), measuring)


def spec_of(project: Project, wanted: RunRequest) -> RunSpec:
    """The whole specification, with every example."""
    train, validation, test = (
        tuple(read_as(e, wanted.columns) for e in datasets.examples_in(wanted.rows(split)))
        for split in Split
    )
    train = feedback.with_feedback(wanted.dataset, train)
    return _spec(project, wanted, train, validation, test)


def _sketch_of(project: Project, wanted: RunRequest) -> RunSpec:
    """A specification of the same size made of a few rows: enough for an estimate."""
    counts, rows = wanted.counts(), wanted.rows(Split.TRAIN)[:SEEN_ROWS]
    seen = [wanted.example(row) for row in rows] or [
        wanted.example(row) for row in wanted.dataset.examples.all()[:SEEN_ROWS]
    ]
    train, validation, test = (_stand_ins(seen, counts[split]) for split in Split)
    return _spec(project, wanted, train, validation, test)


def _stand_ins(seen: list[Example], count: int) -> tuple[Example, ...]:
    if not seen:
        return ()
    return tuple(seen[i % len(seen)] for i in range(count))


def _shape_of(wanted: RunRequest) -> DataShape:
    counts = wanted.counts()
    inputs, expected = datasets.columns(wanted.dataset)
    return DataShape(
        counts[Split.TRAIN], counts[Split.VALIDATION], counts[Split.TEST],
        (*inputs, *wanted.columns), tuple(expected), *_labels(wanted, expected),
    )  # fmt: skip


def _labels(wanted: RunRequest, columns: Sequence[str]) -> tuple[Labels, Labels]:
    """What the metric's columns hold: in the validation examples, and in all."""
    named = [c for c in wanted.metric.core.expects if c in columns]
    keys = [f"expected__{column}" for column in named]
    rows = list(wanted.dataset.examples.order_by().values_list("split", *keys)) if keys else []
    validation = [row for row in rows if row[0] == Split.VALIDATION.value]
    return _by_column(named, validation), _by_column(named, rows)


def _by_column(columns: Sequence[str], rows: Sequence[tuple[Value, ...]]) -> Labels:
    """The columns of rows, whose first place is something else."""
    return {column: tuple(row[at] for row in rows) for at, column in enumerate(columns, 1)}


def _spec(
    project: Project,
    wanted: RunRequest,
    train: tuple[Example, ...],
    validation: tuple[Example, ...],
    test: tuple[Example, ...],
) -> RunSpec:
    spec = RunSpec(
        program=wanted.core,
        metric=wanted.metric.core,
        optimizer=wanted.optimizer,
        settings=replace(wanted.settings, effort=wanted.effort),
        models=wanted.models,
        train=train,
        validation=validation,
        test=test,
        limits=wanted.limits,
        seed=wanted.seed,
        namespace=project.namespace,
        further_optimizers=wanted.further_optimizers,
        embedding=wanted.embedding,
        feedback_rules=feedback.rules_of(wanted.program),
        rewrites=_rewrites(project, wanted),
    )
    return wanted.completed(spec)


def _rewrites(project: Project, wanted: RunRequest) -> tuple[Rewrite, ...]:
    if not (wanted.shows_rewrites and optimizer_named(wanted.optimizer).shows_rewrites):
        return ()
    return nearest(project, wanted.core, wanted.models[Role.TASK].model)
