"""Ready examples: each is a project whose first run can be started at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks import made_tasks
from optimizer.core.evaluation.cases import Case
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace, Prediction
from optimizer.core.optimizers.estimate import calls_per_example
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.sandbox.answers import without_models
from promptlab.accounts.models import Project, User
from promptlab.datasets.queries import examples as rows_of
from promptlab.demo.examples import DATA, ReadyExample, found_example, ready_examples

EXAMPLES = ready_examples()
CALLS = {"grid_world": 2, "heart_disease": 3, "hotpotqa": 3, "hover": 4}


def test_the_folders_are_the_examples_and_say_whose_data_they_have() -> None:
    folders = {path.name for path in DATA.iterdir() if path.is_dir()}
    assert folders == set(EXAMPLES)
    for example in EXAMPLES.values():
        readme = (example.folder / "README.md").read_text(encoding="utf-8")
        named = example.licence.split()[0]
        assert named in readme or named == "MIT"
        assert "license" in readme.lower() or "public domain" in readme or "Copyright" in readme


@pytest.mark.django_db
@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda e: e.name)
def test_an_example_becomes_a_project_that_is_ready_for_a_run(
    example: ReadyExample, erin: User
) -> None:
    project = found_example(erin, example)
    (dataset,), (program,) = project.datasets.all(), project.programs.all()
    (metric,) = project.metrics.all()
    assert program.core.problems() == program.core.warnings() == []
    assert dataset.left_out == 0
    expected = set(example.expected)
    assert metric.core.problems(program.core, expected) == []
    for split in ("train", "validation"):
        assert len(rows_of(dataset, split)) >= 30
    assert calls_per_example(program.core) == CALLS.get(example.name, 1)
    right = [told_right(metric.core, example, row) for row in rows_of(dataset, "validation")[:5]]
    assert right == [1.0] * len(right)


def told_right(metric: Metric, example: ReadyExample, row: object) -> float:
    """The score of a row's own answers."""
    expected = row.expected  # type: ignore[attr-defined]
    outputs = {name: expected.get(name) for name in example.program.outputs}
    if example.name == "hotpotqa_conditional":
        outputs = {"answer": in_its_form(expected["answer"], expected["answer_category"])}
    elif example.name == "cheaper_expressions":
        outputs = {"cheaper": expected["cheapest"]}
    elif example.name == "hover":
        outputs = {"passages": [{"title": title} for title in expected["gold_titles"]]}
    score = without_models(metric.score(row, Prediction(outputs)))  # type: ignore[arg-type]
    assert score is not None
    return score.value


def in_its_form(answer: str, category: str) -> str:
    if category == "place":
        return "".join(c for c in answer if c not in ",.?!;:")
    if category == "date":
        return f"{answer} Peace!"
    return answer.lower() if category == "person" else answer.upper()


@pytest.mark.django_db
def test_the_page_offers_them_and_one_click_leads_to_a_new_run(
    erin: User, client_of: Callable[[User], Client], project: Project
) -> None:
    erin.memberships.update(role="admin")
    client = client_of(erin)
    page = client.get(reverse("demo:examples")).content.decode()
    assert all(str(example.about)[:30] in page for example in EXAMPLES.values())
    begun = client.post(reverse("demo:begin", args=["heart_disease"]))
    made = Project.objects.get(name=str(EXAMPLES["heart_disease"].title))
    assert begun["Location"] == reverse("runs:new", args=[made.slug])
    assert client.get(begun["Location"]).status_code == 200
    assert client.post(reverse("demo:begin", args=["nothing"])).status_code == 404


@pytest.mark.django_db
def test_who_has_no_project_yet_is_led_to_the_examples(
    erin: User, client_of: Callable[[User], Client]
) -> None:
    erin.memberships.all().delete()
    erin.is_superuser = True
    erin.save()
    page = client_of(erin).get(reverse("accounts:projects"))
    assert reverse("demo:examples") in page.content.decode()


GRID = "S . #\n# . .\n. . G"


@pytest.mark.parametrize(
    ("moves", "score", "why"),
    [
        (["right", "down", "right", "down"], 1.0, "the goal is reached in 4 moves"),
        (["right", "down"], 0.25, "the moves end before the goal, 2 moves away"),
        (["right", "right"], 0.125, "move 2 (right) runs into a wall or leaves the grid"),
        (["up"], 0.0, "move 1 (up) runs into a wall or leaves the grid"),
        (["right", "left", "right"], 0.0, "move 2 (left) comes back to where it was"),
        (["right", "jump"], 0.125, "move 2 (jump) is none"),
        ([], 0.0, "the moves end before the goal"),
        (None, 0.0, "the moves end before the goal"),
    ],
)
def test_a_way_through_the_grid_world_is_walked(moves, score: float, why: str) -> None:
    row = Example("1", {"world": GRID}, {})
    told = without_models(EXAMPLES["grid_world"].metric.score(row, Prediction({"moves": moves})))
    assert told is not None
    assert told.value == pytest.approx(score)
    assert why in told.reason


@pytest.mark.parametrize(
    ("moves", "rule"),
    [
        (["right", "right"], "The way runs into a wall"),
        (["up"], "The way leaves the grid"),
        (["right", "left"], "The way goes in a circle"),
        (["right", "down"], "The way stops short of the goal"),
    ],
)
def test_the_rules_of_the_grid_world_say_what_went_wrong(moves: list[str], rule: str) -> None:
    task = EXAMPLES["grid_world"]
    walk = task.program.module("walk")
    ran = without_models(walk.run(baseline_of(task.program).modules["walk"],
                                  {"world": GRID, "moves": moves}))  # fmt: skip
    call = CallTrace("walk", "walk", {}, ran.outputs, "")
    case = Case("1", {}, {}, {}, 0.0, "", (call,))
    assert [r.text.partition(":")[0].rstrip(".") for r in task.feedback if r.fires(case)] == [rule]


@pytest.mark.parametrize(
    ("said", "score", "why"),
    [
        ("b*(a + 3)", 1.0, "right, with 3 operations; 6 were given, 3 are enough"),
        ("a*b + 3*b", 4 / 6, "right, with 5 operations"),
        ("a*b + 3*b + 0", 4 / 7, "right, with 6 operations"),
        ("a*b + 3", 0.0, "instead of"),
        ("a*b + 3*b +", 0.0, "it ends too early"),
        ("(a + 3*b", 0.0, "a bracket is not closed"),
        ("a**b", 0.0, "something is missing before *"),
        ("The answer is a*b", 0.0, "only numbers"),
        ("", 0.0, "only numbers"),
        (None, 0.0, "only numbers"),
    ],
)
def test_an_expression_is_right_on_all_tests_or_nothing_counts(said, score, why) -> None:
    row = Example("1", {"expression": "a*b + 3*b + 0"}, {"cheapest": "(a + 3)*b"})
    metric = EXAMPLES["cheaper_expressions"].metric
    told = without_models(metric.score(row, Prediction({"cheaper": said})))
    assert told is not None
    assert told.value == pytest.approx(score)
    assert why in told.reason


@pytest.mark.parametrize("name", made_tasks.TASKS)
def test_the_rows_that_are_made_are_what_the_command_makes(name: str) -> None:
    kept = [json.loads(line) for line in (DATA / name / "examples.jsonl").open(encoding="utf-8")]
    made = islice(made_tasks.TASKS[name](), len(kept))
    assert [{k: v for k, v in row.items() if k != "split"} for row in kept] == list(made)
