"""A call's page says when it is made, how often, and which of its inputs are constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.core.modules.code_step import CodeStep
from optimizer.core.programs.calls import Call, Repeat, When
from optimizer.core.programs.lm import OwnModel
from optimizer.core.programs.program import Program as Core
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.models import Provider
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.fakes.flows import ANSWER, MESSAGE, branches, passes, tidied
from tests.promptlab.programs.by_hand import (
    Browser,
    address,
    field,
    fresh,
    module_data,
    rows,
    text_of,
)

Make = Callable[..., Program]


def sent(client_of: Browser, erin: User, program: Program, call: str) -> dict[str, str]:
    """What a browser sends from the page of a call, unchanged."""
    form = client_of(erin).get(address("call", program, call)).context["form"]
    fields = [*form, *form.flow]
    return {f.html_name: "" if f.value() is None else str(f.value()) for f in fields}


def call_of(program: Program, name: str) -> object:
    return next(call for call in fresh(program).core.calls if call.name == name)


@pytest.mark.parametrize(
    ("made", "call"),
    [(branches, "refund"), (tidied, "answer"), (passes, "better"), (branches, "merge")],
)
def test_saving_a_call_as_it_stands_changes_nothing(
    made: Callable[[], object], call: str, client_of: Browser, erin: User, make_program: Make
) -> None:
    program = make_program(made())
    data = sent(client_of, erin, program, call)
    response = client_of(erin).post(address("call", program, call), data)
    assert response.status_code == 302, text_of(response)
    assert fresh(program).core == program.core
    data = sent(client_of, erin, program, call)
    lines = {name: value for name, value in data.items() if name.startswith(("from-", "rev"))}
    assert client_of(erin).post(address("connect", program, call), lines).status_code == 302
    assert fresh(program).core == program.core


def test_a_condition_is_set_and_taken_away(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(branches()), client_of(erin)
    data = sent(client_of, erin, program, "polish")
    data |= {"when_source": "sort.kind", "when_values": "refund\r\n other \r\n\r\nrefund"}
    assert client.post(address("call", program, "polish"), data).status_code == 302
    polish = call_of(program, "polish")
    assert polish.when == When("sort.kind", ("refund", "other"))  # type: ignore[attr-defined]
    listed = text_of(client.get(address("program", program) + "?view=list"))
    assert "only if sort.kind is refund or other" in listed
    data = sent(client_of, erin, program, "polish") | {"when_source": ""}
    client.post(address("call", program, "polish"), data)
    assert call_of(program, "polish").when is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"when_values": "refunds"}, "never is “refunds”"),
        ({"when_values": ""}, "names no value"),
        ({"when_source": "polish.answer"}, "not one of the available choices"),
    ],
)
def test_a_condition_that_cannot_be_is_told_at_its_field_and_nothing_is_lost(
    change: dict[str, str], told: str, client_of: Browser, erin: User, make_program: Make
) -> None:
    program = make_program(branches())
    data = sent(client_of, erin, program, "refund") | change
    response = client_of(erin).post(address("call", program, "refund"), data)
    assert response.status_code == 422
    assert told in text_of(response)
    assert fresh(program).core == program.core


def test_a_repetition_is_offered_where_something_can_end_it(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(passes()), client_of(erin)
    data = sent(client_of, erin, program, "better")
    assert "repeat_times" not in sent(client_of, erin, make_program(branches()), "sort")
    data |= {"repeat_times": "5", "feed-message": "better"}
    assert client.post(address("call", program, "better"), data).status_code == 302
    repeat = call_of(program, "better").repeat  # type: ignore[attr-defined]
    assert repeat == Repeat(5, "good", {"message": "better", "draft": "better"})
    refused = client.post(address("call", program, "better"), data | {"repeat_until": ""})
    assert refused.status_code == 422
    assert "which is no true-or-false output" in text_of(refused)


def test_an_input_is_a_constant_or_connected(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(tidied()), client_of(erin)
    data = sent(client_of, erin, program, "answer") | {"fixed-language": "Japanese"}
    assert client.post(address("call", program, "answer"), data).status_code == 302
    assert call_of(program, "answer").constants == {"language": "Japanese"}  # type: ignore[attr-defined]
    shown = text_of(client.get(address("call", program, "answer")))
    assert "Not connected: choose" not in shown
    data = sent(client_of, erin, program, "answer") | {"from-language": "tidy.tidied"}
    refused = client.post(address("call", program, "answer"), data)
    assert "is connected: leave one of the two empty" in text_of(refused)
    lines = {"revision": data["revision"], "from-message": "tidy.tidied",
             "from-language": "input.message"}  # fmt: skip
    assert client.post(address("connect", program, "answer"), lines).status_code == 302
    assert call_of(program, "answer").constants == {}  # type: ignore[attr-defined]


def test_constants_of_every_type_stay_what_they_are(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    constants = {
        "text": "two\nlines ", "empty": "", "whole": 3, "number": 0.5, "yes": True, "pick": "a b",
        "items": ["a", "b"], "day": "2024-02-29", "none": None,
    }  # fmt: skip
    types = ("text", "text", "integer", "number", "boolean", "choice", "list", "date", "integer")
    taken = tuple(
        Field(
            name, FieldType(kind), choices=("a b", "c") if kind == "choice" else (),
            nullable=name == "none",
        )
        for name, kind in zip(constants, types, strict=True)
    )  # fmt: skip
    source = f"def step(message, {', '.join(constants)}):\n    return message\n"
    code = CodeStep("code", Signature((MESSAGE, *taken), (ANSWER,)), source=source)
    call = Call("code", "code", {"message": "input.message"}, constants)
    program = make_program(Core("Fixed", (MESSAGE,), (code,), (call,), {"answer": "code.answer"}))
    assert program.core.problems() == []
    page = client_of(erin).get(address("call", program, "code")).context["form"]
    assert "<textarea" in str(page["fixed-text"])  # an input of one line would join the two
    data = sent(client_of, erin, program, "code")
    data["fixed-text"] = data["fixed-text"].replace("\n", "\r\n")  # as browsers send it
    response = client_of(erin).post(address("call", program, "code"), data)
    assert response.status_code == 302, text_of(response)
    assert fresh(program).core == program.core


def test_a_code_step_is_tried_when_it_is_kept(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    data = module_data(
        name="tidy", kind="code_step", source="def step(text):\n    return text.strip(\n",
        **rows("inputs", field("text")), **rows("outputs", field("short")),
    )  # fmt: skip
    refused = client.post(address("new_module", one_step), data)
    assert refused.status_code == 422
    assert "Line 2, column" in str(refused.context["form"].errors)
    data["source"] = "def step():\n    return 1\n"
    assert client.post(address("new_module", one_step), data).status_code == 422
    data["source"] = "def step(text):\n    return text.strip()\n"
    assert client.post(address("new_module", one_step), data).status_code == 302
    made = fresh(one_step).core.module("tidy")
    assert isinstance(made, CodeStep)
    assert made.source == data["source"].rstrip("\n") or made.source == data["source"]


def test_a_module_asks_a_model_of_its_own_and_keeps_one_that_is_gone(
    client_of: Browser, erin: User, one_step: Program, provider: Provider
) -> None:
    client = client_of(erin)
    data = module_data(model=f"{provider.pk}:scripted", samples="1")
    assert client.post(address("module", one_step, "classify"), data).status_code == 302
    made = fresh(one_step).core.module("classify")
    assert made.own_model == OwnModel(provider.pk, "scripted")
    provider.models_offered = ["another"]
    provider.save()
    page = client.get(address("module", one_step, "classify"))
    assert "(not in this project)" in text_of(page)
    again = module_data(model=f"{provider.pk}:scripted", revision=fresh(one_step).revision)
    assert client.post(address("module", one_step, "classify"), again).status_code == 302
    strange = module_data(model="99:none", revision=fresh(one_step).revision)
    assert client.post(address("module", one_step, "classify"), strange).status_code == 422


def test_a_step_is_renamed_and_given_a_condition_beside_the_canvas(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program = make_program(branches())
    data = sent(client_of, erin, program, "others") | {"name": "rest"}
    here = f"{address('call', program, 'others')}?beside=others"
    page = text_of(client_of(erin).post(here, data))
    assert 'data-beside="rest"' in page
    assert "calls/at/rest/?beside=rest" in page
    assert 'id="canvas-state"' in page
    assert {c.name for c in fresh(program).core.calls} >= {"rest"}

    data = sent(client_of, erin, fresh(program), "rest") | {"when_values": ""}
    answer = client_of(erin).post(f"{address('call', program, 'rest')}?beside=rest", data)
    assert answer.status_code == 422
    assert "data-beside" in text_of(answer)


def test_space_around_a_value_of_a_condition_counts_where_it_is_part_of_it(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    core = branches()
    sort = core.module("sort")
    kind = replace(sort.signature.outputs[0], choices=("refund", "delivery", " other "))
    signature = replace(sort.signature, outputs=(kind,))
    modules = tuple(replace(m, signature=signature) if m == sort else m for m in core.modules)
    calls = tuple(
        replace(c, when=When(c.when.source, (" other ",))) if c.when else c for c in core.calls
    )
    program = make_program(replace(core, modules=modules, calls=calls))
    call = next(c for c in calls if c.when and c.when.source == "sort.kind")
    data = sent(client_of, erin, program, call.name) | {
        "when_values": " other \r\n  refund \r\n\r\n"
    }
    assert client_of(erin).post(address("call", program, call.name), data).status_code == 302
    assert call_of(program, call.name).when == When("sort.kind", (" other ", "refund"))
