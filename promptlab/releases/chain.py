"""Prompts and weights by turns (BetterTogether: Soylu et al. 2024, arXiv 2407.10930).

A version is the first step; its accepted answers are what weights are tuned by, outside; with the
tuned model a run goes on from the version's prompts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from optimizer.core.evaluation.stats import FullScore
from optimizer.core.problems import Refused, problem
from promptlab.accounts.models import User
from promptlab.providers.queries import choice_of
from promptlab.releases.models import TunedModel
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.final import score_in

LONGEST_NOTE = 500


@dataclass(frozen=True)
class ChainRun:
    """A run that goes on from the version with a tuned model: `weights` is what its prompts score
    with that model, `both` the best that was found for it.
    """

    project_run: ProjectRun
    weights: FullScore | None
    both: FullScore | None


@dataclass(frozen=True)
class TunedStep:
    """`go_on`: the new run's page, filled in to go on with this model."""

    row: TunedModel
    runs: tuple[ChainRun, ...]
    go_on: str


@dataclass(frozen=True)
class Chain:
    """`modules` are those of which there are chats to tune by."""

    version: Version
    modules: tuple[str, ...]
    prompts: FullScore | None
    tuned: tuple[TunedStep, ...]


def chain_of(version: Version) -> Chain:
    content = version.content
    modules = tuple(m.name for m in content.program.modules if m.is_prompt)
    later = _later(version)
    rows = version.tuned_models.select_related("by").order_by("pk")
    steps = tuple(TunedStep(row, _of_model(later, row), _address(version, row)) for row in rows)
    return Chain(version, modules, content.provenance.scores.candidate, steps)


def _later(version: Version) -> list[ProjectRun]:
    """Searches that began with the version's prompts."""
    found = ProjectRun.objects.filter(
        origin=version.project_run, origin_candidate=version.candidate.number
    ).select_related("run")
    return [each for each in found.order_by("number") if each.run.beside_id is None]


def _of_model(later: Iterable[ProjectRun], row: TunedModel) -> tuple[ChainRun, ...]:
    wanted = (row.provider_id, row.model)
    found = []
    for project_run in later:
        task = project_run.run.spec.get("models", {}).get("task", {})
        if (task.get("provider"), task.get("model")) == wanted:
            run = project_run.run
            found.append(
                ChainRun(project_run, score_in(run.baseline_score), score_in(run.best_score))
            )
    return tuple(found)


def _address(version: Version, row: TunedModel) -> str:
    run = version.project_run
    asked = {
        "from": run.number, "start": f"{run.number}.{version.candidate.number}",
        "model_task": f"{row.provider_id}:{row.model}",
    }  # fmt: skip
    return f"{reverse('runs:new', args=[run.project.slug])}?{urlencode(asked)}"


def tuned(version: Version, model: str, note: str, by: User) -> TunedModel:
    """Tick the weights' step: this is the model that was tuned.

    Raises:
        Refused: the project has no such model.
    """
    choice = choice_of(version.project_run.project, model)
    if choice is None:
        raise Refused(problem("chain.no_model", "model"))
    row, _ = TunedModel.objects.update_or_create(
        version=version, provider_id=choice.provider_id, model=choice.model,
        defaults={"note": note.strip()[:LONGEST_NOTE], "by": by},
    )  # fmt: skip
    return row
