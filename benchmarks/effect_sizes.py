"""How far instructions alone move real models: `python -m benchmarks.effect_sizes FOLDER`.

Reads the CSV files of a folder: accuracies of models with paraphrases of one instruction, a row a
paraphrase and a column a model, over so many examples each (`--examples`). Of every model on every
task it tells the deviation between paraphrases beyond what drawing the examples explains, in points
and as log-odds, which is what the simulator's worlds are made with.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

EXAMPLES = 100
LOWEST, HIGHEST = 0.1, 0.9
"""Mean accuracies between which log-odds are told: outside, a model does the task or does not."""
QUANTILES = 0.25, 0.5, 0.75, 0.9
DIFFICULTY = 1.5
"""Deviation of examples' log-odds in the simulator, which flattens what an option does to them."""
SUFFIX = "_acc"


@dataclass(frozen=True)
class Effect:
    """A model on a task: `mean` accuracy and the `deviation` between paraphrases, 0–1; `log_odds`,
    the deviation on an example's log-odds which gives that.
    """

    task: str
    model: str
    paraphrases: int
    mean: float
    deviation: float
    log_odds: float


def effects_of(file: Path, examples: int = EXAMPLES) -> list[Effect]:
    """Every model of one file. Paraphrases without a figure are left out.

    Raises:
        ValueError: a column holds something else than accuracies.
    """
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    models = [name for name in (rows[0] if rows else {}) if name.endswith(SUFFIX)]
    found = []
    for model in models:
        scores = [float(row[model]) for row in rows if row[model].strip()]
        scores = [score for score in scores if score == score]
        if len(scores) > 1:
            found.append(_effect(file.stem, model.removesuffix(SUFFIX), scores, examples))
    return found


def _effect(task: str, model: str, scores: Sequence[float], examples: int) -> Effect:
    values = np.array(scores)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{task}: accuracies of {model} lie outside 0–1.")
    mean = float(values.mean())
    drawn = float((values * (1 - values)).mean()) / (examples - 1)
    deviation = max(float(values.var(ddof=1)) - drawn, 0.0) ** 0.5
    return Effect(task, model, len(values), mean, deviation, deviation / _slope(mean))


def _slope(mean: float) -> float:
    """By how much accuracy rises with an option's log-odds, over examples of all difficulties."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    shifts = np.linspace(-12, 12, 2401)
    chances = 1 / (1 + np.exp(-(shifts[:, None] + DIFFICULTY * nodes)))
    means = chances @ weights / weights.sum()
    at = float(np.interp(mean, means, shifts))
    chances = 1 / (1 + np.exp(-(at + DIFFICULTY * nodes)))
    return max(float((chances * (1 - chances)) @ weights / weights.sum()), 0.01)


def quantiles(effects: Sequence[Effect]) -> dict[str, dict[str, float]]:
    """Of deviations, in points and as log-odds, where a model neither fails nor masters a task."""
    told = [e for e in effects if LOWEST <= e.mean <= HIGHEST]
    return {
        f"{quantile:.0%}": {
            "points": round(100 * float(np.quantile([e.deviation for e in told], quantile)), 2),
            "log_odds": round(float(np.quantile([e.log_odds for e in told], quantile)), 3),
        }
        for quantile in QUANTILES
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.effect_sizes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="behind each accuracy")
    asked = parser.parse_args()
    found = [e for f in sorted(asked.folder.glob("*.csv")) for e in effects_of(f, asked.examples)]
    for effect in found:
        print(
            f"{effect.task:42} {effect.model:20} {effect.paraphrases:4} {effect.mean:6.2f} "
            f"{100 * effect.deviation:6.1f} points {effect.log_odds:6.2f}"
        )
    kinds = {"all": found} | {
        kind: [e for e in found if e.task.startswith(kind)]
        for kind in sorted({e.task.partition("_")[0] for e in found})
    }
    told = {name: quantiles(effects) for name, effects in kinds.items()}
    for name, each in told.items():
        print(
            f"{name}: " + ", ".join(f"{q} {v['points']} ({v['log_odds']})" for q, v in each.items())
        )
    print(json.dumps({"effects": [asdict(e) for e in found], "quantiles": told}))


if __name__ == "__main__":
    main()
