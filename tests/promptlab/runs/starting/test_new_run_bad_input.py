"""Bad input at the new run's form: a message beside what causes it, and nothing spent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from tests.promptlab.runs.new_run_form import NEW, Post, errors_at, refused, texts
from tests.promptlab.runs.scene import Scene, made_otherwise

ClientOf = Callable[[User], Client]


def relabelled(scene: Scene, label: str | None, split: str = "validation") -> None:
    made_otherwise(scene.dataset.examples.filter(split=split), expected={"intent": label})


def looked_at(client: Client, post: Post) -> str:
    """What the form says before anything is started."""
    return texts(client.post(f"{NEW}estimate/", post).content.decode())


def test_without_any_label_a_run_is_refused_at_the_metric(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    relabelled(scene, None)
    html = refused(client_of(erin), filled)
    assert "No validation example says anything in “intent”" in errors_at(html, "metric")


def test_a_few_missing_labels_are_a_warning(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    some = scene.dataset.examples.filter(split="validation").values_list("pk", flat=True)[:3]
    made_otherwise(scene.dataset.examples.filter(pk__in=list(some)), expected={"intent": ""})
    told = looked_at(client_of(erin), filled)
    assert "3 of 40 validation examples say nothing in “intent”" in told


def test_one_class_only_is_a_warning_and_the_run_starts(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    relabelled(scene, "refund")
    client = client_of(erin)
    assert "Every validation example expects “refund”" in looked_at(client, filled)
    assert client.post(NEW, filled).status_code == 302


def test_one_validation_example_is_a_warning_and_the_run_starts(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    rest = scene.dataset.examples.filter(split="validation").values_list("pk", flat=True)[1:]
    made_otherwise(scene.dataset.examples.filter(pk__in=list(rest)), split="test")
    client = client_of(erin)
    assert "Only 1 validation examples" in looked_at(client, filled)
    assert client.post(NEW, filled).status_code == 302


def test_a_tiny_minibatch_is_a_warning_where_there_are_minibatches(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client, tiny = client_of(erin), filled | {"effort": "custom", "minibatch_size": "2"}
    assert "A minibatch of 2 says next to nothing" in looked_at(client, tiny)
    opro = tiny | {"optimizer": "module_opro"}
    assert "says next to nothing" not in looked_at(client, opro)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_calls": "200"}, "The limit of 200 calls will end the run early"),
        ({"max_calls": "400"}, "The limit of 400 calls may end the run early"),
        ({"max_cost": "0.01"}, "The limit of $0.01 will end the run early"),
        ({"max_minutes": "1"}, "The limit of 1 min may end the run early"),
        ({"max_calls": "", "max_cost": "", "max_minutes": "9999"}, ""),
    ],
)
def test_a_limit_below_the_estimate_is_a_warning(
    limits: Post, told: str, erin: User, client_of: ClientOf, filled: Post
) -> None:
    shown = looked_at(client_of(erin), filled | {"effort": "heavy"} | limits)
    assert told in shown
    assert bool(told) == ("end the run early" in shown)


@pytest.mark.parametrize("name", ["bayesian_bootstrap", "bootstrap_search"])
def test_where_no_demo_is_possible_the_field_says_so(
    name: str, scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    none = {"max_bootstrapped_demos": "0", "max_labeled_demos": "0"}
    html = refused(client_of(erin), {**filled, "optimizer": name, "effort": "custom", **none})
    assert "no demo is allowed" in errors_at(html, "max_bootstrapped_demos")


@pytest.mark.parametrize("field", ["trials", "minibatch_size", "full_every", "demo_sets"])
def test_a_setting_of_zero_is_refused_at_its_field(
    field: str, erin: User, client_of: ClientOf, filled: Post
) -> None:
    own = {"effort": "custom", "optimizer": "mipro"}
    html = refused(client_of(erin), {**filled, **own, field: "0"})
    assert "greater than or equal to 1" in errors_at(html, field)


def test_seed_0_stays_seed_0(erin: User, client_of: ClientOf, filled: Post) -> None:
    client_of(erin).post(NEW, {**filled, "seed": "0"})
    assert spec_of(ProjectRun.objects.get().run).seed == 0


# --- Several optimizer models -----------------------------------------------------------------


def test_further_optimizer_models_are_offered_only_where_they_are_compared(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    assert "Further optimizer models" not in looked_at(client, {**filled, "optimizer": "mipro"})
    told = looked_at(client, {**filled, "optimizer": "zero_shot_mipro_plus"})
    assert "Further optimizer models" in told


def test_further_optimizer_models_reach_the_run_each_once(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    value = f"{scene.provider.pk}:scripted-"
    post = {
        **filled,
        "optimizer": "mipro_plus",
        "model_task": f"{value}1",
        "model_optimizer": "",
        "model_further": [f"{value}1", f"{value}2", f"{value}2"],
    }
    client = client_of(erin)
    again = client.post(f"{NEW}estimate/", post).content.decode()
    assert again.count("checked") >= 2  # what was ticked stays ticked
    assert client.post(NEW, post).status_code == 302
    spec = spec_of(ProjectRun.objects.get().run)
    assert [ref.model for ref in spec.further_optimizers] == ["scripted-2"]


def test_they_are_refused_where_one_model_writes(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    post = {**filled, "optimizer": "mipro", "model_further": [f"{scene.provider.pk}:scripted-2"]}
    answer = client_of(erin).post(NEW, post)
    assert answer.status_code == 422
    assert "writes with one model" in texts(answer.content.decode())
    assert not Run.objects.filter(task=Run.Task.OPTIMIZE).exists()
