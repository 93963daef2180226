"""Replies: what is read from them, and what is said of one that cannot be read."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer.core.modules.predict import Predict
from optimizer.core.programs.parse import UnreadableReply, parse
from optimizer.core.programs.program import Demo, Module
from optimizer.core.programs.render import reply_text
from optimizer.core.programs.signature import Field, FieldType, Signature
from tests.core.programs import CLASSIFY, SUMMARIZE, THINK, modules, values_of

COUNT = Predict("count", Signature((Field("x"),), (Field("n", FieldType.INTEGER),)))
TAGS = Predict("tags", Signature((Field("x"),), (Field("tags", FieldType.LIST),)))


@given(modules(), st.data())
def test_a_demo_s_own_reply_is_read_back(module: Module, data: st.DataObject) -> None:
    values = {f.name: data.draw(values_of(f)) for f in module.reply_fields}

    assert parse(module, reply_text(module, Demo(values))) == values


@given(modules(), st.text())
def test_any_text_is_read_or_refused(module: Module, reply: str) -> None:
    with suppress(UnreadableReply):
        found = parse(module, reply)
        assert set(found) == {f.name for f in module.reply_fields}
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
        (CLASSIFY, '{"intent": "ref', "The reply is no JSON object"),
        (SUMMARIZE, '{"summary": "it broke', "The reply is no JSON object"),
        (SUMMARIZE, 'Here: {"summary": "it broke', "The reply is no JSON object"),
        (THINK, "refund", "The reply is no JSON object"),
        (THINK, '{"intent": "refund"}', "The reply lacks “reasoning”"),
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
