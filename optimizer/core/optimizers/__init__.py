"""The optimizers, by name. A new one is a new file and one line here."""

from __future__ import annotations

from optimizer.core.optimizers import (
    bayesian_bootstrap,
    bootstrap_search,
    evaluation,
    gpo,
    mipro,
    mipro_plus,
    module_opro,
    opro,
    program_opro,
    promst,
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
        opro.OPTIMIZER,
        gpo.OPTIMIZER,
        promst.OPTIMIZER,
    )
}

EVALUATION = evaluation.OPTIMIZER.name
"""Runs that search nothing: nobody chooses it among optimizers."""
DEFAULT = racing.OPTIMIZER.name
"""What is chosen where nobody says otherwise."""


def optimizer_named(name: str) -> Optimizer:
    """The optimizer that a run was started with, or what stands for it when it was retired; also
    what stands in its place where a run searches nothing.
    """
    return evaluation.OPTIMIZER if name == EVALUATION else OPTIMIZERS.get(name) or retired(name)


__all__ = ["DEFAULT", "EVALUATION", "OPTIMIZERS", "Optimizer", "optimizer_named"]
