"""The optimizers, by name. A new one is a new file and one line here."""

from __future__ import annotations

from optimizer.core.optimizers import (
    bayesian_bootstrap,
    bootstrap_search,
    mipro,
    mipro_plus,
    module_opro,
    program_opro,
    racing,
    reflective,
    zero_shot_mipro,
)
from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.core.optimizers.retired import retired

OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        racing.OPTIMIZER,
        mipro.OPTIMIZER,
        zero_shot_mipro.OPTIMIZER,
        bayesian_bootstrap.OPTIMIZER,
        bootstrap_search.OPTIMIZER,
        reflective.OPTIMIZER,
        mipro_plus.OPTIMIZER,
        mipro_plus.ZERO_SHOT,
        module_opro.OPTIMIZER,
        module_opro.PLAIN_OPTIMIZER,
        program_opro.OPTIMIZER,
    )
}

DEFAULT = racing.OPTIMIZER.name
"""What is chosen where nobody says otherwise."""


def optimizer_named(name: str) -> Optimizer:
    """The optimizer that a run was started with, or what stands for it when it was retired."""
    return OPTIMIZERS.get(name) or retired(name)


__all__ = ["DEFAULT", "OPTIMIZERS", "Optimizer", "optimizer_named"]
