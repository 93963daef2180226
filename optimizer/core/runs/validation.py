"""What keeps a run from making sense, looked for before any call is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.core.conversation.requests import Outcomes
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.conversation.splits import validation_of
from optimizer.core.demos.labels import shows
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Value, written
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


@dataclass(frozen=True)
class Fault:
    """Why a run cannot work. `setting` is the name of the setting to change, "" for the data."""

    setting: str
    message: str


def frozen_fault(optimizer: Optimizer, program: Program) -> str:
    """Why this optimizer can change nothing of a program, "" when it can."""
    if any(
        (optimizer.uses_instructions and module.writable)
        or (optimizer.uses_demos and module.takes_new_demos)
        for module in program.modules
    ):
        return ""
    return (
        "All that this optimizer could change is frozen: unfreeze a module's instruction or demos, "
        "or choose another optimizer."
    )


def setting_faults(settings: Settings, optimizer: Optimizer, program: Program) -> list[Fault]:
    """Settings that no run can have, and those with which this optimizer has nothing to choose."""
    found = [
        Fault(name, f"{name} is {value}, but must be {least} or more.")
        for name, least in LEAST.items()
        if (value := getattr(settings, name)) < least
    ]
    if not 0 <= settings.proposal_temperature <= HOTTEST:
        told = f"proposal_temperature must be between 0 and {HOTTEST:g}."
        found.append(Fault("proposal_temperature", told))
    if not found and _only_demos_and_none(settings, optimizer, program):
        told = (
            "This optimizer changes nothing but demos, and no demo is allowed: allow some made by "
            "the teacher or taken from the data, in two demo sets or more, or choose an optimizer "
            "that writes instructions."
        )
        found.append(Fault("max_bootstrapped_demos", told))
    return found


def ignored_faults(said: Iterable[str], optimizer: Optimizer) -> list[Fault]:
    """Settings among those that somebody gave of which this optimizer makes no use: whoever gives
    one expects it to do something.
    """
    return [
        Fault(name, f"{name} does nothing in “{optimizer.name}”: leave it out.")
        for name in said
        if name in optimizer.ignores
    ]


def label_fault(labels: Sequence[Value], column: str) -> str:
    """Why nothing can be scored with these labels, "" when something can."""
    if labels and not any(map(_says_something, labels)):
        return (
            f"No validation example says anything in “{column}”, which the metric compares with: "
            "label some examples, or choose another column."
        )
    return ""


def label_doubts(labels: Sequence[Value], column: str) -> list[str]:
    """What will make the scores of examples with these labels say little, in sentences."""
    said = [label for label in labels if _says_something(label)]
    found = []
    if said and len(said) < len(labels):
        found.append(
            f"{len(labels) - len(said)} of {len(labels)} validation examples say nothing in "
            f"“{column}”: they can never be right. Label them, or leave them out."
        )
    kinds = {written(label).strip().casefold() for label in said}
    if len(said) > 1 and len(kinds) == 1:
        found.append(
            f"Every validation example expects “{written(said[0])[:80]}”: a program that always "
            "says so would be perfect. Add examples with other answers."
        )
    return found


def doubts(spec: RunSpec) -> list[str]:
    """What will make this run say little, in sentences; told when it starts."""
    column = spec.metric.expected
    examples = validation_of(spec)
    found = label_doubts([e.expected.get(column) for e in examples], column)
    if len(examples) < FEW:
        count = f"{len(examples)} validation example{'s' * (len(examples) > 1)}"
        found.append(f"With {count} luck decides: nothing can be told apart. Give that split more.")
    baseline = baseline_of(spec.program)
    shown = sum(shows(spec.program, baseline, example) for example in examples)
    if shown:
        found.append(
            f"{shown} of {len(examples)} validation examples stand among the program's own demos: "
            "the baseline has seen their answers, and its score is too high. Take them out of the "
            "demos or of that split."
        )
    return [*found, *duplicate_warnings(spec)]


def minibatch_doubt(settings: Settings, validation: int) -> str:
    """Why minibatches of this size say little, "" when they say something."""
    size = min(settings.minibatch_size, validation)
    if size >= FEW or validation < FEW:
        return ""
    return (
        f"A minibatch of {size} says next to nothing: luck decides what is looked at again. "
        "Ten examples or more are better."
    )


def headroom_doubt(baseline: Outcomes) -> str:
    """Why no candidate could be told from the baseline with these outcomes, "" when one could.

    The sign test needs FEWEST_WINS examples that a candidate mends, without one that it breaks.
    """
    scores = [outcome.score.value for outcome in baseline if outcome.score is not None]
    failed = sum(score < 1.0 for score in scores)
    if not 0 < failed < FEWEST_WINS:
        return ""
    count = "1 example" if failed == 1 else f"{failed} examples"
    return (
        f"The baseline falls short on only {count} of {len(scores)}: a candidate that mended all "
        f"of them could not be told from luck, which takes {FEWEST_WINS}. Add validation examples, "
        "harder ones most of all."
    )


def _only_demos_and_none(settings: Settings, optimizer: Optimizer, program: Program) -> bool:
    if optimizer.uses_instructions:
        return False
    none = settings.max_bootstrapped_demos == 0 and settings.max_labeled_demos == 0
    own = any(module.demos and module.takes_new_demos for module in program.modules)
    return (none or settings.demo_sets == 1) and not own


def _says_something(label: Value) -> bool:
    return bool(label) if isinstance(label, list) else written(label).strip() != ""
