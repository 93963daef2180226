"""Ready code runs in the sandbox, and judges as the task that it is for wants."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.evaluation.metric import NoScore
from optimizer.core.evaluation.outcome import CallTrace, Prediction, Score
from optimizer.core.metrics.custom_code import ARGUMENTS, FUNCTION, CustomCode
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import alone
from optimizer.sandbox.answers import without_models
from optimizer.sandbox.jail import jail
from promptlab.accounts.models import Project, User
from promptlab.metrics.snippets import snippets, with_names
from tests.promptlab.metrics.scored_pairs import sums, texts


def judge(
    name: str, columns: dict[str, Any], outputs: dict[str, Any], trace: tuple[CallTrace, ...] = ()
) -> Score:
    metric = CustomCode("", "", source=snippets()[name].source)
    found = without_models(metric.score(Example("1", {}, columns), Prediction(outputs, trace)))
    assert found is not None
    return found


@pytest.mark.parametrize("name", list(snippets()))
def test_ready_code_is_taken_as_it_is(name: str) -> None:
    snippet = snippets()[name]
    assert snippet.title
    assert snippet.summary
    assert list(jail().check(snippet.source, FUNCTION, ARGUMENTS)) == []


STATE = (
    "the red block is clear, the hand is empty, the red block is on top of the blue block, the "
    "blue block is on the table, the orange block is clear and the orange block is on the table"
)
GOAL = "the orange block is on top of the red block"


@pytest.mark.parametrize(
    ("plan", "value", "told"),
    [
        (
            ["pick up the orange block", "stack the orange block on top of the red block"],
            1,
            "is re",
        ),
        ("1. Pick up the orange block.\n2. Stack the orange block on top of the red block.", 1, ""),
        (["pick up the blue block"], 0, "move 1 (pick up the blue block): it cannot be picked up"),
        (["pick up the orange block", "put down the orange block"], 0, "the goal is not reached"),
        (["unstack the red block from on top of the blue block", "stack red on orange"], 0, "goal"),
        (["fly away"], 0, "this is no move"),
        ([], 0, "the goal is not reached"),
    ],
)
def test_a_plan_is_carried_out(plan: Any, value: float, told: str) -> None:
    found = judge("blocksworld_plan", {"initial_state": STATE, "goal": GOAL}, {"plan": plan})
    assert found.value == value
    assert told in found.reason


@pytest.mark.parametrize(
    ("answer", "expected", "category", "right"),
    [
        ("marie curie", "Marie Curie", "person", True),
        ("Marie Curie", "Marie Curie", "person", False),
        ("New York", "New York", "place", True),
        ("New York.", "New York", "place", False),
        ("1898 Peace!", "1898", "date", True),
        ("1898", "1898", "date", False),
        ("THE NUMBER OF VOTES", "the number of votes", "part", True),
        ("the number of votes", "the number of votes", "part", False),
        ("THE NUMBER OF VOTES PEACE!", "the number of votes", "part", False),
        ("pierre curie", "Marie Curie", "person", False),
    ],
)
def test_the_form_follows_the_category(
    answer: str, expected: str, category: str, right: bool
) -> None:
    columns = {"answer": expected, "answer_category": category}
    assert judge("hotpotqa_conditional", columns, {"answer": answer}).value == right


@pytest.mark.parametrize(
    ("rule", "settings", "answer", "value"),
    [
        ("format:no_whitespace", {}, "oneword", 1),
        ("format:no_whitespace", {}, "two words", 0),
        ("count:word_count_range", {"min_words": 2.0, "max_words": 3.0}, "It's three words", 1),
        ("count:word_count_range", {"min_words": 2.0, "max_words": 3.0}, "one", 0),
        ("count:numbers", {"N": 2.0}, "7 and 12", 1),
        ("count:numbers", {"N": 2.0}, "7 and 12 and 3", 0),
        ("ratio:stop_words", {"percentage": 47.0}, "Placebos catalyze neurological change", 1),
        ("ratio:stop_words", {"percentage": 47.0}, "it is what it is", 0),
        ("words:no_consecutive", {}, "Quick brown foxes jump", 1),
        ("words:no_consecutive", {}, "Big brown foxes", 0),
        ("words:prime_lengths", {}, "is the light", 1),
        ("words:prime_lengths", {}, "four", 0),
        ("format:options", {"options": "yes/no/maybe"}, "Maybe.", 1),
        ("format:options", {"options": "yes/no/maybe"}, "Perhaps", 0),
        ("format:parentheses", {}, "(a [b {c (d [e])}])", 1),
        ("format:parentheses", {}, "(a (b))", 0),
        ("words:last_first", {}, "I like tea. Tea is warm.", 1),
        ("words:last_first", {}, "I like tea. It is warm.", 0),
        ("sentence:increment", {"small_n": 1.0}, "I am. We are here.", 1),
        ("sentence:increment", {"small_n": 1.0}, "I am. We are here now.", 0),
        ("format:title_case", {}, "The Lord of the Rings", 1),
        ("format:title_case", {}, "The lord", 0),
        ("format:no_whitespace", {}, "", 0),
    ],
)
def test_verifiable_constraints_are_verified(
    rule: str, settings: dict[str, float], answer: str, value: float
) -> None:
    columns = {"instruction_ids": [rule], "instruction_kwargs_json": json.dumps([settings])}
    assert judge("ifbench_rules", columns, {"answer": answer}).value == value


def test_an_example_of_constraints_that_nothing_checks_has_no_score() -> None:
    columns = {"instruction_ids": ["custom:csv_city"], "instruction_kwargs_json": "[{}]"}
    with pytest.raises(NoScore, match="there is no check for custom:csv_city"):
        judge("ifbench_rules", columns, {"answer": "a"})


@pytest.mark.parametrize(
    ("name", "output", "expected", "value"),
    [
        ("gsm8k_number", "So it is 1,200.", "3 * 400 = 1200\n#### 1200", 1.0),
        ("gsm8k_number", "So it is 1,300.", "#### 1200", 0.0),
        ("gsm8k_number", "many", "#### 1200", 0.0),
        ("hotpotqa_exact", "The Eiffel Tower!", "eiffel tower", 1.0),
        ("hotpotqa_exact", "Eiffel", "eiffel tower", 0.0),
    ],
)
def test_answers_are_compared_as_benchmarks_do(
    name: str, output: str, expected: str, value: float
) -> None:
    assert judge(name, {"answer": expected}, {"answer": output}).value == value


@pytest.mark.parametrize(
    ("name", "column", "same", "near", "far"),
    [
        ("rouge_l", "summary", "the cat sat on the mat", "the cat lay on a mat", "dogs bark"),
        ("bleu", "translation", "the cat sat on the mat", "the cat sat on mats", "dogs bark"),
        ("edit_distance", "answer", "Schmidt", "Schmitt", "Ng"),
    ],
)
def test_texts_are_told_near_and_far(
    name: str, column: str, same: str, near: str, far: str
) -> None:
    scores = [judge(name, {column: same}, {column: said}).value for said in (same, near, far)]
    assert scores[0] == pytest.approx(1.0)
    assert scores[0] > scores[1] > scores[2]


def test_rouge_l_is_the_longest_common_sequence() -> None:
    columns, said = {"summary": "police killed the gunman"}, {"summary": "the gunman police killed"}
    assert judge("rouge_l", columns, said).value == pytest.approx(0.5)


def test_squad_f1_is_that_of_our_own_kind_on_plain_words() -> None:
    """Two writings of one formula, on texts without signs that only ours reads."""
    draw = random.Random(3)
    names = ["paris", "the", "tower", "of", "london", "bridge", "a", "seine", "old"]
    own = TokenF1("answer", "answer")
    for _ in range(40):
        one, other = (" ".join(draw.choices([*names[:8], "x"], k=4)) + " end" for _ in range(2))
        expected = {"answer": other}
        ours = alone(own.score(Example("1", {}, expected), Prediction({"answer": one})))
        assert ours is not None
        assert judge("squad_f1", expected, {"answer": one}).value == pytest.approx(ours.value)


def test_a_shape_and_rules_are_told_part_by_part() -> None:
    shape = judge("json_shape", {}, {"answer": '```json\n{"name": "A", "age": "4"}\n```'})
    assert {p.name: p.value for p in shape.parts} == {
        "name": 1.0, "age": 0.0, "tags": 0.0, "nothing else": 1.0,
    }  # fmt: skip
    rules = judge("format_rules", {}, {"answer": "- one\n- two\n- three, we delve"})
    assert {p.name: p.value for p in rules.parts} == {
        "bullets": 1.0, "short sentences": 1.0, "no forbidden words": 0.0, "ending": 1.0,
    }  # fmt: skip
    passages = CallTrace("look", "look", {}, {"passages": [{"text": "a"}, {"text": "b"}]}, "")
    said = "It is so [1]. It is not so. It was so once [3]."
    cited = judge("citations_present", {}, {"answer": said}, (passages,))
    assert {p.name: round(p.value, 2) for p in cited.parts} == {
        "sentences with a source": 0.67, "no invented source": 0.0,
    }  # fmt: skip


def test_the_names_of_the_project_stand_in_the_code() -> None:
    source = with_names(snippets()["squad_f1"].source, "reply", "gold")
    assert 'OUTPUT, EXPECTED = "reply", "gold"' in source
    assert 'OUTPUT, EXPECTED = "answer", "answer"' in with_names(source, "answer", "answer")


def test_a_metric_begins_with_ready_code(
    client_of: Callable[[User], Client], erin: User, carol: User, project: Project
) -> None:
    here = reverse("metrics:code", args=[project.slug])
    page = client_of(erin).get(here).content.decode()
    assert "?snippet=squad_f1" in page
    assert "?snippet=" not in client_of(carol).get(here).content.decode()
    new = reverse("metrics:new", args=[project.slug])
    form = client_of(erin).get(f"{new}?snippet=squad_f1").content.decode()
    assert "def f1(given, wanted):" in form
    assert 'value="SQuAD F1"' in form
    assert client_of(erin).get(f"{new}?snippet=nothing").status_code == 200


OFFICIAL = json.loads((Path(__file__).parents[2] / "data/scorers/official.json").read_text("utf-8"))
COLUMNS = {"rouge_l": "summary"}


@pytest.mark.parametrize("name", OFFICIAL)
def test_scores_are_those_of_the_official_scorers(name: str) -> None:
    column = COLUMNS.get(name, "answer")
    pairs = sums() if name == "gsm8k_number" else texts()
    ours = [judge(name, {column: wanted}, {column: given}).value for given, wanted in pairs]
    wrong = [
        (pair, own, theirs)
        for pair, own, theirs in zip(pairs, ours, OFFICIAL[name], strict=True)
        if abs(own - theirs) > 1e-5
    ]
    assert wrong == []
    assert 0.05 < sum(ours) / len(ours) < 0.95
