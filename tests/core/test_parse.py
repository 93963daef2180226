"""Replies: what is read from them, and what is said of one that cannot be read."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer.core.modules.predict import Predict
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import Module
from optimizer.core.programs.render import reply_text
from optimizer.core.programs.reply import read_texts
from optimizer.core.programs.signature import Field, FieldType, Signature
from tests.core.programs import CLASSIFY, SUMMARIZE, THINK, modules, values_of
from tests.fakes.replies import Said, cases, siblings

COUNT = Predict("count", Signature((Field("x"),), (Field("n", FieldType.INTEGER),)))
TAGS = Predict("tags", Signature((Field("x"),), (Field("tags", FieldType.LIST),)))


@pytest.mark.parametrize("said", ["ꙮ", "the letter ꙮ", "ꙮ is a letter"])
def test_the_letter_that_marks_what_broke_off_is_a_letter_where_it_is_said(said: str) -> None:
    module = Predict("m", Signature((Field("a"),), (Field("b"),), ""))
    assert parse(module, json.dumps({"b": said})) == {"b": said}
    assert parse(module, json.dumps({"b": said}, ensure_ascii=False)) == {"b": said}
    with pytest.raises(UnreadableReply):
        parse(module, json.dumps({"b": said}, ensure_ascii=False).removesuffix('"}'))


@given(modules(), st.data())
def test_a_demo_s_own_reply_is_read_back(module: Module, data: st.DataObject) -> None:
    values = {f.name: data.draw(values_of(f)) for f in module.reply_fields}

    assert parse(module, reply_text(module, Demo(values))) == values


@given(modules(), st.text())
def test_any_text_is_read_or_refused(module: Module, reply: str) -> None:
    with suppress(UnreadableReply):
        found = parse(module, reply)
        wanted = {f.name for f in module.signature.outputs}
        assert wanted <= set(found) <= {f.name for f in module.reply_fields}  # reasons may lack
        json.dumps(found).encode()


@pytest.mark.parametrize(
    "reply",
    [
        '{"intent": "refund"}',
        '  {"intent": "Refund", "confidence": 0.9}\n',
        '```json\n{"intent": "refund"}\n```',
        'Sure! Here it is: {"intent": "refund"} Anything else?',
        'The set {a, b} and \\frac{1}{2}: {"intent": "refund"}',
        '{"thought": "no intent here"} {"intent": "refund"}',
        '{"intent": "refund"}\nmessage: next\n{"intent": "other"}',
        '{"intent": "refund", "note": "line\nbreak"}',
        "refund",
        "Intent: refund.",
        "```\nrefund\n```",
    ],
)
def test_an_answer_is_found_in_the_forms_that_models_give_it(reply: str) -> None:
    assert parse(CLASSIFY, reply) == {"intent": "refund"}


def test_a_single_text_may_be_answered_bare_even_with_braces_in_it() -> None:
    assert parse(SUMMARIZE, "summary: a {b} c") == {"summary": "a {b} c"}
    assert parse(SUMMARIZE, "def f(): return {}") == {"summary": "def f(): return {}"}


@pytest.mark.parametrize("said", cases(), ids=lambda said: f"{said.module.name}-{said.shape}")
def test_the_shapes_of_the_field_are_read_as_what_they_mean(said: Said) -> None:
    try:
        label = parse(said.module, said.reply)["label"]
    except UnreadableReply:
        label = None
    assert {"label": label} == (said.right or {"label": None})


@pytest.mark.parametrize("said", siblings(), ids=lambda said: ascii(said.shape))
def test_so_are_their_siblings_for_every_type(said: Said) -> None:
    try:
        values = parse(said.module, said.reply)
    except UnreadableReply:
        assert said.right is None
    else:
        values.pop("reasoning", None)
        assert values == said.right
        assert [*map(type, values.values())] == [*map(type, (said.right or {}).values())]


def test_a_reply_without_its_reasoning_is_an_answer() -> None:
    assert parse(THINK, '{"intent": "refund"}') == {"intent": "refund"}
    assert parse(THINK, '{"reasoning": null, "intent": "refund"}') == {"intent": "refund"}
    assert parse(THINK, "refund") == {"intent": "refund"}


def test_what_is_thought_in_tags_named_as_an_output_is_that_output() -> None:
    said = "<reasoning>Money is asked for.</reasoning>\n<intent>refund</intent>"
    assert parse(THINK, said) == {"reasoning": "Money is asked for.", "intent": "refund"}
    plan = Predict("plan", Signature((Field("x"),), (Field("thought"),)))
    assert parse(plan, "<thought>go</thought>") == {"thought": "go"}


ENDLESS = ["{", "[", '{"intent": "', "<think>", "```\n", "**", "\n", " ", "|", "label: ", "refund "]


@pytest.mark.parametrize("hostile", ENDLESS)
def test_text_without_end_is_answered_soon(hostile: str) -> None:
    with suppress(UnreadableReply):
        parse(CLASSIFY, hostile * 20_000)


def test_texts_by_name_are_read_whether_or_not_all_are_there() -> None:
    names = ["draft reply", "classify"]
    said = "Sure:\n```json\n{'Draft_Reply': 'Answer it.', 'note': 1}\n```"
    assert read_texts(names, said) == {"draft reply": "Answer it."}
    assert read_texts(names, "## classify\nSort it.\n## draft reply\nAnswer it.") == {
        "classify": "Sort it.",
        "draft reply": "Answer it.",
    }
    assert read_texts(names, '{"classify": "a"} {"classify": "b"}') == {}
    assert read_texts(names, "I cannot.") == {}


def test_a_single_number_may_be_answered_bare() -> None:
    assert parse(COUNT, "1,200") == {"n": 1200}


@pytest.mark.parametrize(
    ("module", "reply", "problem"),
    [
        (CLASSIFY, "", "The reply is no JSON object: “”"),
        (CLASSIFY, "praise", "intent: “praise” is none of the choices"),
        (CLASSIFY, '{"intent": null}', "intent: no value"),
        (CLASSIFY, '{"label": "refund"}', "The reply lacks “intent”"),
        (CLASSIFY, "{}", "The reply lacks “intent”"),
        (CLASSIFY, '{"intent": "ref', "intent: “ref” is none of the choices"),
        (CLASSIFY, '{"intent": "refund"} {"intent": "other"}', "gives more than one answer"),
        (CLASSIFY, '{"intent": "refund", "intent": "other"}', "two different values are given"),
        (SUMMARIZE, '{"summary": "it broke', "summary: “it broke” broke off"),
        (SUMMARIZE, 'Here: {"summary": "it broke', "summary: “it broke” broke off"),
        (SUMMARIZE, "<think>it broke", "The reply is no JSON object"),
        (TAGS, "a, b", "The reply is no JSON object"),
        (COUNT, '{"n": "many"}', "n: “many” is not a number"),
        (COUNT, '{"n": ' + "1" * 5000 + "}", "The reply is no JSON object"),
        (COUNT, '{"a":' * 100_000, "The reply is no JSON object"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_an_unreadable_reply_is_told_in_a_short_sentence(
    module: Module, reply: str, problem: str
) -> None:
    with pytest.raises(UnreadableReply) as refused:
        parse(module, reply)

    assert problem in str(refused.value)
    assert len(str(refused.value)) < 300


def test_characters_that_cannot_be_stored_do_not_come_through() -> None:
    assert parse(SUMMARIZE, '{"summary": "a\\u0000b\\ud800"}') == {"summary": "a\ufffdb\ufffd"}


@given(
    modules(),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.sampled_from(["\0", "a\ud800", "1\0", ""]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("\0"), inner),
    ),
)
@example(COUNT, "a\0")
def test_no_value_of_a_reply_and_no_word_about_it_holds_what_cannot_be_stored(
    module: Module, value: object
) -> None:
    reply = json.dumps({field.name: value for field in module.reply_fields})
    try:
        told = json.dumps(parse(module, reply), ensure_ascii=False, allow_nan=False)
    except UnreadableReply as error:
        told = str(error)
    assert "\0" not in told
    told.encode()


@pytest.mark.parametrize("module", [SUMMARIZE, CLASSIFY, TAGS, COUNT])
@pytest.mark.parametrize(("opened", "closed"), ["[]", ('{"a":', "}")])
def test_a_value_of_any_depth_is_read_or_refused(module: Module, opened: str, closed: str) -> None:
    """What the decoder takes may be one level too deep for the encoder."""
    (field,) = module.reply_fields
    for depth in range(800, 1010):
        with suppress(UnreadableReply):
            parse(module, f'{{"{field.name}": {opened * depth}1{closed * depth}}}')
