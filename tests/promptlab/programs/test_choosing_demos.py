"""Demos chosen for each input are set on the demos page of a module, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.programs.demo import Choosing, Demo, DemoPool, NearestDemos, PooledDemo
from optimizer.models import DemoPool as DemoPoolRow
from promptlab.accounts.models import User
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program
from tests.core.programs import CLASSIFY, ONE_STEP, THINK
from tests.promptlab.programs.by_hand import (
    Browser,
    address,
    field,
    fresh,
    module_data,
    rows,
    text_of,
)

FIXED = {"message": "Hello", "intent": "other", "augmented": ""}


def sent(**nearest: object) -> dict[str, Any]:
    told = {f"nearest-{name}": str(value) for name, value in nearest.items()}
    return {"revision": 1, **rows("demos", FIXED), **told}


def demos_of(program: Program) -> Any:
    return fresh(program).core.modules[0].demos


@pytest.fixture
def pooled(make_program: Callable[..., Program]) -> Program:
    made = tuple(
        PooledDemo({"message": f"Row {n}", "intent": "other"}, n == 0, f"r{n}", f"k{n}")
        for n in range(30)
    )
    nearest = NearestDemos(4, DemoPool(("message",), made), Choosing.DIVERSE)
    return make_program(replace(ONE_STEP, modules=(replace(CLASSIFY, demos=nearest),)))


def test_a_pool_is_made_of_a_datasets_training_rows(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset
) -> None:
    here = address("demos", one_step, "classify")
    page = text_of(client_of(erin).get(here))
    data = sent(way="each", pool=dataset.pk, k=3, choosing="balanced", label="intent")
    answer = client_of(erin).post(here, data)

    train = {row.key: row for row in dataset.examples.filter(split="train")}
    found = demos_of(one_step)
    assert f"Training rows of “Tickets” ({len(train)})" in page
    assert answer.status_code == 302
    assert (found.k, found.choosing, found.label) == (3, Choosing.BALANCED, "intent")
    assert found.fixed == (Demo({"message": "Hello", "intent": "other"}),)
    assert {d.example for d in found.pool.demos} == set(train)
    for demo in found.pool.demos:
        row = train[demo.example]
        assert demo.values == {**row.inputs, **row.expected}
        assert demo.key == ONE_STEP.key_of(row.inputs)
    assert isinstance(fresh(one_step).definition["modules"][0]["demos"]["pool"], str)


def test_what_is_typed_is_told_in_words_and_tokens_before_it_is_saved(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset
) -> None:
    here = address("demos", one_step, "classify")
    page = text_of(client_of(erin).post(here, sent(way="each", pool=dataset.pk, k=2) | {"look": 1}))

    assert "For each input: the 2 most alike of" in page
    assert "tokens a call, guessed from a few rows" in page
    assert "can cache ends before them" in page
    assert 'value="2"' in page
    assert demos_of(one_step) == ()


def test_switching_to_and_fro_loses_nothing(
    client_of: Browser, erin: User, pooled: Program
) -> None:
    before, here, client = demos_of(pooled), address("demos", pooled, "classify"), client_of(erin)
    client.post(here, sent(way="same"))
    fixed = demos_of(pooled)
    page = text_of(client.get(here))
    client.post(here, sent(way="each", pool="before", k=4, choosing="diverse") | {"revision": 2})

    assert fixed == (Demo({"message": "Hello", "intent": "other"}),)
    assert "The pool as it was before: 30 demos" in page
    assert demos_of(pooled) == replace(before, fixed=fixed)
    assert fresh(pooled).set_aside == {}
    assert DemoPoolRow.objects.count() == 1


def test_what_is_set_aside_follows_a_renamed_module_and_is_not_offered_where_it_does_not_fit(
    client_of: Browser, erin: User, pooled: Program
) -> None:
    client, here = client_of(erin), address("demos", pooled, "classify")
    client.post(here, sent(way="same"))
    renamed = module_data(revision=2, name="sort")
    client.post(address("module", pooled, "classify"), renamed)
    offered = text_of(client.get(address("demos", pooled, "sort")))
    other = module_data(
        revision=3, name="sort", instruction="Sort.",
        **rows("inputs", field("letter", was="message")),
    )  # fmt: skip
    client.post(address("module", pooled, "sort"), other)
    gone = text_of(client.get(address("demos", pooled, "sort")))

    assert [m.signature.inputs[0].name for m in fresh(pooled).core.modules] == ["letter"]
    assert "The pool as it was before: 30 demos" in offered
    assert "The pool as it was before" not in gone


def test_a_changed_choice_keeps_the_pool_and_the_rest_of_the_page_leaves_it_alone(
    client_of: Browser, erin: User, pooled: Program
) -> None:
    before, here, client = demos_of(pooled), address("demos", pooled, "classify"), client_of(erin)
    client.post(here, sent(way="each", pool="as-is", k=8, choosing="nearest"))
    client.post(here, {**sent(), "revision": 2})

    assert demos_of(pooled).pool == before.pool
    assert (demos_of(pooled).k, demos_of(pooled).choosing) == (8, Choosing.NEAREST)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"k": 31}, "The pool has 30 demos: choose fewer."),
        ({"k": 0}, "greater than or equal to 1"),
        ({"pool": "99999"}, "Select a valid choice"),
        ({"pool": ""}, "No demo can be made of these rows"),
        ({"choosing": "odd"}, "Select a valid choice"),
        ({"choosing": "balanced", "label": "message"}, "Select a valid choice"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_beside_its_field(
    client_of: Browser, erin: User, pooled: Program, typed: dict[str, Any], told: str
) -> None:
    data = sent(**{"way": "each", "pool": "as-is", "k": 4, "choosing": "nearest", **typed})
    answer = client_of(erin).post(address("demos", pooled, "classify"), data)

    assert answer.status_code == 422
    assert told in text_of(answer)
    assert demos_of(pooled).choosing is Choosing.DIVERSE


def test_it_is_said_why_a_dataset_makes_no_pool(
    client_of: Browser,
    erin: User,
    make_program: Callable[..., Program],
    two_steps: Program,
    dataset: Dataset,
) -> None:
    renamed = make_program(replace(ONE_STEP, outputs={"topic": "classify.intent"}), "Topics")
    thinking = make_program(replace(ONE_STEP, modules=(THINK,)), "Thinking")
    client = client_of(erin)
    inner = next(c for c in two_steps.core.calls if "input.message" not in c.inputs.values())

    def page(program: Program, module: str) -> str:
        return text_of(client.get(address("demos", program, module)))

    assert "it has no expected column “topic”" in page(renamed, "classify")
    assert "does not show how it was thought of" in page(thinking, THINK.name)
    assert "so only a run makes demos" in page(two_steps, inner.module)


def test_a_program_draws_and_tells_the_choice_to_everybody(
    client_of: Browser, erin: User, carol: User, pooled: Program
) -> None:
    graph = text_of(client_of(carol).get(address("program", pooled)))
    listed = text_of(client_of(carol).get(address("program", pooled) + "?view=list"))
    module = text_of(client_of(erin).get(address("module", pooled, "classify")))
    rest = text_of(client_of(carol).get(address("all_demos", pooled, "classify") + "?q=row 29"))

    assert "4 nearest demos" in graph
    assert (
        "For each input: the 4 most alike of 30 training rows (29 labelled, 1 written by the model)"
        in listed
    )
    assert "10 more:" in listed
    assert "4 demos chosen for each input" in module
    assert "Row 3" not in module
    assert rest.count("row r29, from the data") == 1
