"""Metrics: the list, the form with its test bench, and the sensible first choice."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.custom_code import CustomCode
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.programs.signature import Field, FieldType
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.metrics import services
from promptlab.metrics.gold import spread_of
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.programs.starters import one_module
from tests.core.programs import INTENT

Browser = Callable[[User], Client]
EXPECTED = Field("label")


def new_address(project: Project) -> str:
    return reverse("metrics:new", args=[project.slug])


def address(metric: Metric, name: str = "metric") -> str:
    return reverse(f"metrics:{name}", args=[metric.project.slug, metric.pk])


def typed(**changed: Any) -> dict[str, Any]:
    return {
        "name": "Right",
        "kind": "exact_match",
        "program": "",
        "dataset": "",
        "output": "intent",
        "expected": "intent",
        "tolerance": "0",
        "threshold": "1",
        **changed,
    }


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_an_empty_list_says_what_a_metric_is_for(
    client_of: Browser, erin: User, carol: User, project: Project
) -> None:
    here = reverse("metrics:list", args=[project.slug])
    page = text_of(client_of(erin).get(here))

    assert "No metric yet" in page
    assert new_address(project) in page
    assert new_address(project) not in text_of(client_of(carol).get(here))


def test_the_form_begins_with_what_fits_the_program_and_the_dataset(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    page = text_of(client_of(erin).get(new_address(project)))

    assert 'value="Choice accuracy of intent"' in page
    assert re.search(r'value="choice_accuracy"[^>]* checked', page)
    assert '<option value="intent" selected>intent</option>' in page


def test_a_metric_is_created(client_of: Browser, erin: User, project: Project) -> None:
    data = typed(kind="numeric", tolerance="0.5", threshold="0.8")
    response = client_of(erin).post(new_address(project), data)
    metric = Metric.objects.get()

    assert response.status_code == 302
    assert metric.created_by == erin
    assert metric.core.kind == "numeric"
    assert (metric.core.tolerance, metric.core.threshold) == (0.5, 0.8)


def test_only_numeric_metrics_have_a_tolerance(
    client_of: Browser, erin: User, project: Project
) -> None:
    client = client_of(erin)
    client.post(new_address(project), typed(tolerance="0.5"))
    exact = text_of(client.post(new_address(project), typed(look="1")))
    unseen = typed(look="1", kind="numeric")
    del unseen["tolerance"]  # the form of other kinds does not show it
    numeric = text_of(client.post(new_address(project), unseen))

    assert "tolerance" not in Metric.objects.get().kind_settings
    assert 'name="tolerance"' not in exact
    assert re.search(r'name="tolerance"[^>]* value="0"|value="0"[^>]* name="tolerance"', numeric)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Right intent"}, "There is already a metric called “Right intent”"),
        ({"kind": "taste"}, "Select a valid choice."),
        ({"output": ""}, "This field is required."),
        ({"output": "the intent"}, "“the intent” is not an output name"),
        ({"expected": "a b"}, "“a b” is not a column name"),
        ({"threshold": "1.5"}, "less than or equal to 1"),
        ({"threshold": ""}, "This field is required."),
        ({"tolerance": "-1", "kind": "numeric"}, "greater than or equal to 0"),
        ({"threshold": "nan"}, "Enter a number."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    client_of: Browser, erin: User, metric: Metric, changed: dict[str, str], message: str
) -> None:
    response = client_of(erin).post(new_address(metric.project), typed(**changed))

    assert response.status_code == 422
    assert message in text_of(response)
    assert Metric.objects.count() == 1


def test_a_name_that_program_or_dataset_lacks_is_told(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    data = typed(program=one_step.pk, dataset=dataset.pk, output="label", expected="gold")
    page = text_of(client_of(erin).post(new_address(project), data))

    assert "“label” is not among them: intent." in page
    assert "“gold” is not among them: intent." in page


def test_choice_accuracy_on_a_text_is_told(
    client_of: Browser, erin: User, project: Project, make_program: Any, dataset: Dataset
) -> None:
    program = make_program(one_module("x", (Field("message"),), (Field("intent"),)))
    data = typed(program=program.pk, dataset=dataset.pk, kind="choice_accuracy")
    response = client_of(erin).post(new_address(project), data)

    assert response.status_code == 422
    assert "The metric compares choices, but “intent” is text" in text_of(response)


def test_a_metric_by_which_nothing_could_ever_be_right_is_refused(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    data = typed(program=one_step.pk, dataset=dataset.pk, kind="numeric")
    response = client_of(erin).post(new_address(project), data)

    assert response.status_code == 422
    assert "examples expect a label such as" in text_of(response)
    assert "they can never be right" in text_of(response)
    assert not project.metrics.exists()


def test_the_bench_judges_the_first_validation_examples_as_one_types(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    client = client_of(erin)
    first = dataset.examples.filter(split="validation").first()
    assert first is not None
    look = typed(look="1", dataset=dataset.pk)
    untouched = text_of(client.post(new_address(project), look))
    wrong = text_of(
        client.post(
            new_address(project),
            {**look, f"answer-{first.key}": "nonsense"},
            headers={"HX-Request": "true"},
        )
    )

    shown = min(dataset.examples.filter(split="validation").count(), 5)
    assert untouched.count("as expected") == shown
    assert f"expected “{first.expected['intent']}”, got “nonsense”" in wrong
    assert "<html" not in wrong
    assert not Metric.objects.exists()


def test_looking_complains_of_nothing_and_saves_nothing(
    client_of: Browser, erin: User, metric: Metric
) -> None:
    response = client_of(erin).post(address(metric), typed(look="1", name="", output=""))

    assert response.status_code == 200
    assert "This field is required." not in text_of(response)
    assert Metric.objects.get().name == "Right intent"


def test_a_metric_is_changed(client_of: Browser, erin: User, metric: Metric) -> None:
    client_of(erin).post(address(metric), typed(name="Exactly right"))
    metric.refresh_from_db()

    assert (metric.name, metric.kind) == ("Exactly right", "exact_match")


def test_a_name_that_nobody_chose_follows_kind_and_output(project: Project, erin: User) -> None:
    metric = services.create_metric(
        project, erin, "Exact match of intent", ExactMatch("intent", "intent")
    )
    services.save_metric(metric, metric.name, Contains("label", "intent"))
    assert metric.name == "Contains of label"
    services.save_metric(metric, "Mine", Contains("label", "intent"))
    services.save_metric(metric, "Mine", ExactMatch("intent", "intent"))
    assert metric.name == "Mine"


def test_a_viewer_may_use_the_bench_but_not_save(
    client_of: Browser, carol: User, metric: Metric, dataset: Dataset
) -> None:
    client = client_of(carol)
    page = text_of(client.get(address(metric)))

    assert "Viewers may use the bench" in page
    assert "as expected" in page
    assert client.post(address(metric), typed(look="1")).status_code == 200
    assert client.post(address(metric), typed()).status_code == 403
    assert client.post(address(metric, "delete")).status_code == 403
    assert client.get(new_address(metric.project)).status_code == 403


def test_an_outsider_finds_nothing(client_of: Browser, dave: User, metric: Metric) -> None:
    client = client_of(dave)

    assert client.get(reverse("metrics:list", args=[metric.project.slug])).status_code == 404
    assert client.get(address(metric)).status_code == 404
    assert client.get(reverse("metrics:metric", args=["daves-own", metric.pk])).status_code == 404


def test_a_metric_is_deleted(client_of: Browser, erin: User, metric: Metric) -> None:
    page = text_of(client_of(erin).post(address(metric, "delete"), follow=True))

    assert "“Right intent” was deleted." in page


# --- The sensible first choice -----------------------------------------------------------------


def test_types_decide_the_kind() -> None:
    number, text = Field("n", FieldType.NUMBER), Field("text")

    def kind(given: Field, expected: Field) -> str | None:
        found = services.suggested([(given.name, given)], [expected])
        return found.kind if found else None

    assert kind(INTENT, text) == "choice_accuracy"
    assert kind(number, text) == "numeric"
    assert kind(text, number) == "numeric"
    assert kind(text, text) == "exact_match"


def test_the_same_name_is_taken_first() -> None:
    found = services.suggested(
        [("note", Field("note")), ("intent", INTENT)], [Field("id"), Field("intent")]
    )

    assert found is not None
    assert (found.output, found.expected) == ("intent", "intent")


def test_nothing_is_suggested_where_nothing_can_be_compared() -> None:
    assert services.suggested([], [Field("x")]) is None
    assert services.suggested([("x", Field("x"))], []) is None


def test_a_metric_of_the_project_that_fits_is_suggested(
    one_step: Program, dataset: Dataset, metric: Metric
) -> None:
    assert services.suggest(one_step, dataset) == metric


def test_otherwise_a_new_one_is_suggested_that_is_not_stored(
    one_step: Program, dataset: Dataset
) -> None:
    found = services.suggest(one_step, dataset)

    assert found is not None
    assert found.pk is None
    assert found.name == "Choice accuracy of intent"
    assert found.core.problems(one_step.core, {"intent"}) == []


def shown_parts(page: str) -> list[str]:
    """The kinds of the parts that a form shows."""
    found = re.findall(r'<select name="((?:p\d+-)?kind)".*?</select>', page, re.DOTALL)
    return [str(name) for name in found]


def test_parts_are_added_kept_while_one_types_and_taken_away(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    client, here = client_of(erin), new_address(project)
    begun = typed(program=one_step.pk, dataset=dataset.pk, kind="choice_accuracy", parts="1")
    two = text_of(client.post(here, begun | {"look": "add"}))
    assert shown_parts(two) == ["kind", "p1-kind"]

    rule = {"p1-kind": "answer_length", "p1-output": "intent", "p1-most": "2"}
    rule["p1-unit"] = "words"
    data = begun | {"parts": "2", **rule, "p1-counts": "must"}
    kept = text_of(client.post(here, data | {"look": "1"}))
    assert shown_parts(kept) == ["kind", "p1-kind"]
    assert "Choice accuracy of intent" in kept  # what the part's score is called on the bench

    alone = text_of(client.post(here, data | {"look": "remove-0"}))
    assert shown_parts(alone) == []
    assert re.search(r'value="answer_length"[^>]* checked', alone)

    answer = client.post(here, data | {"name": "Choice accuracy of intent"})
    assert answer.status_code == 302
    assert Metric.objects.get().name == "Choice accuracy of intent and 1 more"
    made = Metric.objects.get().core
    assert [part.kind for part in made.singles] == ["choice_accuracy", "answer_length"]

    again = text_of(client.get(address(Metric.objects.get())))
    assert shown_parts(again) == ["kind", "p1-kind"]
    assert re.search(r'name="p1-most"[^>]* value="2"|value="2"[^>]* name="p1-most"', again)


def test_what_is_wrong_with_a_part_stands_at_the_part(
    client_of: Browser, erin: User, project: Project
) -> None:
    odd = typed(parts="2") | {"p1-kind": "regex", "p1-output": "intent", "p1-pattern": "(a"}
    odd["p1-found"] = "somewhere"
    answer = client_of(erin).post(new_address(project), odd)
    assert answer.status_code == 422
    assert "The pattern cannot be read" in text_of(answer)
    assert not Metric.objects.exists()


def test_right_answers_are_judged_beside_the_bench(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    client, here = client_of(erin), new_address(project)
    names = {"program": one_step.pk, "dataset": dataset.pk, "look": "1"}
    good = text_of(client.post(here, typed(kind="choice_accuracy", **names)))
    assert "Right answers" in good
    assert "is not wholly right" not in good
    source = "def metric(example, prediction, trace):\n    return 0.5"
    blind = text_of(client.post(here, typed(kind="custom_code", source=source, **names)))
    assert "What the dataset itself calls right is not wholly right by this metric" in blind
    assert "It does not tell right answers from those to other examples" in blind


def test_assertions_of_promptfoo_become_a_metric(
    project: Project, erin: User, client_of: Browser
) -> None:
    browser, address = client_of(erin), reverse("metrics:from_tests", args=[project.slug])
    asserted = [{"type": "equals", "value": "x"}, {"type": "javascript", "value": "1"}]
    config = json.dumps({"prompts": ["p"], "tests": [{"assert": asserted}]})
    wrong = browser.post(address, {"name": "Asserted", "text": "prompts: ["})
    assert "this is not YAML" in wrong.content.decode()
    none = browser.post(address, {"name": "Asserted", "text": "[]"})
    assert "None of its assertions" in none.content.decode()
    page = browser.post(address, {"name": "Asserted", "text": config}, follow=True)
    assert "Not carried over: javascript." in page.content.decode()
    made = project.metrics.get(name="Asserted").core
    assert (made.kind, made.output, made.expected) == ("exact_match", "output", "expected")


def test_the_bench_tells_how_far_another_metric_agrees(
    client_of: Browser, erin: User, project: Project, one_step: Program, dataset: Dataset
) -> None:
    services.create_metric(project, erin, "Words in it", Contains("intent", "intent"))
    never = CustomCode("intent", "intent", source="def metric(e, p, t):\n    return False")
    services.create_metric(project, erin, "Never right", never)
    here = {"program": one_step.pk, "dataset": dataset.pk, "look": "1"}
    page = text_of(client_of(erin).post(new_address(project), typed(**here)))
    told = " ".join(page.split())
    all_of_it = re.search(r"agrees with “Words in it” on (\d+) of (\d+) answers", told)
    half = re.search(r"agrees with “Never right” on (\d+) of (\d+) answers", told)
    assert all_of_it
    assert half
    assert all_of_it[1] == all_of_it[2]
    assert 0 < int(half[1]) < int(half[2])


def test_scores_are_counted_once_each_by_where_they_lie() -> None:
    own = [1.0, 1.0, 0.0, 0.25, 0.999, None]
    other = [0.0, 0.1, 0.5, 0.75, 1.0]
    bins = spread_of(own, other)
    assert [b.own for b in bins] == [1, 0, 1, 0, 1, 2]
    assert [b.other for b in bins] == [1, 1, 0, 1, 1, 1]
