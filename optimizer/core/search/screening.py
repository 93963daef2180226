"""What a prompt that nobody scored yet will score, by those that were and are worded like it.

A Gaussian process over texts: prompts that share many words and runs of letters are believed to
score alike. It screens proposals before any call is spent on them (PROMST: Chen et al. 2024, arXiv
2402.08702, §3.3, whose score model is fine-tuned for it).
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from optimizer.core.programs.likeness import terms
from optimizer.core.search.arms import Floats

LEAST = 6
"""Scored prompts below which nothing is foretold."""
LETTERS = 4
"""Letters of a run: other forms of a word are alike."""
PLACES = 2**12
"""Columns that words and runs are hashed into."""
REACHES = (0.1, 0.3, 1.0)
"""Distances at which prompts are thought to score alike; the likeliest is taken."""
NARROWEST = 0.02
"""Prompts differ by two points at least, whatever the few so far say."""


@dataclass(frozen=True)
class Outlook:
    """An expected mean score in 0–1 and its standard deviation, that of what is not known yet."""

    mean: float
    deviation: float


@dataclass
class Screen:
    """Scored prompts as texts, with their mean scores in 0–1 on the same examples."""

    texts: list[str] = field(default_factory=list)
    means: list[float] = field(default_factory=list)

    def observe(self, text: str, mean: float) -> None:
        self.texts.append(text)
        self.means.append(mean)

    def outlook(self, text: str, luck: float) -> Outlook | None:
        """What a prompt is expected to score; None while too few were scored.

        `luck`: the variance of a mean score that prompts do not share (`own_variance`).
        """
        if len(self.texts) < LEAST:
            return None
        features = np.array([_features(each) for each in (*self.texts, text)])
        distances = np.clip(1.0 - features @ features.T, 0.0, None)
        means = np.array(self.means)
        centre = float(means.mean())
        spread = max(float(np.var(means)) - luck, NARROWEST**2)
        found = [_believed(distances, means - centre, luck, spread, reach) for reach in REACHES]
        _, mean, variance = max(found, key=lambda belief: belief[0])
        expected = min(max(centre + mean, 0.0), 1.0)
        return Outlook(expected, math.sqrt(max(variance, 0.0)))


def _believed(
    distances: Floats, means: Floats, luck: float, spread: float, reach: float
) -> tuple[float, float, float]:
    """The likelihood of the scores, then mean and variance of the last text's, from the centre."""
    kernel = spread * np.exp(-distances / reach)
    known = kernel[:-1, :-1] + (luck + 1e-9) * np.eye(len(means))
    root = np.linalg.cholesky(known)
    solved = np.linalg.solve(root, means)
    likelihood = -0.5 * float(solved @ solved) - float(np.log(np.diag(root)).sum())
    across = np.linalg.solve(root, kernel[:-1, -1])
    return likelihood, float(across @ solved), float(kernel[-1, -1] - across @ across)


def _features(text: str) -> Floats:
    """Counts of words and runs of letters, damped, of length 1."""
    said = terms(text)
    flat = " ".join(said)
    runs = (flat[at : at + LETTERS] for at in range(max(len(flat) - LETTERS + 1, 0)))
    row = np.zeros(PLACES)
    for token, count in Counter([*said, *runs]).items():
        row[zlib.crc32(token.encode("utf-8", "replace")) % PLACES] += 1.0 + math.log(count)
    length = float(np.linalg.norm(row))
    return row / length if length else row
