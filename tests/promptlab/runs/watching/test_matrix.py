"""What is said of how far models agree on which candidates are better."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from optimizer.core.conversation.spec import ModelRef
from promptlab.runs.watching.matrix import _agreement

MODELS = (ModelRef(1, "small"), ModelRef(1, "large"))


def column(chances: list[float], seed: int, examples: int = 60) -> list[Any]:
    rng = random.Random(seed)
    scored = [{str(n): float(rng.random() < c) for n in range(examples)} for c in chances]
    return [
        SimpleNamespace(outcomes={key: SimpleNamespace(score=s) for key, s in table.items()})
        for table in scored
    ]


def test_models_that_agree_are_told_apart_from_those_that_do_not() -> None:
    same = _agreement(MODELS, [column([0.1, 0.5, 0.9], 1), column([0.2, 0.5, 0.8], 2)], 1)
    assert "large agrees with small on which candidates are better by τ = 1.00" in same
    other = _agreement(MODELS, [column([0.1, 0.5, 0.9], 1), column([0.9, 0.5, 0.1], 2)], 1)
    assert "τ = -1.00" in other


def test_nothing_is_said_of_two_candidates_or_of_what_is_not_scored() -> None:
    assert _agreement(MODELS, [column([0.1, 0.9], 1), column([0.2, 0.8], 2)], 1) == ""
    empty = [SimpleNamespace(outcomes={}) for _ in range(3)]
    assert _agreement(MODELS, [column([0.1, 0.5, 0.9], 1), empty], 1) == ""
