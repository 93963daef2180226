"""A promptfoo configuration becomes a program and a metric."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optimizer.core.metrics.combined import Combined
from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.mentions import Mentions, Wanted
from optimizer.core.metrics.regex import Regex
from optimizer.core.metrics.usage_limit import UsageLimit
from optimizer.files import program_file
from optimizer.files.promptfoo import asserted_metric
from tests.fakes.telling import all_told, refused

CONFIG: dict[str, Any] = {
    "description": "Support",
    "prompts": [
        "Answer {{ question }} of {{user-name | upper}} kindly.{% if x %}!{% endif %}", "b"
    ],
    "providers": ["openai:gpt-4.1"],
    "defaultTest": {"assert": [
        {"type": "latency", "threshold": 2000}, {"type": "not-contains", "value": "As an AI"},
        {"type": "regex", "value": "[a-z]"}, {"type": "llm-rubric", "value": "kind"},
    ]},
    "tests": [
        {"vars": {"question": "q"}, "assert": [{"type": "equals", "value": "x", "weight": 2}]},
        {"vars": {"question": "r"}, "assert": [{"type": "icontains", "value": "y"}]},
        {"vars": {"question": "s"}, "assert": [{"type": "equals", "value": "z"}]},
    ],
}  # fmt: skip


def test_its_first_prompt_is_the_instruction_of_a_program() -> None:
    read = program_file.read_file(json.dumps(CONFIG))
    assert read.program.problems() == []
    assert [field.name for field in read.program.inputs] == ["question", "user_name"]
    (module,) = read.program.modules
    assert module.signature.instruction == "Answer {question} of {user_name} kindly.!"
    assert all_told(read.told) == [
        "Read as promptfoo's. Not carried over: 1 prompts, {% … %}, providers, tests, defaultTest."
    ]


@pytest.mark.parametrize(
    ("prompt", "instruction"),
    [
        ("Say hi", "Say hi"),
        ({"raw": "Say {{x}}", "label": "a"}, "Say {x}"),
        ([{"role": "system", "content": "Be"}, {"role": "user", "content": "{{x}}"}], "Be\n\n{x}"),
    ],
)
def test_a_prompt_is_a_text_an_object_or_messages(prompt: Any, instruction: str) -> None:
    config = {"prompts": [prompt], "tests": []}
    (module,) = program_file.read(json.dumps(config)).modules
    assert module.signature.instruction == instruction


@pytest.mark.parametrize("prompts", [[], ["file://a.txt"], [3], "file://b"])
def test_prompts_that_stand_elsewhere_are_asked_for(prompts: Any) -> None:
    with refused("There is no prompt in it"):
        program_file.read(json.dumps({"prompts": prompts, "tests": []}))


def test_its_assertions_are_the_parts_of_a_metric() -> None:
    found = asserted_metric(CONFIG)
    assert isinstance(found.metric, Combined)
    assert [(part.name, part.metric, part.weight) for part in found.metric.parts] == [
        ("latency", UsageLimit("", "", spent="latency", most=2.0), 1.0),  # type: ignore[arg-type]
        ("not-contains", Mentions("output", "", texts=("As an AI",), wanted=Wanted.NONE), 1.0),
        ("regex", Regex("output", "", pattern="[a-z]"), 1.0),
        ("equals", ExactMatch("output", "expected"), 2.0),
        ("icontains", Contains("output", "expected"), 1.0),
    ]
    assert all_told(found.told) == ["Read as promptfoo's. Not carried over: llm-rubric."]
    program = program_file.read(json.dumps(CONFIG))
    assert found.metric.problems(program, {"expected"}) == []


def test_one_assertion_is_a_metric_by_itself() -> None:
    config = {"tests": [{"assert": [{"type": "equals", "value": "x"}]}]}
    assert asserted_metric(config).metric == ExactMatch("output", "expected")


@pytest.mark.parametrize(
    "config",
    [{}, {"tests": "tests.csv"}, {"tests": [{"assert": [{"type": "javascript", "value": "x"}]}]}],
)
def test_without_any_that_can_be_said_it_is_refused(config: dict[str, Any]) -> None:
    with refused("None of its assertions"):
        asserted_metric(config)
