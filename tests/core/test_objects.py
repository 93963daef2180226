"""Objects, lists of anything, and dates: said, read, mended and scored part by part."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.calls import fits
from optimizer.core.programs.dates import day_of
from optimizer.core.programs.parse import parse
from optimizer.core.programs.render import system_text
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.core.programs.values import UnreadableValue
from tests.core.programs import fields, values_of

LIST, OBJECT = FieldType.LIST, FieldType.OBJECT
TEXT = Field("text")
ITEM = (Field("item"), Field("price", FieldType.NUMBER), Field("note", nullable=True))
ORDER = Field("order", OBJECT, fields=ITEM)
LINES = Field("lines", LIST, items=OBJECT, fields=ITEM)
LABELS = Field("labels", LIST, choices=("late", "wrong size", "other"))
COUNTS = Field("counts", LIST, items=FieldType.INTEGER)
DAY = Field("day", FieldType.DATE)
ALL = Predict("all", Signature((TEXT,), (ORDER, LINES, LABELS, COUNTS, DAY)))
PEN = {"item": "pen", "price": 1.5, "note": None}


def one(field: Field) -> Predict:
    return Predict("one", Signature((TEXT,), (field,)))


@given(st.data())
def test_what_a_field_writes_it_reads_again(data: st.DataObject) -> None:
    field = data.draw(fields())
    value = data.draw(values_of(field))

    assert field.read(value) == value
    assert field.read(json.loads(json.dumps(value))) == value


@pytest.mark.parametrize(
    "reply",
    [
        '{"order": {"item": "pen", "price": 1.5}, "lines": [{"item": "pen", "price": "$1.50"}], '
        '"labels": ["Late", "wrong-size"], "counts": ["1", 2], "day": "May 5, 2024"}',
        'Here:\n```json\n{"order": {"Item": "pen", "price": 1.5, "more": 1}, "lines": '
        '[{"item": "pen", "price": 1.5, "note": "none"}], "labels": "late, wrong size", '
        '"counts": "1, 2", "day": "2024-05-05"}\n```\nDone.',
        "{'order': {'item': 'pen', 'price': 1.5,}, 'lines': [{'item': 'pen', 'price': 1.5}], "
        "'labels': ['late', 'wrong size'], 'counts': [1, 2], 'day': '2024-05-05',}",
        'order: {"item": "pen", "price": 1.5}\nlines: [{"item": "pen", "price": 1.5}]\n'
        "labels:\n- late\n- wrong size\ncounts: 1, 2\nday: 5 May 2024",
        '<order>{"item": "pen", "price": 1.5}</order><lines>{"item": "pen", "price": 1.5}</lines>'
        "<labels>late; wrong size</labels><counts>[1, 2]</counts><day>2024/5/5</day>",
    ],
)
def test_objects_and_lists_are_read_in_the_forms_that_models_give_them(reply: str) -> None:
    assert parse(ALL, reply) == {
        "order": PEN, "lines": [PEN], "labels": ["late", "wrong size"], "counts": [1, 2],
        "day": "2024-05-05",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "reply", "value"),
    [
        (ORDER, '{"item": "pen", "price": 1.5}', PEN),
        (ORDER, '{"order": {"item": "pen", "price": 1.5}}', PEN),
        (ORDER, '{"answer": {"item": "pen", "price": 1.5}}', PEN),
        (ORDER, 'It is {"item": "pen", "price": 1.5} as said.', PEN),
        (LINES, '[{"item": "pen", "price": 1.5}, {"item": "pen", "price": 1.5}]', [PEN, PEN]),
        (LINES, "[]", []),
        (LABELS, "late, other", None),
        (LABELS, "- late\n- other", ["late", "other"]),
        (COUNTS, "[1, 2, 3]", [1, 2, 3]),
        (DAY, "The day is 2024-05-05.", "2024-05-05"),
        (DAY, "5th of May 2024", "2024-05-05"),
    ],
)
def test_a_single_answer_needs_no_name(field: Field, reply: str, value: Value) -> None:
    if value is None:
        with pytest.raises(UnreadableReply):
            parse(one(field), reply)
    else:
        assert parse(one(field), reply) == {field.name: value}


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ('{"lines": [{"item": "a", "price": 1}, {"item": "b", "price": "x"}]}', "lines[1].price: "),
        ('{"lines": [{"item": "a"}]}', "lines[0].price: no value"),
        ('{"lines": "none at all"}', "lines: "),
        ('{"lines": [5]}', "lines[0]: "),
    ],
)
def test_what_cannot_be_read_is_told_with_its_path(reply: str, told: str) -> None:
    with pytest.raises(UnreadableReply) as refusal:
        parse(one(LINES), reply)
    assert str(refusal.value).startswith(told)


@pytest.mark.parametrize(
    "reply",
    [
        '{"counts": [1, 2',
        '{"counts": [1, 23, 4',
        '{"lines": [{"item": "a", "price": 1}, {"item": "b", "pri',
        '{"lines": [{"item": "a", "price": 12',
        '{"order": {"item": "pen", "price": 5 million, "note": null}}',
        '{"order": {"item": "pen", "price": 12:30}}',
        '{"order": {"item": "pen", "price": 1}, "order": {"item": "pen", "price": 2}}',
        '{"labels": ["late", "early"]}',
        '{"day": "03/04/2024"}',
        '{"day": "5 or 6 May 2024"}',
    ],
)
def test_what_broke_off_or_may_mean_something_else_is_not_read(reply: str) -> None:
    for field in (ORDER, LINES, LABELS, COUNTS, DAY):
        with pytest.raises(UnreadableReply):
            parse(one(field), reply)


def test_the_prompt_shows_the_form_of_each_part() -> None:
    said = system_text(ALL, "")
    assert (
        '"order": <an object {"item": <text>, "price": <a number>, "note": <text, or null' in said
    )
    assert '"lines": <a list of objects {"item": <text>' in said
    assert '"labels": <a list of any of "late", "wrong size", "other">' in said
    assert '"counts": <a list of whole numbers>' in said
    assert '"day": <a date as YYYY-MM-DD>' in said


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", "2024-02-29"), ("2023-02-29", None), ("2024/2/9", "2024-02-09"),
        ("20240209", "2024-02-09"), ("2024-02-09T00:00:00", "2024-02-09"),
        ("2024-02-09T10:30:00", None), ("9 Feb 2024", "2024-02-09"), ("Feb. 9, 2024", "2024-02-09"),
        ("Friday, 9th of February 2024", "2024-02-09"), ("2024年2月9日", "2024-02-09"),
        ("13/02/2024", "2024-02-13"), ("02/13/2024", "2024-02-13"), ("02/02/2024", "2024-02-02"),
        ("03.04.2024", None), ("13.04.2024", "2024-04-13"), ("9 Feb 24", None), ("tomorrow", None),
        ("2024-02", None), ("", None), ("１２ May ２０２４", "2024-05-12"),
    ],
)  # fmt: skip
def test_a_date_is_read_where_it_can_only_be_one_day(text: str, day: str | None) -> None:
    assert day_of(text) == day


@given(st.dates())
def test_every_day_is_read_as_iso_writes_it(day: object) -> None:
    assert day_of(str(day)) == str(day)


def test_objects_are_the_same_by_their_parts() -> None:
    exact, f1 = ExactMatch("a", "a"), TokenF1("a", "a")
    same: Value = {"price": "1.50", "item": "The pen"}

    assert exact.compared(PEN, same).value == 1
    assert exact.compared([PEN], [same]).value == 1
    assert exact.compared(PEN, {**PEN, "note": "red"}).value == 0
    assert exact.compared([PEN], [PEN, PEN]).value == 0
    assert exact.compared([1, 2], ["1", "2.0"]).value == 1
    assert exact.compared(PEN, json.dumps(PEN)).value == 1
    assert 0 < f1.compared(PEN, {**PEN, "item": "book"}).value < 1
    assert f1.compared({"a": "x", "b": "y"}, {"a": "y", "b": "x"}).value == 0


def test_objects_and_lists_go_along_wires_where_their_parts_fit() -> None:
    less = Field("x", OBJECT, fields=ITEM[:1])

    assert fits(ORDER, less)
    assert not fits(less, ORDER)
    assert fits(LINES, Field("x", LIST, items=OBJECT, fields=ITEM[:1]))
    assert not fits(LINES, COUNTS)
    assert fits(COUNTS, Field("x", LIST, items=FieldType.NUMBER))
    assert fits(LABELS, Field("x", LIST))
    assert fits(ORDER, TEXT)
    assert not fits(TEXT, DAY)


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        (Field("x", OBJECT), ["field.no_parts"]),
        (Field("x", LIST, items=OBJECT), ["field.no_parts"]),
        (Field("x", OBJECT, fields=(Field("a"), Field("a"))), ["field.part_twice"]),
        (Field("x", OBJECT, fields=(Field(" "),)), ["field.part_unnamed"]),
        (Field("x", OBJECT, fields=(Field("a", FieldType.CHOICE),)), ["field.few_choices"]),
        (Field("x", LIST, items=LIST), ["field.list_of_lists"]),
        (Field("x", OBJECT, fields=(Field("any name, も"),)), []),
    ],
)
def test_what_is_wrong_with_the_shape_of_a_field_is_told(field: Field, codes: list[str]) -> None:
    assert [problem.code for problem in field.problems()] == codes


def test_a_value_is_told_with_its_path() -> None:
    with pytest.raises(UnreadableValue, match=r"^lines\[0\]\.price: “x” is not a number"):
        LINES.read([{"item": "a", "price": "x"}])
