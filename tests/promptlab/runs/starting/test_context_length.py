"""Before anything is spent, it is told whether the longest examples fit into the model."""

from __future__ import annotations

import pytest

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Problem
from optimizer.core.programs.lm import Role
from optimizer.costs.context import EMBEDDED, context_of
from optimizer.models import Provider
from promptlab.launch.model_server import CONTEXT_TOKENS
from promptlab.runs.starting.planning import look_at
from tests.promptlab.runs.scene import Scene


def found(scene: Scene, provider: Provider, model: str, limit: int = 600) -> list[Problem]:
    task = ModelRef(provider.pk, model, max_tokens=limit)
    wanted = scene.run_request(models={Role.TASK: task, Role.OPTIMIZER: task})
    told = look_at(scene.project, wanted).problems
    return [p for p in told if p.code in ("data.within_context", "data.beyond_context")]


@pytest.fixture
def listed(scene: Scene) -> Provider:
    return Provider.objects.create(
        namespace=scene.project.namespace, name="Listed", kind=Provider.Kind.LITELLM,
        family="openai", models_offered=["openai/gpt-4o-mini"],
    )  # fmt: skip


def test_what_fits_is_told_with_its_figures(scene: Scene, listed: Provider) -> None:
    (told,) = found(scene, listed, "openai/gpt-4o-mini")
    assert told.code == "data.within_context"
    assert told.values["window"] == 128_000
    assert 600 < told.values["tokens"] < 3_000  # type: ignore[operator]


def test_what_does_not_fit_is_a_warning(scene: Scene, listed: Provider) -> None:
    (told,) = found(scene, listed, "openai/gpt-4o-mini", limit=127_900)
    assert (told.code, told.place) == ("data.beyond_context", "models.task")
    assert not told.refuses


def test_nothing_is_said_of_a_model_that_nobody_knows(scene: Scene) -> None:
    assert found(scene, scene.provider, "scripted-1") == []


def test_the_engine_that_comes_along_reads_what_it_is_given() -> None:
    assert EMBEDDED == CONTEXT_TOKENS
    own = Provider(kind=Provider.Kind.EMBEDDED)
    assert context_of(own, "any") == CONTEXT_TOKENS
