"""What a run was made of, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import Effort, RunSpec
from optimizer.core.optimizers import optimizer_named
from optimizer.core.programs.lm import Role
from optimizer.models import Provider, Run
from optimizer.sentences.optimizers import title_of
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.style import ShownStyle, style_of


@dataclass(frozen=True)
class About:
    """How a run was optimized, and how it is shown."""

    optimizer: str
    effort: str
    style: ShownStyle


def about_of(project_run: ProjectRun, spec: RunSpec) -> About:
    optimizer = optimizer_named(spec.optimizer)
    return About(title_of(optimizer), _effort(project_run.effort), style_of(spec.optimizer))


@dataclass(frozen=True)
class ModelShown:
    """A model with what it does, and what the run took of it so far."""

    role: str
    model: str
    provider: str
    calls: int = 0
    tokens: int = 0
    cost: int = 0


Spent = Mapping[tuple[str, int, str], tuple[int, int, int]]
"""Calls, tokens and micro-USD by role, provider and model."""


def models_of(spec: RunSpec, providers: Mapping[int, Provider], spent: Spent) -> list[ModelShown]:
    """Every model with what it does; no provider's name where it is gone."""
    return [
        ModelShown(
            role.value,
            ref.model,
            providers[ref.provider].name if ref.provider in providers else "",
            *spent.get((role.value, ref.provider, ref.model), (0, 0, 0)),
        )
        for role, ref in spec.model_refs
    ]


def spent_of(run: Run) -> Spent:
    """What each model took so far, each in its role. One query, which reads all calls of a run."""
    paid = run.completions.order_by().values_list("role", "provider", "model")
    counted = paid.annotate(
        calls=Sum("attempt"),
        tokens=Sum("prompt_tokens") + Sum("completion_tokens"),
        paid=Sum("cost") + Sum("doubt_cost"),
    )
    return {(role, provider, model): tuple(took) for role, provider, model, *took in counted}


def _effort(effort: str) -> str:
    """How hard, in words."""
    efforts = {
        Effort.LIGHT: _("light effort"), Effort.MEDIUM: _("medium effort"),
        Effort.HEAVY: _("heavy effort"), Effort.CUSTOM: _("own settings"),
    }  # fmt: skip
    return efforts[Effort(effort)]


def writes_with_embedded(spec: RunSpec, providers: Mapping[int, Provider]) -> bool:
    """Whether instructions are written by the small model that comes with the product."""
    if not optimizer_named(spec.optimizer).uses_instructions:
        return False
    ref = spec.models.get(Role.OPTIMIZER)
    provider = providers.get(ref.provider) if ref else None
    return provider is not None and provider.kind == Provider.Kind.EMBEDDED
