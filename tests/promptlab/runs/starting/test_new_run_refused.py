"""A run that cannot be started: the reason stands beside its cause, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from django.test import Client

from optimizer.core.programs.program import Program as CoreProgram
from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.columns import Role as ColumnRole
from optimizer.datasets.columns import Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.models import Provider, Run
from promptlab.accounts.models import Project, User
from promptlab.datasets.services import import_dataset
from promptlab.metrics.models import Metric
from promptlab.programs.services import save_definition
from tests.evaluations import with_check
from tests.promptlab.runs.new_run_form import (
    NEW,
    Post,
    errors_at,
    refused,
    texts,
    values_in,
)
from tests.promptlab.runs.scene import INTENTS, Scene, made_otherwise, rows, triage

ClientOf = Callable[[User], Client]


def test_a_cap_too_small_for_one_trial_is_refused_beside_the_cap(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    html = refused(client_of(erin), filled | {"max_calls": "50", "seed": "99"})
    assert "more than the cap of 50" in errors_at(html, "max_calls")
    kept = values_in(html)
    assert (kept["max_calls"], kept["seed"]) == ("50", "99")  # nothing is lost


def test_where_every_trial_is_a_full_evaluation_the_cap_must_pay_for_one(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    opro = filled | {"optimizer": "module_opro", "max_calls": "159"}  # 2 calls, 40 examples, twice
    html = refused(client_of(erin), opro)
    assert "one trial need 160 calls" in errors_at(html, "max_calls")


def test_a_program_with_problems_is_refused_with_the_way_there(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    broken = replace(triage(), outputs={})
    save_definition(scene.program, broken, scene.program.revision, erin)
    html = refused(client_of(erin), filled)
    assert "no output" in errors_at(html, "program")
    assert f"/p/support-triage/programs/{scene.program.pk}/" in html


def test_a_program_in_which_all_is_frozen_is_refused_with_the_way_there(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    core = triage()
    half = [replace(m, frozen_instruction=True) for m in core.modules]
    frozen = [replace(m, frozen_demos=True) for m in half]
    open_demos = replace(core, modules=tuple(half))
    save_definition(scene.program, open_demos, scene.program.revision, erin)
    html = refused(client_of(erin), {**filled, "optimizer": "zero_shot_mipro"})
    assert "All that this optimizer could change is frozen" in errors_at(html, "program")

    all_frozen = replace(core, modules=tuple(frozen))
    save_definition(scene.program, all_frozen, scene.program.revision, erin)
    html = refused(client_of(erin), filled)
    assert "All that this optimizer could change is frozen" in errors_at(html, "program")
    assert f"/p/support-triage/programs/{scene.program.pk}/" in html


def test_a_program_that_wants_other_inputs_is_refused_at_the_dataset(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    core = triage()
    other = replace(core, inputs=(*core.inputs, Field("subject")))
    save_definition(scene.program, other, scene.program.revision, erin)
    html = refused(client_of(erin), filled)
    assert "“subject”, but the dataset's inputs are message" in errors_at(html, "dataset")


def dataset_named(
    project: Project, by: User, name: str, data: list[dict[str, str]], plan: SplitPlan
) -> str:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in data)
    uses = (
        Use("message", ColumnRole.INPUT, "message"),
        Use("intent", ColumnRole.EXPECTED, "intent", FieldType.TEXT),
    )
    found = import_dataset(
        project, by, name, BytesIO(lines.encode()), Mapping(uses, plan), source_name="x.jsonl"
    )
    return str(found.pk)


@pytest.mark.parametrize(
    ("emptied", "said"),
    [("validation", "no validation examples"), ("train", "no training examples")],
)
def test_a_dataset_with_an_empty_split_is_refused(
    emptied: str, said: str, scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    made_otherwise(scene.dataset.examples.filter(split=emptied), split="test")
    html = refused(client_of(erin), filled)
    assert said in errors_at(html, "dataset")


def test_a_metric_on_a_missing_field_is_refused_at_the_metric(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    wrong = Metric.objects.create(
        project=scene.project, name="Wrong", kind="exact_match", output="intent", expected="label"
    )
    html = refused(client_of(erin), filled | {"metric": str(wrong.pk)})
    assert "“label”, which is no expected column" in errors_at(html, "metric")


def test_labels_that_are_no_choice_are_told_and_refused_when_none_fits(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    some = [*rows(95), *({"message": f"odd {n}", "intent": "complaint"} for n in range(5))]
    partly = dataset_named(scene.project, erin, "partly", some, SplitPlan(40, 60, 0))
    shown = texts(client.post(f"{NEW}estimate/", filled | {"dataset": partly}).content.decode())
    assert "5 examples expect a label such as “complaint”" in shown
    none = [row | {"intent": f"x{row['intent']}"} for row in rows(60)]
    wholly = dataset_named(scene.project, erin, "wholly", none, SplitPlan(40, 60, 0))
    html = refused(client, filled | {"dataset": wholly})
    assert "can never be right" in errors_at(html, "metric")


def test_a_choice_that_no_example_expects_is_worth_a_warning(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    core = triage()
    classify = core.module("classify_intent")
    field = Field("intent", FieldType.CHOICE, choices=(*INTENTS, "réfund"))
    signature = replace(classify.signature, outputs=(field,))
    modules = (core.modules[0], replace(classify, signature=signature))
    changed: CoreProgram = replace(core, modules=modules)
    save_definition(scene.program, changed, scene.program.revision, erin)
    client = client_of(erin)
    shown = texts(client.post(f"{NEW}estimate/", filled).content.decode())
    assert "No example expects the choice “réfund”" in shown
    assert client.post(NEW, filled).status_code == 302


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("failed", 422, "failed its last test: wrong key"),
        ("never", 302, "was never tested"),
        ("kept from it by a monthly cap", 302, "was never tested"),
        ("works", 302, "“Scripted” answers."),
    ],
)
def test_a_model_that_failed_its_test_is_refused(
    state: str, status: int, said: str, scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    if state == "never":
        Provider.objects.update(check_run=None)
    else:
        with_check(scene.provider, works=state == "works", message="wrong key")
    if "cap" in state:
        Run.objects.update(stop_reason="monthly cap")
    client = client_of(erin)
    assert said in texts(client.post(f"{NEW}estimate/", filled).content.decode())
    assert client.post(NEW, filled).status_code == status
