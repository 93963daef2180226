"""Models that make vectors: marked on their provider, offered where vectors are wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from optimizer.core.programs.demo import DemoPool, NearestDemos
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.lm.kept_vectors import kept_for
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.programs.services import edit
from promptlab.providers import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from tests.api.conftest import HERE, JSON, ApiOf, api_of
from tests.promptlab.programs.by_hand import Browser, address, fresh, rows, text_of
from tests.promptlab.programs.conftest import dataset, make_program, one_step
from tests.promptlab.runs.new_run_form import NEW, Post, values_in
from tests.promptlab.runs.scene import Scene

__all__ = ["api_of", "dataset", "make_program", "one_step"]

SIMILARITY = {"name": "Near", "kind": "similarity", "output": "intent", "expected": "intent"}


@pytest.fixture
def vectors(project: Project) -> Provider:
    return Provider.objects.create(
        namespace=project.namespace, name="Vectors", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:9/v1", models_offered=["nomic-embed-text", "plain"],
        input_price=20_000, output_price=0,
    )  # fmt: skip


def value(provider: Provider) -> str:
    return f"{provider.pk}:nomic-embed-text"


def test_models_that_make_vectors_are_not_offered_to_write_replies_nor_the_other_way_round(
    project: Project, vectors: Provider
) -> None:
    writing = [choice.model for choice in queries.model_choices(project)]
    assert "plain" in writing
    assert "nomic-embed-text" not in writing
    assert [c.model for c in queries.embedding_choices(project)] == ["nomic-embed-text"]


def test_what_a_model_is_can_be_said_over_the_api_against_its_name(
    alice: User, scene: Scene, vectors: Provider, api_of: ApiOf, project: Project
) -> None:
    client = api_of(alice)
    for model, embeds in (("plain", True), ("nomic-embed-text", False)):
        wish = {"model": model, "embeds": embeds}
        answer = client.put(f"{HERE}/providers/{vectors.pk}/settings", wish, JSON)
        assert answer.status_code == 200
    told = {m["name"]: m["embeds"] for m in answer.json()["offered"]}
    assert told == {"plain": True, "nomic-embed-text": False}
    assert [c.model for c in queries.embedding_choices(project)] == ["plain"]


def test_a_metric_by_meaning_is_made_by_form_and_api_and_names_its_model(
    erin: User, scene: Scene, vectors: Provider, api_of: ApiOf, client_of: Browser
) -> None:
    model = {"provider": vectors.pk, "model": "nomic-embed-text"}
    answer = api_of(erin).post(f"{HERE}/metrics", SIMILARITY | {"embedding": model}, JSON)
    assert answer.status_code == 201
    assert answer.json()["embedding"] == model
    made = Metric.objects.get(name="Near")
    assert made.core.embedding_models == (EmbeddingModel(vectors.pk, "nomic-embed-text"),)
    page = text_of(client_of(erin).get(reverse("metrics:metric", args=["support-triage", made.pk])))
    assert f'<option value="{value(vectors)}" selected' in page


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"provider": 999_999, "model": "x"},
        "",
        7,
        {},
        {"provider": "x", "model": []},
        [1],
        True,
    ],
)
def test_a_metric_by_meaning_without_a_model_that_is_offered_is_refused_at_its_place(
    erin: User, scene: Scene, vectors: Provider, api_of: ApiOf, said: object
) -> None:
    answer = api_of(erin).post(f"{HERE}/metrics", SIMILARITY | {"embedding": said}, JSON)
    assert answer.status_code == 422
    assert [p["field"] for p in answer.json()["problems"]] == ["embedding"]


def test_demos_are_chosen_by_meaning_where_a_model_is_there_for_it(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, vectors: Provider
) -> None:
    here, client = address("demos", one_step, "classify"), client_of(erin)
    page = text_of(client.get(here))
    assert "meaning, by Vectors: nomic-embed-text" in page
    told = {"way": "each", "pool": dataset.pk, "k": 2, "choosing": "nearest", "label": "intent"}
    told |= {"embedding": value(vectors)}
    sent = {"revision": 1, **rows("demos"), **{f"nearest-{n}": str(v) for n, v in told.items()}}
    seen = text_of(client.post(here, sent | {"look": 1}))
    assert "The nearest in meaning, by nomic-embed-text" in seen
    assert client.post(here, sent).status_code == 302
    demos = fresh(one_step).core.modules[0].demos
    assert isinstance(demos, NearestDemos)
    assert demos.embedding == EmbeddingModel(vectors.pk, "nomic-embed-text")
    # It stays chosen while its provider does not offer it any more.
    Provider.objects.filter(pk=vectors.pk).update(models_offered=["plain"])
    assert "nomic-embed-text, which is not offered any more" in text_of(client.get(here))


def test_nobody_is_offered_meaning_where_no_model_makes_vectors(
    client_of: Browser, erin: User, one_step: Program, scene: Scene
) -> None:
    client = client_of(erin)
    page = text_of(client.get(address("demos", one_step, "classify")))
    assert 'name="nearest-embedding"' not in page
    assert "Embedding model" not in text_of(client.get(NEW))


def test_a_run_tries_meaning_where_it_is_given_a_model_and_is_repeated_with_it(
    client_of: Browser, erin: User, scene: Scene, vectors: Provider, filled: Post
) -> None:
    client = client_of(erin)
    page = text_of(client.post(f"{NEW}estimate/", filled | {"model_embedding": value(vectors)}))
    assert "a pool once, an input once" in page
    assert client.post(NEW, filled | {"model_embedding": value(vectors)}).status_code == 302
    project_run = ProjectRun.objects.get()
    spec = spec_of(project_run.run)
    assert spec.embedding == EmbeddingModel(vectors.pk, "nomic-embed-text")
    again = values_in(client.get(f"{NEW}?from={project_run.number}").content.decode())
    assert again["model_embedding"] == value(vectors)
    assert queries.runs_using(vectors) == [project_run.run_id]
    about = text_of(client.get(f"/p/support-triage/runs/{project_run.number}/"))
    assert "Embedding model" in about


def test_a_run_is_refused_before_it_starts_where_the_model_of_its_demos_is_gone(
    client_of: Browser, erin: User, scene: Scene, filled: Post
) -> None:
    core = scene.program.core
    inputs = tuple(f.name for f in core.modules[0].signature.inputs)
    demos = NearestDemos(1, DemoPool(inputs, ()), embedding=EmbeddingModel(999_999, "gone"))
    modules = (replace(core.modules[0], demos=demos), *core.modules[1:])
    edit(scene.program, lambda core: replace(core, modules=modules), erin)
    page = text_of(client_of(erin).post(NEW, filled))
    assert "Embedding model" in page
    assert not ProjectRun.objects.exists()


def test_an_embedding_model_that_would_have_nothing_to_do_is_told(
    client_of: Browser, erin: User, scene: Scene, vectors: Provider, filled: Post
) -> None:
    told = filled | {"model_embedding": value(vectors)}
    client, idle = client_of(erin), "has nothing to do"
    assert idle not in text_of(client.post(f"{NEW}estimate/", told))
    assert idle in text_of(client.post(f"{NEW}estimate/", told | {"optimizer": "mipro"}))


@pytest.mark.parametrize("provider", [0, -1, 2**31, 10**30])
def test_a_program_file_may_name_any_number_and_is_told_that_there_is_no_such_provider(
    client_of: Browser, erin: User, scene: Scene, filled: Post, provider: int
) -> None:
    core = scene.program.core
    inputs = tuple(f.name for f in core.modules[0].signature.inputs)
    demos = NearestDemos(1, DemoPool(inputs, ()), embedding=EmbeddingModel(provider, "gone"))
    modules = (replace(core.modules[0], demos=demos), *core.modules[1:])
    edit(scene.program, lambda core: replace(core, modules=modules), erin)
    page = text_of(client_of(erin).post(NEW, filled))
    assert "is gone" in page
    assert kept_for(scene.project.namespace, EmbeddingModel(provider, "gone"), ["a"]) is None
