"""Ready examples: each is a project whose first run can be started at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.optimizers.estimate import calls_per_example
from optimizer.sandbox.answers import without_models
from promptlab.accounts.models import Project, User
from promptlab.datasets.queries import examples as rows_of
from promptlab.demo.examples import DATA, ReadyExample, found_example, ready_examples

EXAMPLES = ready_examples()
CALLS = {"heart_disease": 3, "hotpotqa": 3, "hover": 4}


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
