"""Candidates part by part of their metric: the mean of each, and what changed against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.stats import Comparison, compare_differences, mean_interval
from promptlab.runs.results.evidence import Evaluated


@dataclass(frozen=True)
class PartCell:
    """A part of one candidate; None where it was not scored. `against` compares it with the first
    candidate's on the same examples.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None
    against: Comparison | None = None


@dataclass(frozen=True)
class PartRow:
    """One part, a cell for each candidate."""

    name: str
    cells: tuple[PartCell, ...]


def part_rows(candidates: Sequence[Evaluated]) -> tuple[PartRow, ...]:
    """A row for each part that any outcome has, in the metric's order; none where it has none."""
    names = dict.fromkeys(
        part for each in candidates for seen in each.outcomes.values() for part in seen.parts
    )
    return tuple(PartRow(name, _cells(name, candidates)) for name in names)


def _cells(name: str, candidates: Sequence[Evaluated]) -> tuple[PartCell, ...]:
    first = _values(name, candidates[0])
    return tuple(_cell(first, _values(name, c), c is not candidates[0]) for c in candidates)


def _cell(first: dict[str, float], own: dict[str, float], compared: bool) -> PartCell:
    if not own:
        return PartCell(None)
    mean, low, high = mean_interval(list(own.values()))
    shared = [own[example] - first[example] for example in own if example in first]
    against = compare_differences(shared) if compared else None
    return PartCell(mean, low, high, against)


def _values(name: str, candidate: Evaluated) -> dict[str, float]:
    """The part's score by example."""
    return {
        example: seen.parts[name]
        for example, seen in candidate.outcomes.items()
        if name in seen.parts
    }
