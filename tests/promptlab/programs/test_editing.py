"""Modules are edited by forms; nothing that was typed is ever lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.programs.calls import Call
from optimizer.core.programs.signature import Field, FieldType
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.promptlab.programs.by_hand import (
    MESSAGE_ROW,
    Browser,
    address,
    field,
    fresh,
    module_data,
    rows,
    text_of,
)


def test_saving_a_module_as_it_stands_changes_nothing(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    before = one_step.core
    response = client_of(erin).post(address("module", one_step, "classify"), module_data())

    assert response.status_code == 302
    assert response["Location"] == address("program", one_step)
    assert fresh(one_step).core == replace(before, name="Intents")
    assert fresh(one_step).revision == 2


def test_every_part_of_a_module_can_be_changed(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    data = module_data(
        name="triage",
        kind="chain_of_thought",
        instruction="Sort the {text}.\r\nBe brief.",
        description="Sorts.",
        **rows("inputs", field("text", was="message"), field("tone", description="how it sounds")),
        **rows("outputs", field("label", "choice", was="intent", choices="a\nb")),
    )
    client_of(erin).post(address("module", one_step, "classify"), data)
    core = fresh(one_step).core
    module = core.module("triage")

    assert module.kind == "chain_of_thought"
    assert module.signature.instruction == "Sort the {text}.\nBe brief."
    assert module.description == "Sorts."
    assert [f.name for f in module.signature.inputs] == ["text", "tone"]
    assert module.signature.outputs == (Field("label", FieldType.CHOICE, choices=("a", "b")),)
    assert core.calls == (Call("triage", "triage", {"text": "input.message", "tone": ""}),)
    assert core.outputs == {"intent": "triage.label"}


def test_a_field_may_be_null_an_object_or_a_list_of_anything(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    outputs = rows(
        "outputs",
        field("order", "object", parts="item\r\nprice: number?"),
        field("labels", "list", items="choice", choices="a\nb"),
        field("lines", "list", items="object", parts='{"properties": {"n": {"type": "integer"}}}'),
        field("day", "date", nullable="on"),
    )
    client.post(here, module_data(**outputs))
    signature = fresh(one_step).core.module("classify").signature
    page = text_of(client.get(here))

    assert signature.outputs == (
        Field(
            "order",
            FieldType.OBJECT,
            fields=(Field("item"), Field("price", FieldType.NUMBER, nullable=True)),
        ),
        Field("labels", FieldType.LIST, choices=("a", "b"), items=FieldType.CHOICE),
        Field(
            "lines", FieldType.LIST, items=FieldType.OBJECT,
            fields=(Field("n", FieldType.INTEGER),),
        ),
        Field("day", FieldType.DATE, nullable=True),
    )  # fmt: skip
    assert "price: number?</textarea>" in page
    assert "n: integer</textarea>" in page


def test_a_label_is_read_in_place_of_the_name(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    client.post(
        here, module_data(**rows("inputs", field("message", was="message", label="メッセージ")))
    )
    page = text_of(client.get(address("program", one_step)))

    assert fresh(one_step).core.module("classify").signature.inputs[0].label == "メッセージ"
    assert ">メッセージ</span>" in page
    assert 'value="メッセージ"' in text_of(client.get(here))


def test_what_is_no_field_of_an_object_is_told_beside_it(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    wrong = rows(
        "outputs", field("order", "object", parts="price: money"), field("other", "object")
    )
    page = text_of(
        client_of(erin).post(address("module", one_step, "classify"), module_data(**wrong))
    )

    assert "Line 1: “money” is no type." in page
    assert "Object “other” needs at least one field." in page
    assert "price: money</textarea>" in page


def test_what_a_run_must_keep_is_said_in_the_form(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    kept = {
        "instruction": "Classify the {message}. Never guess. Be brief.",
        "locked": " Never guess. \r\n\r\nthe {message}\r\nNever guess.",
        "frozen_demos": "on",
    }
    client.post(here, module_data(**kept))
    module = fresh(one_step).core.module("classify")
    page = text_of(client.get(here))

    assert module.locked == ("Never guess.", "the {message}")
    assert (module.frozen_instruction, module.frozen_demos) == (False, True)
    assert "Never guess.\nthe {message}</textarea>" in page
    assert 'name="frozen_demos"' in page
    assert "demos frozen" in text_of(client.get(address("program", one_step)))


def test_a_locked_phrase_that_the_instruction_lacks_is_saved_as_a_draft_and_told(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    response = client.post(here, module_data(locked="Never guess."))
    page = text_of(client.get(here))

    assert response["Location"] == here
    assert "The locked phrase “Never guess.” is not in the instruction" in page


def test_ticks_and_phrases_stay_when_a_row_comes(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    data = module_data(locked="Never guess.", frozen_instruction="on", add="inputs")
    page = text_of(client_of(erin).post(address("module", one_step, "classify"), data))

    assert "Never guess.</textarea>" in page
    ticked = page[page.index('name="frozen_instruction"') :].partition(">")[0]
    assert "checked" in ticked
    assert "checked" not in page[page.index('name="frozen_demos"') :].partition(">")[0]


def test_an_unknown_placeholder_is_saved_as_a_draft_and_told_beside_the_instruction(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    response = client.post(here, module_data(instruction="Read {text}."))
    page = text_of(client.get(here))

    assert response["Location"] == here
    assert fresh(one_step).core.modules[0].signature.instruction == "Read {text}."
    assert "No field of this module is called text." in page
    assert 'name="add" value="inputs=text"' in page


def test_the_missing_field_can_be_added_with_one_press(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    data = module_data(instruction="Read {text}.", add="inputs=text")
    response = client_of(erin).post(address("module", one_step, "classify"), data)
    page = text_of(response)

    assert response.status_code == 200
    assert 'name="inputs-1-name" value="text"' in page
    assert "No field of this module is called" not in page


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["without scripts", "htmx"])
def test_rows_come_and_go_without_losing_what_was_typed(
    client_of: Browser, erin: User, one_step: Program, headers: dict[str, str]
) -> None:
    client = client_of(erin)
    here = address("module", one_step, "classify")
    typed = module_data(name="", instruction="half a sen", **rows("inputs", MESSAGE_ROW))
    added = text_of(client.post(here, {**typed, "add": "inputs"}, headers=headers))
    two = {**typed, **rows("inputs", MESSAGE_ROW, field("tone", description="how"))}
    removed = text_of(client.post(here, {**two, "remove": "inputs-0"}, headers=headers))
    raised = text_of(client.post(here, {**two, "up": "inputs-1"}, headers=headers))

    assert 'name="inputs-count" value="2"' in added
    assert "half a sen" in added
    assert 'value="message"' in added
    assert 'name="inputs-count" value="1"' in removed
    assert 'name="inputs-0-name" value="tone"' in removed
    assert raised.index('value="tone"') < raised.index('value="message"')
    assert ("<html" in added) is (not headers)
    assert fresh(one_step).revision == 1


def test_a_blank_row_is_not_a_field(client_of: Browser, erin: User, one_step: Program) -> None:
    data = module_data(**rows("inputs", MESSAGE_ROW, field("")))
    client_of(erin).post(address("module", one_step, "classify"), data)

    assert len(fresh(one_step).core.modules[0].signature.inputs) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "my module"}, "“my module” is not a module name"),
        ({"name": "input"}, "“input” stands for the program's own input."),
        (rows("inputs", field("2nd")), "“2nd” is not a field name"),
        (
            rows("inputs", field("reasoning")),
            "“reasoning” is where modules write down",
        ),
        (rows("inputs", field("", description="x")), "This field is required."),
        (rows("inputs", MESSAGE_ROW, MESSAGE_ROW), "This name is used above"),
        (rows("outputs", field("message", "text")), "This name is used above"),
        (rows("outputs", field("intent", "choice", choices="one")), "at least two choices"),
        (rows("outputs", field("intent", "choice", choices="a\na")), "lists a choice twice"),
        (rows("outputs", field("intent", "colour")), "Select a valid choice"),
        ({"kind": "agent"}, "Select a valid choice"),
    ],
)
def test_a_fault_is_told_beside_its_field_and_nothing_is_saved(
    client_of: Browser, erin: User, one_step: Program, changed: dict[str, Any], message: str
) -> None:
    data = {**module_data(instruction="What I typed"), **changed}
    response = client_of(erin).post(address("module", one_step, "classify"), data)

    assert response.status_code == 422
    assert text_of(response).count(message) >= 2  # in the summary, and beside the field
    assert "What I typed" in text_of(response)
    assert fresh(one_step).revision == 1


def test_two_modules_cannot_share_a_name(
    client_of: Browser, erin: User, two_steps: Program
) -> None:
    data = module_data(name="judge", **rows("outputs", field("summary", was="summary")))
    response = client_of(erin).post(address("module", two_steps, "summarize"), data)

    assert response.status_code == 422
    assert "Another module is called “judge”" in text_of(response)


def test_a_new_module_is_wired_by_the_names_of_its_inputs(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    data = module_data(
        name="check",
        instruction="",
        **rows("inputs", field("intent"), field("message")),
        **rows("outputs", field("ok", "boolean")),
    )
    client_of(erin).post(address("new_module", one_step), data)

    assert fresh(one_step).core.calls[-1] == Call(
        "check", "check", {"intent": "classify.intent", "message": "input.message"}
    )


def test_a_module_is_removed_with_its_calls(
    client_of: Browser, erin: User, two_steps: Program
) -> None:
    client_of(erin).post(address("remove_module", two_steps, "summarize"))
    core = fresh(two_steps).core

    assert [m.name for m in core.modules] == [c.name for c in core.calls] == ["judge"]
