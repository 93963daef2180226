"""Parts of a metric: several judgements of one answer, and what becomes of them together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import PartScore, Score
from optimizer.core.problems import Problem, problem

MOST_PARTS = 20
TOLD = 300
"""Characters of a part's reason that stand in the reason of the whole."""


class Counts(StrEnum):
    """What a part does to the whole: it is averaged, it must hold, or it is only shown."""

    WEIGHTED = "weighted"
    MUST = "must"
    SHOWN = "shown"


class Objective(StrEnum):
    """How the weighted parts become one number: their weighted mean, or their product."""

    MEAN = "mean"
    PRODUCT = "product"


@dataclass(frozen=True)
class Part:
    """One judgement. `weight` counts beside those of the other weighted parts; in a product it is
    the exponent. A part that must hold does so from its metric's threshold on.
    """

    name: str
    metric: Metric
    weight: float = 1.0
    counts: Counts = Counts.WEIGHTED


def together(parts: Sequence[Part], scores: Sequence[Score], objective: Objective) -> Score:
    """One score of all parts. Where one fails that must hold, the whole is 0; the first such part
    says why. Where nothing is weighted, the whole is right as soon as all hold.
    """
    told = tuple(
        PartScore(part.name, score.value, score.reason)
        for part, score in zip(parts, scores, strict=True)
    )
    failed = [
        said
        for part, said in zip(parts, told, strict=True)
        if part.counts is Counts.MUST and said.value < part.metric.threshold
    ]
    if failed:
        return Score(0.0, f"must hold: {_line(failed[0])}", told)
    counted = [(part.weight, said) for part, said in zip(parts, told, strict=True) if _weighs(part)]
    reason = "; ".join(_line(said) for said in told if said.value < 1) or "all parts as expected"
    return Score(_number(counted, objective), reason, told)


def _number(counted: Sequence[tuple[float, PartScore]], objective: Objective) -> float:
    if not counted:
        return 1.0
    if objective is Objective.PRODUCT:
        return min(math.prod(math.pow(said.value, w) for w, said in counted), 1.0)
    most = max(weight for weight, _ in counted)
    shares = [(weight / most, said) for weight, said in counted]  # the least times a half is 0
    whole = math.fsum(share for share, _ in shares)
    return min(math.fsum(share * said.value for share, said in shares) / whole, 1.0)


def _line(said: PartScore) -> str:
    reason = f" ({said.reason[:TOLD]})" if said.reason else ""
    return f"{said.name} {100 * said.value:.0f}{reason}"


def _weighs(part: Part) -> bool:
    return part.counts is Counts.WEIGHTED and part.weight > 0


def part_problems(parts: Sequence[Part]) -> list[Problem]:
    """What is wrong with the parts as such, each at `parts.N`, counted from 0."""
    found = []
    if not parts:
        found.append(problem("metric.no_parts", "parts"))
    if len(parts) > MOST_PARTS:
        found.append(problem("metric.many_parts", "parts", n=len(parts), most=MOST_PARTS))
    for number, part in enumerate(parts):
        place = f"parts.{number}"
        if not part.name.strip():
            found.append(problem("metric.part_unnamed", place))
        if part.name in {other.name for other in parts[:number]}:
            found.append(problem("metric.part_twice", place, name=part.name))
        if len(part.metric.singles) != 1 or part.metric.singles[0] is not part.metric:
            found.append(problem("metric.part_of_parts", place, name=part.name))
        if not (math.isfinite(part.weight) and part.weight >= 0):
            found.append(problem("metric.part_weight", place, name=part.name))
    if parts and not any(p.counts is Counts.MUST or _weighs(p) for p in parts):
        found.append(problem("metric.nothing_counts", "parts"))
    return found
