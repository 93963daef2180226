"""A judge as a program that runs improve: made with its labels, and taken back as a rubric."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Manager
from django.utils.translation import gettext as _

from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.problems import Refused
from optimizer.core.programs.signature import FieldType
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.models import Run
from optimizer.running.prompts import from_row, prompts_of
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.datasets.services import import_dataset
from promptlab.grading.labels import Labelled
from promptlab.grading.models import JudgeLabels
from promptlab.metrics import services as metrics
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.programs.services import create_program
from promptlab.runs.models import ProjectRun
from promptlab.ui.free_names import first_free

FEWEST = 10
"""Labelled answers that a search can learn anything from."""


@dataclass(frozen=True)
class Lesson:
    """What a run needs to improve a judge."""

    program: Program
    dataset: Dataset


def prepare(labels: JudgeLabels, judge: ProgramMetric, labelled: Labelled, by: User) -> Lesson:
    """Make a program of the judge, a dataset of its labels and a metric that compares verdicts.

    Raises:
        Refused: there are too few labels, or they say one and the same.
    """
    if len(labelled) < FEWEST or len(set(labelled.verdicts.values())) < 2:
        raise Refused.because("judge.few_labels", n=FEWEST)
    project, name = labels.metric.project, labels.metric.name
    with transaction.atomic():
        program = create_program(project, by, _free(project.programs, name), judge.program)
        dataset = _dataset(project, by, name, judge, labelled)
        metric = metrics.suggest_new(program, dataset)
        assert metric is not None  # it gives the verdict that the dataset expects
        metrics.create_metric(project, by, metric.name, metric.core)
        labels.program = program
        labels.save()
    return Lesson(program, dataset)


def winners(labels: JudgeLabels) -> list[ProjectRun]:
    """Ended runs of the judge's program that found something better than it was."""
    if labels.program is None:
        return []
    found = ProjectRun.objects.filter(program=labels.program, run__best_candidate__number__gt=0)
    return list(found.exclude(run__status__in=Run.ACTIVE).select_related("run__best_candidate"))


def versions_used(metric: Metric) -> list[str]:
    """The version of the judge that each run scored with it froze."""
    found = ProjectRun.objects.filter(metric=metric).values_list("run__spec__metric", flat=True)
    cores = (from_row(CoreMetric, told) for told in found)
    return [judge.version for core in cores for judge in core.judges[:1]]


def take(metric: Metric, judge: ProgramMetric, project_run: ProjectRun | None) -> Metric:
    """Let a judge of the metric judge with the prompts that a run found. Runs keep the judge that
    they began with.

    Raises:
        Refused: the run found none, or is of another program.
    """
    best = project_run.run.best_candidate if project_run else None
    if best is None:
        raise Refused.because("judge.no_winner")
    prompts = prompts_of(best).modules
    if prompts.keys() != {module.name for module in judge.program.modules}:
        raise Refused.because("judge.no_winner")
    core = metric.core.with_judge(judge, judge.taught(prompts))
    return metrics.save_metric(metric, metric.name, core)


def _dataset(
    project: Project, by: User, name: str, judge: ProgramMetric, labelled: Labelled
) -> Dataset:
    program = judge.program
    lines = [
        {**answer.inputs, judge.verdict: labelled.verdicts[answer.id]}
        for answer in labelled.answers
    ]
    inputs = [Use(f.name, Role.INPUT, f.name, nullable=f.nullable) for f in program.inputs]
    choices = tuple(judge.scores)
    label = Use(judge.verdict, Role.EXPECTED, judge.verdict, FieldType.CHOICE, choices)
    file = io.BytesIO("\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode())
    mapping = Mapping((*inputs, label), SplitPlan(train=40, validation=60, test=0))
    free = _free(project.datasets, name)
    return import_dataset(project, by, free, file, mapping, source_name=f"{judge.verdict}s.jsonl")


def _free(rows: Manager[Any], name: str) -> str:
    """“Name: judge”, or with a number behind where that is taken."""
    stem = _("%(name)s: judge") % {"name": name[:60]}
    return first_free(stem, rows.values_list("name", flat=True))
