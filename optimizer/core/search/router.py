"""Learning a router from a run's own table, and saying honestly what it gains.

Scores of candidates on the same examples say which prompt suits which input. What a prompt does
better on some inputs than it does altogether is foretold from their words, by ridge regression or
by the nearest examples; which of these, and how carefully, is chosen by leaving one out. All of
that is done anew in every fold of a cross-validation, the single best included, so that the gain
which is told is that of routing on inputs that it has not seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.core.evaluation.stats import Comparison, compare_differences
from optimizer.core.programs.routing import (
    CAUTION,
    Router,
    columns_of,
    input_words,
    routed_by,
    weighed,
)
from optimizer.core.programs.signature import Value

Floats = NDArray[np.float64]
Roots = tuple[Floats, Floats]

FEWEST = 30
"""Examples below which nothing is learned."""
MOST = 300
"""Examples that are learned from at most, drawn by seed: a page waits for it."""
FOLDS = 10
AS_MANY = 11
"""Ten folds learn from much the same examples, so that an interval must be 1.45 times as wide to be
what it says (Nadeau and Bengio, 2003): as wide as for so many comparisons at once."""
PENALTIES = (0.3, 1.0, 3.0, 10.0)
NEIGHBOURS = (5, 15, 40)


@dataclass(frozen=True)
class Table:
    """Candidates by number, what stands in the inputs of examples (`columns_of`), and scores in
    0–1: a row an example.
    """

    candidates: tuple[int, ...]
    inputs: tuple[str, ...]
    columns: tuple[dict[str, float], ...]
    scores: Floats

    @classmethod
    def read(
        cls,
        candidates: Sequence[int],
        inputs: Sequence[str],
        examples: Iterable[Mapping[str, Value]],
        scores: Floats,
    ) -> Table:
        told = tuple(columns_of(input_words(inputs, values)) for values in examples)
        return cls(tuple(candidates), tuple(inputs), told, scores)

    def of(self, rows: Sequence[int]) -> Table:
        columns = tuple(self.columns[n] for n in rows)
        return Table(self.candidates, self.inputs, columns, self.scores[rows])


@dataclass(frozen=True)
class Way:
    """How scores are foretold: by a ridge of this penalty, or by so many neighbours."""

    penalty: float = 0.0
    neighbours: int = 0


@dataclass(frozen=True)
class Routing:
    """A router with what it gains over the single best, cross-validated.

    `router` is None where leaving one out finds no way that is better than the single best.
    `single` and `together` are mean scores on inputs not seen, `shares` how often each candidate is
    chosen there.
    """

    router: Router | None
    gain: Comparison
    single: float
    together: float
    shares: dict[int, float]

    @property
    def offered(self) -> bool:
        """Whether the gain is proved: its interval lies above 0, and the sign test agrees."""
        return self.router is not None and self.gain.verdict == "better"


def routing_of(table: Table, seed: int = 0) -> Routing | None:
    """Learn a router, and cross-validate it; None where there is too little to learn from."""
    if len(table.columns) < FEWEST or len(table.candidates) < 2:
        return None
    if len(table.columns) > MOST:
        rng = random.Random(f"{seed}:router:examples")
        table = table.of(sorted(rng.sample(range(len(table.columns)), MOST)))
    n = len(table.columns)
    order = random.Random(f"{seed}:router").sample(range(n), n)
    alone, chosen = np.zeros(n), np.zeros(n)
    picked: list[int] = []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        known = table.of(sorted(set(order) - set(held)))
        router, best = learned(known), int(np.argmax(known.scores.mean(axis=0)))
        for row in held:
            number = routed_by(router, table.columns[row]) if router else table.candidates[best]
            picked.append(number)
            alone[row] = table.scores[row, best]
            chosen[row] = table.scores[row, table.candidates.index(number)]
    shares = {number: picked.count(number) / n for number in table.candidates}
    gain = compare_differences([float(each) for each in chosen - alone], AS_MANY)
    return Routing(learned(table), gain, float(alone.mean()), float(chosen.mean()), shares)


def learned(table: Table) -> Router | None:
    """The router that leaving one out finds best; None where that is the single best prompt."""
    rarity = _rarity(table.columns)
    rows = [weighed(columns, rarity) for columns in table.columns]
    alike, effects = _likeness(rows), _interaction(table.scores)
    means = table.scores.mean(axis=0)
    best = int(np.argmax(means))
    ways = [Way(penalty=p) for p in PENALTIES]
    ways += [Way(neighbours=k) for k in NEIGHBOURS if 2 * k <= len(rows)]
    roots = np.linalg.eigh(alike)
    values = [_value_of(table.scores, means, _left_out(alike, roots, effects, way)) for way in ways]
    place = int(np.argmax(np.round(values, 9)))
    if values[place] <= float(table.scores[:, best].mean()) + 1e-9:
        return None
    return _router(table, rows, rarity, effects, alike, ways[place])


def _rarity(told: Sequence[Mapping[str, float]]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for columns in told:
        for column in columns:
            counts[column] = counts.get(column, 0) + 1
    return {c: float(np.log((1 + len(told)) / (1 + count))) + 1.0 for c, count in counts.items()}


def _likeness(rows: Sequence[Mapping[str, float]]) -> Floats:
    names = sorted({column for row in rows for column in row})
    places = {column: place for place, column in enumerate(names)}
    design = np.zeros((len(rows), len(names)))
    for number, row in enumerate(rows):
        for column, value in row.items():
            design[number, places[column]] = value
    return np.asarray(design @ design.T)


def _interaction(scores: Floats) -> Floats:
    """What a candidate did better on an example than both do altogether."""
    both = scores.mean(axis=0) + scores.mean(axis=1, keepdims=True)
    return np.asarray(scores - both + float(scores.mean()))


def _left_out(alike: Floats, roots: Roots, effects: Floats, way: Way) -> Floats:
    """What is foretold of each example by all others. `roots`: eigenvalues and -vectors."""
    n = len(effects)
    if way.neighbours:
        near = np.round(alike - 2.0 * np.eye(n), 9)
        order = np.argsort(-near, axis=1, kind="stable")[:, : way.neighbours]
        counts = np.take_along_axis(near, order, axis=1) > 0
        total = (effects[order] * counts[:, :, None]).sum(axis=1)
        return np.asarray(total / (way.neighbours + CAUTION))
    values, vectors = np.clip(roots[0], 0.0, None), roots[1]
    hat = (vectors * (values / (values + way.penalty))) @ vectors.T
    own = np.clip(np.diag(hat), 0.0, 0.999)[:, None]
    return np.asarray((hat @ effects - own * effects) / (1.0 - own))


def _value_of(scores: Floats, means: Floats, foretold: Floats) -> float:
    """The mean score where each example is given what is foretold to be best; ties go to the best
    alone.
    """
    told = np.round(means + foretold, 9)
    best = int(np.argmax(means))
    chosen = told.argmax(axis=1)
    chosen[told[:, best] >= told.max(axis=1)] = best
    return float(scores[np.arange(len(scores)), chosen].mean())


def _router(
    table: Table,
    rows: list[dict[str, float]],
    rarity: dict[str, float],
    effects: Floats,
    alike: Floats,
    way: Way,
) -> Router:
    """With the best alone first, so that it wins ties."""
    means = table.scores.mean(axis=0)
    order = sorted(range(len(means)), key=lambda place: (-means[place], place))
    numbers = [table.candidates[place] for place in order]
    ranked = [round(float(means[place]), 9) for place in order]
    if way.neighbours:
        gains = [[round(float(row[place]), 9) for place in order] for row in effects]
        return Router(numbers, ranked, table.inputs, rarity, (), rows, gains, way.neighbours)
    dual = np.linalg.inv(alike + way.penalty * np.eye(len(rows))) @ effects
    weights: list[dict[str, float]] = []
    for place in order:
        found: dict[str, float] = {}
        for row, share in zip(rows, dual[:, place], strict=True):
            for column, value in row.items():
                found[column] = found.get(column, 0.0) + value * float(share)
        weights.append({c: round(value, 9) for c, value in sorted(found.items())})
    return Router(numbers, ranked, table.inputs, rarity, weights)
