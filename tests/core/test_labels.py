"""Labels: what people call a field, in any letters; the model is told one that says more."""

from __future__ import annotations

import pytest

from optimizer import codec
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.render import input_text, reply_text, system_text
from optimizer.core.programs.signature import Field, FieldType, Signature

QUESTION = Field("field_1", label="質問")
MESSAGE = Field("customer_message", label="Customer message", description="as it came")
ANSWER = Field("answer", label="Ответ")
MODULE = Predict("reply", Signature((QUESTION, MESSAGE), (ANSWER,)))


def test_people_read_the_label_and_code_the_name() -> None:
    assert (QUESTION.shown, MESSAGE.shown, Field("plain").shown) == (
        "質問", "Customer message", "plain",
    )  # fmt: skip
    assert input_text(MODULE, {"field_1": "a", "customer_message": "b"}) == (
        "field_1: a\ncustomer_message: b"
    )
    assert reply_text(MODULE, Demo({"answer": "x"})) == '{"answer": "x"}'


def test_the_model_is_told_a_label_that_says_more_than_the_name() -> None:
    said = system_text(MODULE, "Do it.")

    assert "- field_1: 質問\n- customer_message: as it came\n" in said
    assert '{"answer": <text; Ответ>}' in said


@pytest.mark.parametrize("field", [QUESTION, MESSAGE, ANSWER])
def test_a_file_keeps_it(field: Field) -> None:
    assert codec.from_json(Field, codec.to_json(field)) == field


def test_a_field_without_one_is_written_as_before() -> None:
    assert "label" not in codec.to_json(Field("x", FieldType.INTEGER))


def test_a_label_has_a_length() -> None:
    assert [p.code for p in Field("x", label="é" * 201).problems()] == ["field.long_label"]
