"""Prompts: what is said to the model, in which order, and the form its reply must have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.lm import Message
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import render, reply_schema
from optimizer.core.programs.signature import REASONING, Field, FieldType, Signature
from tests.core.programs import CLASSIFY, HOP, THINK, modules, values_of

DEMO = Demo({"message": "Where is it?", "intent": "delivery"})


def test_instruction_first_then_demos_then_the_input() -> None:
    prompt = render(CLASSIFY, ModulePrompt("Classify {message}.", (DEMO,)), {"message": "Money!"})

    assert prompt.messages == (
        Message(
            "system",
            "Classify `message`.\n\n"
            "Input fields:\n- message: what the customer wrote\n\n"
            "Answer with a JSON object:\n"
            '{"intent": <one of "refund", "delivery", "other">}',
        ),
        Message("user", "message: Where is it?"),
        Message("assistant", '{"intent": "delivery"}'),
        Message("user", "message: Money!"),
    )


def test_the_instruction_of_the_candidate_counts_not_that_of_the_module() -> None:
    prompt = render(CLASSIFY, ModulePrompt("Sort it."), {"message": "Money!"})

    assert prompt.messages[0].content.startswith("Sort it.\n")


def test_without_an_instruction_the_fields_are_named() -> None:
    prompt = render(HOP, ModulePrompt("  "), {"question": "Who?", "context": ""})

    assert prompt.messages[0].content.startswith(
        "Given the fields `question`, `context`, produce the fields `query`.\n"
    )
    assert prompt.messages[-1].content == "question: Who?\ncontext: "


def test_a_chain_of_thought_writes_its_reasoning_first() -> None:
    prompt = render(THINK, ModulePrompt("Sort it."), {"message": "Money!"})

    assert list(reply_schema(THINK)["properties"]) == [REASONING, "intent"]
    assert prompt.messages[0].content.endswith(
        '{"reasoning": <text; think step by step before answering>, '
        '"intent": <one of "refund", "delivery", "other">}'
    )


def test_a_demo_without_reasoning_shows_its_answer_alone() -> None:
    prompt = render(THINK, ModulePrompt("Sort it.", (DEMO,)), {"message": "Money!"})

    assert prompt.messages[2].content == '{"intent": "delivery"}'


def test_the_reply_must_have_every_output_in_order_and_nothing_else() -> None:
    outputs = tuple(
        Field(kind.value, kind, choices=("a", "b") if kind is FieldType.CHOICE else ())
        for kind in list(FieldType)[:-1]
    )
    parts = (Field("street"), Field("number", FieldType.INTEGER, nullable=True))
    outputs += (
        Field("object", FieldType.OBJECT, fields=parts),
        Field("objects", FieldType.LIST, items=FieldType.OBJECT, fields=parts[:1]),
        Field("labels", FieldType.LIST, choices=("a", "b")),
        Field("days", FieldType.LIST, items=FieldType.DATE),
    )
    module = Predict("all", Signature((Field("x"),), outputs))

    assert reply_schema(module) == {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "integer": {"type": "integer"},
            "number": {"type": "number"},
            "boolean": {"type": "boolean"},
            "choice": {"type": "string", "enum": ["a", "b"]},
            "list": {"type": "array", "items": {"type": "string"}},
            "date": {"type": "string", "format": "date"},
            "object": {
                "type": "object",
                "properties": {
                    "street": {"type": "string"},
                    "number": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["street", "number"],
                "additionalProperties": False,
            },
            "objects": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"street": {"type": "string"}},
                    "required": ["street"],
                    "additionalProperties": False,
                },
            },
            "labels": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            "days": {"type": "array", "items": {"type": "string", "format": "date"}},
        },
        "required": [
            "text",
            "integer",
            "number",
            "boolean",
            "choice",
            "list",
            "date",
            "object",
            "objects",
            "labels",
            "days",
        ],
        "additionalProperties": False,
    }


@given(modules(), st.data())
def test_only_the_last_message_depends_on_the_input(module: Module, data: st.DataObject) -> None:
    """So that a provider's prefix cache serves every example of a candidate."""
    values = [{f.name: data.draw(values_of(f)) for f in module.signature.inputs} for _ in range(2)]
    prompt = ModulePrompt(module.signature.instruction)
    first, second = (render(module, prompt, v) for v in values)

    assert first.messages[:-1] == second.messages[:-1]
    assert first.schema == second.schema


@given(modules())
def test_thinking_aloud_changes_the_form_and_not_the_input(module: Module) -> None:
    values = {f.name: None for f in module.signature.inputs}
    prompt = ModulePrompt("Do it.")
    quick = render(Predict(module.name, module.signature), prompt, values)
    slow = render(ChainOfThought(module.name, module.signature), prompt, values)

    assert quick.messages[-1] == slow.messages[-1]
    assert quick.messages[0] != slow.messages[0]
