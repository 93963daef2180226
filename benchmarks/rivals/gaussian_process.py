"""A Gaussian process over combinations of options: Matérn 5/2 on one-hot columns, numpy only."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from benchmarks.simulator import Arm, Floats

LENGTHS = 0.7, 1.5, 3.0, 8.0
"""Length scales tried for each of two kinds of parameters; the likeliest pair is taken."""
NOISES = 0.05, 0.3, 1.0
"""Variances of noise tried, beside a process of variance 1 on standardized means."""


def expected_improvement(
    arms: Sequence[Arm], means: Floats, fresh: Sequence[Arm], sizes: Sequence[int]
) -> Floats:
    """By how much each new arm is expected to surpass the best mean, in standard deviations.

    `means`: scores of `arms`, shape (arms,). Returns shape (fresh,).
    """
    deviation = float(means.std()) or 1.0
    values = (means - means.mean()) / deviation
    known = np.array(arms)
    scales, noise = _fitted(known, values, len(sizes))
    root = np.linalg.cholesky(_kernel(known, known, scales) + noise * np.eye(len(arms)))
    across = np.linalg.solve(root, _kernel(known, np.array(fresh), scales))
    mean = across.T @ np.linalg.solve(root, values)
    sd = np.sqrt(np.maximum(1.0 - (across**2).sum(axis=0), 1e-9))
    z = (mean - values.max()) / sd
    return np.asarray(sd * (z * _cumulative(z) + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)))


def _fitted(known: np.ndarray, values: Floats, parameters: int) -> tuple[Floats, float]:
    """Length scales by parameter, one for the first half (instructions) and one for the second
    (demo sets), and the noise: those of the highest marginal likelihood.
    """
    half = (parameters + 1) // 2
    best, found = -math.inf, (np.ones(parameters), NOISES[0])
    for first, second, noise in itertools.product(LENGTHS, LENGTHS, NOISES):
        if parameters == 1 and second != LENGTHS[0]:
            continue
        scales = np.array([first] * half + [second] * (parameters - half))
        root = np.linalg.cholesky(_kernel(known, known, scales) + noise * np.eye(len(known)))
        fit = np.linalg.solve(root, values)
        likelihood = -0.5 * float(fit @ fit) - float(np.log(np.diag(root)).sum())
        if round(likelihood, 9) > best:
            best, found = round(likelihood, 9), (scales, noise)
    return found


def _kernel(a: np.ndarray, b: np.ndarray, scales: Floats) -> Floats:
    """Two options that differ are the root of 2 apart in one-hot columns."""
    differ = a[:, None, :] != b[None, :, :]
    distance = np.sqrt(5 * (differ * (2 / scales**2)).sum(axis=-1))
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def _cumulative(z: Floats) -> Floats:
    """The standard normal distribution function."""
    return np.asarray([0.5 * (1 + math.erf(each / math.sqrt(2))) for each in z])
