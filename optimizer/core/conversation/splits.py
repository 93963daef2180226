"""Which examples score candidates, and which are kept from all choices for the final word."""

from __future__ import annotations

import random
from typing import Literal

from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.evaluation.stats import FEWEST
from optimizer.core.programs.example import Example

Split = Literal["test", "remainder"]


def validation_of(spec: RunSpec) -> tuple[Example, ...]:
    """The examples that score candidates: all, or a seeded random part of `max_validation`."""
    if len(spec.validation) <= spec.settings.max_validation:
        return spec.validation
    return tuple(spec.validation[i] for i in _chosen(spec))


def remainder_of(spec: RunSpec) -> tuple[Example, ...]:
    """Validation examples that score no candidate: at most as many as do, a seeded random part.

    None where there are too few to settle anything.
    """
    size = remainder_size(spec.settings, len(spec.validation))
    if size == 0:
        return ()
    chosen = set(_chosen(spec))
    rest = [i for i in range(len(spec.validation)) if i not in chosen]
    kept = sorted(random.Random(f"{spec.seed}:remainder").sample(rest, size))
    return tuple(spec.validation[i] for i in kept)


def remainder_size(settings: Settings, validation: int) -> int:
    """How many examples of a validation split of this size are kept for the final word."""
    rest = min(validation - settings.max_validation, settings.max_validation)
    return rest if rest >= FEWEST else 0


def held_out(spec: RunSpec) -> tuple[Split, tuple[Example, ...]]:
    """The examples of the final word, and where they are from; none at all when there are none."""
    return ("test", spec.test) if spec.test else ("remainder", remainder_of(spec))


def held_out_size(settings: Settings, validation: int, test: int) -> int:
    """How many examples the final word has, for splits of these sizes."""
    return test or remainder_size(settings, validation)


def _chosen(spec: RunSpec) -> list[int]:
    rng = random.Random(f"{spec.seed}:validation")
    return sorted(rng.sample(range(len(spec.validation)), spec.settings.max_validation))
