"""Calls, connections, and the program's own inputs and outputs are edited by forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.core.programs.signature import Field, FieldType
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.core.programs import CLASSIFY, HOP, MULTI_HOP, ONE_STEP, TWO_STEPS
from tests.promptlab.programs.by_hand import (
    Browser,
    address,
    field,
    fresh,
    rows,
    text_of,
)


def test_a_select_lists_only_what_fits_and_closes_no_circle(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    program = make_program(TWO_STEPS)
    page = text_of(client_of(erin).get(address("call", program, "summarize")))

    assert 'value="input.message"' in page
    assert 'value="judge.intent"' not in page


def test_connections_are_saved_from_the_list(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    program = make_program(MULTI_HOP)
    data = {"revision": 1, "from-question": "input.context", "from-context": "hop1.query"}
    response = client_of(erin).post(address("connect", program, "hop2"), data)

    assert response["Location"] == address("program", program)
    assert fresh(program).core.calls[1].inputs == {
        "question": "input.context",
        "context": "hop1.query",
    }


def test_an_input_may_be_left_open_in_a_draft(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    client.post(address("connect", one_step, "classify"), {"revision": 1, "from-message": ""})
    page = text_of(client.get(address("call", one_step, "classify")))

    assert fresh(one_step).core.calls[0].inputs == {"message": ""}
    assert "Not connected: choose where it comes from." in page


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("judge.intent", "judge.intent needs this call itself: that would make a circle."),
        ("summarize.summary", "that would make a circle."),
        ("nowhere.x", "Select a valid choice."),
    ],
)
def test_a_circle_is_refused_beside_the_input(
    client_of: Browser, erin: User, two_steps: Program, source: str, message: str
) -> None:
    data = {"revision": 1, "from-message": source}
    response = client_of(erin).post(address("connect", two_steps, "summarize"), data)

    assert response.status_code == 422
    assert message in text_of(response)
    assert fresh(two_steps).revision == 1


def test_a_type_that_does_not_fit_is_told_beside_the_input(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    numbers = replace(
        CLASSIFY,
        signature=replace(CLASSIFY.signature, inputs=(Field("message", FieldType.NUMBER),)),
    )
    program = make_program(replace(ONE_STEP, modules=(numbers,)))
    client = client_of(erin)
    page = text_of(client.get(address("call", program, "classify")))
    kept = client.post(
        address("connect", program, "classify"), {"revision": 1, "from-message": "input.message"}
    )

    assert "It takes number, but input.message gives text." in page
    assert "input.message (does not fit)" in page
    assert kept.status_code == 302  # looking at a draft and saving it changes nothing


def test_a_module_is_used_again_and_the_call_is_named(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    response = client.post(address("new_call", one_step), {"module": "classify"})
    page = text_of(client.get(response["Location"]))
    data = {"revision": 2, "name": "again", "module": "classify", "from-message": "input.message"}
    client.post(response["Location"], data)

    assert response["Location"] == address("call", one_step, "classify_2")
    assert "It shares module classify with classify" in page
    assert [(c.name, c.module) for c in fresh(one_step).core.calls] == [
        ("classify", "classify"),
        ("again", "classify"),
    ]


def test_a_call_can_use_another_module(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    program = make_program(replace(TWO_STEPS, modules=(*TWO_STEPS.modules, HOP)))
    data = {"revision": 1, "name": "summarize", "module": "hop", "from-message": "input.message"}
    client_of(erin).post(address("call", program, "summarize"), data)
    call = fresh(program).core.calls[1]

    assert (call.name, call.module) == ("summarize", "hop")
    assert call.inputs == {"question": "", "context": ""}


@pytest.mark.parametrize("name", ["judge", "input", "a call", ""])
def test_a_call_needs_a_name_of_its_own(
    client_of: Browser, erin: User, two_steps: Program, name: str
) -> None:
    data = {"revision": 1, "name": name, "module": "summarize", "from-message": "input.message"}

    assert client_of(erin).post(address("call", two_steps, "summarize"), data).status_code == 422


def test_a_call_is_removed_and_its_module_stays(
    client_of: Browser, erin: User, two_steps: Program
) -> None:
    client = client_of(erin)
    client.post(address("remove_call", two_steps, "summarize"))
    page = text_of(client.get(address("program", two_steps) + "?view=list"))

    assert [c.name for c in fresh(two_steps).core.calls] == ["judge"]
    assert "No call uses this module, so it changes nothing." in page


def test_wires_follow_a_renamed_input(client_of: Browser, erin: User, one_step: Program) -> None:
    data = {"revision": 1, **rows("inputs", field("text", was="message"), field("year", "integer"))}
    client_of(erin).post(address("inputs", one_step), data)
    core = fresh(one_step).core

    assert core.inputs == (Field("text"), Field("year", FieldType.INTEGER))
    assert core.calls[0].inputs == {"message": "input.text"}


def test_outputs_are_named_and_chosen(client_of: Browser, erin: User, two_steps: Program) -> None:
    data = {
        "revision": 1,
        **rows(
            "outputs",
            {"name": "label", "source": "judge.intent"},
            {"name": "gist", "source": "summarize.summary"},
            {"name": "", "source": ""},
        ),
    }
    client_of(erin).post(address("outputs", two_steps), data)

    assert fresh(two_steps).core.outputs == {"label": "judge.intent", "gist": "summarize.summary"}


@pytest.mark.parametrize(
    "row",
    [
        {"name": "a b", "source": "judge.intent"},
        {"name": "a", "source": ""},
        {"name": "", "source": "judge.intent"},
    ],
)
def test_a_half_filled_output_is_told(
    client_of: Browser, erin: User, two_steps: Program, row: dict[str, str]
) -> None:
    data = {"revision": 1, **rows("outputs", row)}

    assert client_of(erin).post(address("outputs", two_steps), data).status_code == 422
