"""Which prompt is best depends on the model (MAPO): printed from accuracies that others measured.

    python -m benchmarks.model_matrix

`benchmarks/tables/paraphrases`: paraphrases of one instruction × open models, n = 100 a cell. Of
every task: how many prompts are the best of some model, how far models agree on the order
(Kendall's tau, mean over pairs of models), and how much of a model's gain over its median prompt
another model's best prompt keeps. Best cells are the luckiest of many, so that the share that is
kept is too low rather than too high.
"""

from __future__ import annotations

import csv
from itertools import permutations
from pathlib import Path
from statistics import fmean

import numpy as np

from optimizer.core.evaluation.ranks import Floats, kendall

FOLDER = Path(__file__).parent / "tables" / "paraphrases"
LEAST_SPREAD = 0.03
"""Models whose prompts hardly differ have no order: their standard deviation is below this."""


def table(path: Path) -> tuple[list[str], Floats]:
    """Names of the models, and prompts × models."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    names = [name.removesuffix("_acc") for name in rows[0][1:]]
    kept = [row[1:] for row in rows[1:] if all(cell.strip() for cell in row[1:])]
    scores = np.array(kept, dtype=float)
    wide = scores.std(axis=0) >= LEAST_SPREAD
    return [n for n, w in zip(names, wide, strict=True) if w], scores[:, wide]


def kept_share(scores: Floats, source: int, target: int) -> float:
    """Of the target's gain over its median prompt, what the source's best prompt keeps."""
    own = scores[:, target]
    moved = own[int(scores[:, source].argmax())] - np.median(own)
    return float(moved / (own.max() - np.median(own)))


def main() -> None:
    print("| task | models | prompts | best of some model | tau | gain kept on another model |")
    print("|---|---|---|---|---|---|")
    for path in sorted(FOLDER.glob("*.csv")):
        names, scores = table(path)
        pairs = list(permutations(range(len(names)), 2))
        winners = {int(scores[:, model].argmax()) for model in range(len(names))}
        taus = [t for a, b in pairs if (t := kendall(scores[:, a], scores[:, b])) is not None]
        shares = [kept_share(scores, a, b) for a, b in pairs]
        low, high = np.quantile(shares, [0.1, 0.9])
        print(
            f"| {path.stem} | {len(names)} | {len(scores)} | {len(winners)} | {fmean(taus):.2f} | "
            f"{fmean(shares):.0%} ({low:.0%} to {high:.0%} of pairs) |"
        )


if __name__ == "__main__":
    main()
