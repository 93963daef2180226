"""The optimizers, by name. A new one is a new file and one line here."""

from __future__ import annotations

from optimizer.core.optimizers import (
    bayesian_bootstrap,
    bootstrap_search,
    mipro,
    zero_shot_mipro,
)
from optimizer.core.optimizers.optimizer import Optimizer

OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        mipro.OPTIMIZER,
        zero_shot_mipro.OPTIMIZER,
        bayesian_bootstrap.OPTIMIZER,
        bootstrap_search.OPTIMIZER,
    )
}

__all__ = ["OPTIMIZERS", "Optimizer"]
