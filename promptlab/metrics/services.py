"""What is done to metrics. Pages, API and demo call the same functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from optimizer import codec
from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.metrics import kind_for
from optimizer.core.problems import Conflict
from optimizer.core.programs.signature import Field
from promptlab.accounts.models import Project, User
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.ui.free_names import first_free


def create_metric(project: Project, by: User | None, name: str, core: CoreMetric) -> Metric:
    """Store a metric under a name of its own.

    Raises:
        Conflict: the project has a metric of this name.
    """
    metric = Metric(project=project, created_by=by)
    named_after_first = len(core.singles) > 1 and name == _stem(core.singles[0])
    return save_metric(metric, free_name(project, core) if named_after_first else name, core)


def save_metric(metric: Metric, name: str, core: CoreMetric) -> Metric:
    """Store a metric's new settings; runs that started before keep theirs. A name that nobody chose
    follows what it says: “Exact match of intent” does not stay that of another output.

    Raises:
        Conflict: another metric of the project has this name.
    """
    if name == metric.name and _is_named_after(metric, core):
        name = free_name(metric.project, core)
    metric.name = name
    for column, value in _columns_of(core).items():
        setattr(metric, column, value)
    try:
        with transaction.atomic():
            metric.save()
    except IntegrityError:
        raise Conflict.because("metric.name_taken", "name", name=name) from None
    return metric


def delete_metric(metric: Metric) -> None:
    """Take a metric away for good.

    Raises:
        Conflict: runs were scored with it.
    """
    used = _uses(metric)
    if used:
        raise _in_use(metric, used)
    try:
        with transaction.atomic():
            metric.delete()
    except ProtectedError as error:
        raise _in_use(metric, len(error.protected_objects)) from None


def suggest(program: Program, dataset: Dataset) -> Metric | None:
    """A sensible metric for this program on this dataset: one of the project that fits both, or a
    new one, not stored yet (`pk` is None; `create_metric` stores it). None when the program gives
    nothing or the dataset expects nothing.
    """
    wished = suggest_new(program, dataset)
    if wished is None:
        return None
    columns = set(datasets.columns(dataset)[1])
    every = program.project.metrics.all()
    fitting = [m for m in every if not m.core.problems(program.core, columns)]
    alike = [m for m in fitting if (m.kind, m.output) == (wished.kind, wished.output)]
    return next(iter([*alike, *fitting]), wished)


def suggest_new(program: Program, dataset: Dataset) -> Metric | None:
    """A new metric, not stored yet, by the types of outputs and expected columns."""
    _inputs, expected = datasets.fields(dataset)
    wished = suggested(list(program.core.output_fields().items()), expected)
    if wished is None:
        return None
    return Metric(
        project=program.project,
        name=free_name(program.project, wished),
        **_columns_of(wished),
    )


def suggested(outputs: Sequence[tuple[str, Field]], expected: Sequence[Field]) -> CoreMetric | None:
    """Output and column of the same name, otherwise the first of each; the kind by their types."""
    if not outputs or not expected:
        return None
    columns = {field.name: field for field in expected}
    name, given = next(((n, f) for n, f in outputs if n in columns), outputs[0])
    wanted = columns.get(name, expected[0])
    return kind_for(given, wanted)(name, wanted.name)


def free_name(project: Project, core: CoreMetric) -> str:
    """“Accuracy of label”, or with a number behind where that is taken."""
    return first_free(_stem(core), project.metrics.values_list("name", flat=True))


def _stem(core: CoreMetric) -> str:
    first, *others = core.singles
    label, output = str(KINDS[first.kind].label), first.output[:40]
    told = _("%(kind)s of %(output)s") % {"kind": label, "output": output} if output else label
    return _("%(part)s and %(n)s more") % {"part": told, "n": len(others)} if others else told


def _is_named_after(metric: Metric, core: CoreMetric) -> bool:
    """Whether it has the name that it was given for its kind and output, and other ones now."""
    if metric.pk is None:
        return False
    stored = Metric.objects.get(pk=metric.pk).core
    stem = _stem(stored)
    own = metric.name == stem or re.fullmatch(rf"{re.escape(stem)} \d+", metric.name) is not None
    return own and stem != _stem(core)


def _columns_of(core: CoreMetric) -> dict[str, Any]:
    return {
        "kind": core.kind,
        "output": core.output,
        "expected": core.expected,
        "threshold": core.threshold,
        "kind_settings": codec.to_json(KINDS[core.kind].settings_of(core), dict[str, Any]),
    }


def _uses(metric: Metric) -> int:
    """Runs that were scored with it. Rooms above are known by their relation, not by import."""
    relations = [r for r in Metric._meta.related_objects if r.get_accessor_name()]
    return sum(
        r.related_model._default_manager.filter(**{r.field.name: metric}).count() for r in relations
    )


def _in_use(metric: Metric, count: int) -> Conflict:
    return Conflict.because("metric.in_use", name=metric.name, n=count)
