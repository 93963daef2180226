"""What keeps a run from making sense, looked for before any call is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from optimizer.core.conversation.requests import Outcomes
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.conversation.splits import validation_of
from optimizer.core.demos.labels import shows
from optimizer.core.evaluation.metric import Metric
from optimizer.core.problems import Level, Problem, distinct, problem, warning
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.core.runs.duplicate_inputs import duplicate_warnings

if TYPE_CHECKING:
    from optimizer.core.optimizers.optimizer import Optimizer

LEAST = {
    "trials": 1,
    "minibatch_size": 1,
    "full_every": 1,
    "instructions": 1,
    "demo_sets": 1,
    "max_bootstrapped_demos": 0,
    "max_labeled_demos": 0,
    "max_validation": 1,
    "rounds": 0,
    "late_rounds": 0,
    "nearest_demos": 0,
    "step_candidates": 1,
    "edit_budget": 1,
    "edit_budget_end": 1,
    "related": 1,
    "failed_exemplars": 0,
    "history_least": 0,
}
"""The least that each setting may be."""
OWN_SETTINGS = tuple(LEAST)
"""The settings that people may choose for themselves."""
HOTTEST = 2.0
"""The highest temperature that providers take."""
FEW = 5
"""With fewer examples a score is next to nothing but luck."""

FEWEST_WINS = 6
"""With fewer wins and no loss the two-sided sign test has p = 0.06 or more."""


def frozen_fault(optimizer: Optimizer, program: Program) -> Problem | None:
    """Why this optimizer can change nothing of a program, None when it can, or is not to."""
    if not optimizer.searches or any(
        (optimizer.uses_instructions and module.writable)
        or (optimizer.uses_demos and module.takes_new_demos)
        for module in program.modules
    ):
        return None
    return problem("program.all_frozen", "program")


def setting_faults(settings: Settings, optimizer: Optimizer, program: Program) -> list[Problem]:
    """Settings that no run can have, and those with which this optimizer has nothing to choose."""
    found = [
        problem("settings.least", of_setting(name), setting=name, value=value, least=least)
        for name, least in LEAST.items()
        if (name in optimizer.uses or optimizer.searches)
        and (value := getattr(settings, name)) < least
    ]
    if not 0 <= settings.proposal_temperature <= HOTTEST:
        place = of_setting("proposal_temperature")
        found.append(problem("settings.temperature", place, most=HOTTEST))
    if not found and _only_demos_and_none(settings, optimizer, program):
        found.append(problem("settings.no_demos", of_setting("max_bootstrapped_demos")))
    return found


def ignored_faults(said: Iterable[str], optimizer: Optimizer) -> list[Problem]:
    """Settings among those that somebody gave of which this optimizer makes no use: whoever gives
    one expects it to do something.
    """
    return [
        problem("settings.unused", of_setting(name), setting=name, optimizer=optimizer.name)
        for name in said
        if name not in optimizer.uses
    ]


def of_setting(name: str) -> str:
    """The place of what is wrong with a setting."""
    return f"settings.{name}"


def label_fault(labels: Sequence[Value], column: str) -> Problem | None:
    """Why nothing can be scored with these labels, None when something can."""
    if labels and not any(map(_says_something, labels)):
        return problem("metric.no_labels", "metric", column=column)
    return None


def label_warnings(metric: Metric, program: Program, labels: Sequence[Value]) -> list[Problem]:
    """What will make the scores of examples with these labels say little."""
    field = program.output_fields().get(metric.output)
    if field is not None and field.nullable:
        labels = [label for label in labels if label is not None]
    said = [label for label in labels if _says_something(label)]
    found = []
    if said and len(said) < len(labels):
        silent = [label for label in labels if not _says_something(label)]
        right = field is None or all(metric.attainable(field, label) for label in silent)
        counts = {"n": len(silent), "total": len(labels)}
        code = "data.silent" if right else "data.unlabelled"
        found.append(warning(code, "dataset", column=metric.expected, **counts))
    kinds = {written(label).strip().casefold() for label in said}
    if len(said) > 1 and len(kinds) == 1:
        found.append(warning("data.one_label", "dataset", label=written(said[0])[:80]))
    return found


def warnings_of(spec: RunSpec) -> list[Problem]:
    """What will make this run say little; told when it starts."""
    examples = validation_of(spec)
    found = [
        told
        for metric in spec.metric.singles
        if metric.expected
        for told in label_warnings(metric, spec.program, _labels(metric, examples))
    ]
    found = distinct(found)
    if len(examples) < FEW:
        found.append(warning("data.few_validation", "dataset", n=len(examples)))
    baseline = baseline_of(spec.program)
    shown = sum(shows(spec.program, baseline, example) for example in examples)
    if shown:
        counts = {"n": shown, "total": len(examples)}
        found.append(warning("data.among_demos", "dataset", **counts))
    return [*found, *duplicate_warnings(spec)]


def _labels(metric: Metric, examples: Sequence[Example]) -> list[Value]:
    return [example.expected.get(metric.expected) for example in examples]


def unattainable(metric: Metric, program: Program, labels: Iterable[Value]) -> Problem | None:
    """Which of these labels no answer of the judged output can ever be; a warning where only some.

    The same metric judges here and in the run, so that what is said to be never right never is.
    """
    field = program.output_fields().get(metric.output)
    if field is None:
        return None
    said = [label for label in labels if _says_something(label)]
    counts, values = Counter(map(repr, said)), {repr(label): label for label in said}
    never = [key for key, label in values.items() if not metric.attainable(field, label)]
    if not never:
        return None
    n = sum(counts[key] for key in never)
    label = written(values[never[0]])[:80]
    counted = {"n": n, "total": len(said)}
    told = problem("metric.unattainable", "metric", label=label, field=metric.output, **counted)
    if field.type is FieldType.CHOICE:
        told = problem(
            "metric.no_such_choice", "metric", label=label, field=metric.output, **counted
        )
    return told if n == len(said) else replace(told, level=Level.WARNING)


def minibatch_warning(settings: Settings, validation: int) -> Problem | None:
    """Why minibatches of this size say little, None when they say something."""
    size = min(settings.minibatch_size, validation)
    if size >= FEW or validation < FEW:
        return None
    return warning("settings.small_minibatch", of_setting("minibatch_size"), n=size)


def headroom_warning(baseline: Outcomes) -> Problem | None:
    """Why no candidate could be told from the baseline with these outcomes, None when one could.

    The sign test needs FEWEST_WINS examples that a candidate mends, without one that it breaks.
    """
    scores = [outcome.score.value for outcome in baseline if outcome.score is not None]
    failed = sum(score < 1.0 for score in scores)
    if not 0 < failed < FEWEST_WINS:
        return None
    counts = {"n": failed, "total": len(scores), "needed": FEWEST_WINS}
    return warning("data.no_headroom", "dataset", **counts)


def _only_demos_and_none(settings: Settings, optimizer: Optimizer, program: Program) -> bool:
    if optimizer.uses_instructions:
        return False
    none = settings.max_bootstrapped_demos == 0 and settings.max_labeled_demos == 0
    own = any(module.demos and module.takes_new_demos for module in program.modules)
    return (none or settings.demo_sets == 1) and not own


def _says_something(label: Value) -> bool:
    return bool(label) if isinstance(label, list) else written(label).strip() != ""
