"""Modules, calls and ends are edited by forms; nothing that was typed is ever lost."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.program import Call, Demo, ModuleKind
from optimizer.core.signature import Field, FieldType
from promptlab.accounts.models import User
from promptlab.programs import edits, services
from promptlab.programs.models import Program
from tests.core.programs import CLASSIFY, HOP, MULTI_HOP, ONE_STEP, THINK, TWO_STEPS

Browser = Callable[[User], Client]


def address(name: str, program: Program, *more: object) -> str:
    return reverse(f"programs:{name}", args=[program.project.slug, program.pk, *more])


def fresh(program: Program) -> Program:
    return Program.objects.get(pk=program.pk)


def rows(prefix: str, *fields: dict[str, str]) -> dict[str, Any]:
    """Rows as a browser sends them."""
    sent: dict[str, Any] = {f"{prefix}-count": len(fields)}
    for i, field in enumerate(fields):
        sent |= {f"{prefix}-{i}-{name}": value for name, value in field.items()}
    return sent


def field(name: str, kind: str = "text", was: str = "", **more: str) -> dict[str, str]:
    return {"name": name, "type": kind, "was": was, "description": "", "choices": "", **more}


MESSAGE_ROW = field("message", was="message", description="what the customer wrote")
INTENT_ROW = field("intent", "choice", was="intent", choices="refund\r\ndelivery\r\n\r\n other ")


def module_data(**changed: Any) -> dict[str, Any]:
    return {
        "revision": 1,
        "name": "classify",
        "kind": "predict",
        "instruction": "Classify the {message}.",
        "description": "",
        **rows("inputs", MESSAGE_ROW),
        **rows("outputs", INTENT_ROW),
        **changed,
    }


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


# --- Modules -----------------------------------------------------------------------------------


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

    assert module.kind is ModuleKind.CHAIN_OF_THOUGHT
    assert module.signature.instruction == "Sort the {text}.\nBe brief."
    assert module.description == "Sorts."
    assert [f.name for f in module.signature.inputs] == ["text", "tone"]
    assert module.signature.outputs == (Field("label", FieldType.CHOICE, choices=("a", "b")),)
    assert core.calls == (Call("triage", "triage", {"text": "input.message", "tone": ""}),)
    assert core.outputs == {"intent": "triage.label"}


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
        (rows("inputs", field("reasoning")), "“reasoning” is written by chain-of-thought modules"),
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


# --- Someone else saved ------------------------------------------------------------------------


def test_who_saves_second_is_told_and_keeps_what_was_typed(
    client_of: Browser, alice: User, erin: User, one_step: Program
) -> None:
    here = address("module", one_step, "classify")
    client_of(alice).post(here, module_data(instruction="Alice's {message}."))
    client = client_of(erin)
    refused = client.post(here, module_data(instruction="Erin's {message}."))
    page = text_of(refused)

    assert refused.status_code == 409
    assert "Alice saved this program while you were editing it (now)." in page
    assert "Erin's {message}." in page
    assert 'name="revision" value="2"' in page
    assert fresh(one_step).core.modules[0].signature.instruction == "Alice's {message}."

    client.post(here, module_data(instruction="Erin's {message}.", revision=2))

    assert fresh(one_step).core.modules[0].signature.instruction == "Erin's {message}."


def test_a_module_that_was_removed_meanwhile_can_be_saved_as_a_new_one(
    client_of: Browser, alice: User, erin: User, one_step: Program
) -> None:
    here = address("module", one_step, "classify")
    client_of(alice).post(address("remove_module", one_step, "classify"))
    client = client_of(erin)

    assert client.get(here).status_code == 404
    assert client.post(here, module_data()).status_code == 409
    assert client.post(here, module_data(revision=2)).status_code == 302
    assert fresh(one_step).core.problems() == []


@pytest.mark.parametrize(
    ("page", "more", "data"),
    [
        ("about", (), {"name": "Mine", "description": ""}),
        ("inputs", (), rows("inputs", MESSAGE_ROW)),
        ("outputs", (), rows("outputs", {"name": "mine", "source": "classify.intent"})),
        ("demos", ("classify",), {"demos-count": 0}),
        ("call", ("classify",), {"name": "mine", "module": "classify"}),
        ("connect", ("classify",), {"from-message": "input.message"}),
    ],
)
def test_every_form_notices_that_someone_saved(
    client_of: Browser, erin: User, alice: User, one_step: Program,
    page: str, more: tuple[str, ...], data: dict[str, Any],
) -> None:  # fmt: skip
    services.describe(one_step, "Intents", "by Alice", 1, alice)
    response = client_of(erin).post(address(page, one_step, *more), {"revision": 1, **data})

    assert response.status_code == 409
    assert "Alice saved this program" in text_of(response)
    assert fresh(one_step).revision == 2


def test_two_saves_at_once_cannot_both_win(erin: User, one_step: Program) -> None:
    other = Program.objects.get(pk=one_step.pk)
    services.save_definition(one_step, ONE_STEP, 1, erin)

    with pytest.raises(services.Conflict) as refused:
        services.save_definition(other, TWO_STEPS, 1, erin)
    assert refused.value.saved.revision == 2


def test_a_part_is_taken_away_also_while_someone_saves(erin: User, two_steps: Program) -> None:
    stale = Program.objects.get(pk=two_steps.pk)
    services.describe(two_steps, "Renamed meanwhile", "", 1, erin)
    saved = services.edit(stale, lambda core: edits.remove_module(core, "summarize"), erin)

    assert (saved.name, saved.revision) == ("Renamed meanwhile", 3)
    assert [m.name for m in fresh(two_steps).core.modules] == ["judge"]


# --- Calls and connections ---------------------------------------------------------------------


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


# --- Inputs and outputs of the program ---------------------------------------------------------


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


# --- Demos -------------------------------------------------------------------------------------


def test_demos_are_typed_value_by_value(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    tags = replace(
        THINK,
        signature=replace(
            THINK.signature, outputs=(*THINK.signature.outputs, Field("tags", FieldType.LIST))
        ),
    )
    program = make_program(replace(ONE_STEP, modules=(tags,)))
    demo = {
        "message": "Where\r\nis it?",
        "reasoning": "It is late.",
        "intent": "delivery",
        "tags": '["late", "lost"]',
        "augmented": "True",
    }
    here = address("demos", program, "classify")
    client_of(erin).post(here, {"revision": 1, **rows("demos", demo)})

    assert fresh(program).core.modules[0].demos == (
        Demo(
            {
                "message": "Where\nis it?",
                "reasoning": "It is late.",
                "intent": "delivery",
                "tags": ["late", "lost"],
            },
            augmented=True,
        ),
    )


def test_demos_come_and_go_and_stay_as_they_are(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    demos = (Demo({"message": "Hi", "intent": "other"}), Demo({"message": "x", "intent": "refund"}))
    program = make_program(replace(ONE_STEP, modules=(replace(CLASSIFY, demos=demos),)))
    here = address("demos", program, "classify")
    client = client_of(erin)
    page = text_of(client.get(here))
    sent = rows("demos", *({**d.values, "augmented": ""} for d in demos))
    removed = text_of(client.post(here, {"revision": 1, **sent, "remove": "demos-0"}))
    client.post(here, {"revision": 1, **sent})

    assert page.count("Demo 2") == 1
    assert 'name="demos-count" value="1"' in removed
    assert fresh(program).core.modules[0].demos == demos


@pytest.mark.parametrize(
    ("demo", "message"),
    [
        ({"message": "Hi", "intent": ""}, "it gives no output."),
        ({"message": "Hi", "intent": "praise"}, "“praise” is none of the choices"),
    ],
)
def test_a_demo_that_cannot_be_shown_is_refused_with_the_reason(
    client_of: Browser, erin: User, one_step: Program, demo: dict[str, str], message: str
) -> None:
    here = address("demos", one_step, "classify")
    response = client_of(erin).post(here, {"revision": 1, **rows("demos", demo)})

    assert response.status_code == 422
    assert message in text_of(response)


def test_the_module_page_shows_the_prompt_as_it_is_sent(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    demos = (Demo({"message": "Hi", "intent": "other"}),)
    program = make_program(replace(ONE_STEP, modules=(replace(CLASSIFY, demos=demos),)))
    page = text_of(client_of(erin).get(address("module", program, "classify")))

    assert "Classify the `message`." in page
    assert '{"intent": "other"}' in page
    assert "message: …" in page
