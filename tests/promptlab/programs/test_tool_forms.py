"""An agent's page asks for its tools, a row each, and says what is wrong with one beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse

from optimizer.core.modules.pick import Pick
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import CodeTool, FetchTool, SearchTool
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program as Core
from optimizer.core.programs.signature import Field
from optimizer.models import AllowedAddress
from optimizer.retrieval import corpora
from promptlab.accounts.models import User
from promptlab.programs.kinds import KINDS
from promptlab.programs.models import Program
from tests.core.programs import ONE_STEP
from tests.fakes.agents import ADD, QUESTION, agent, asking
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
SAMPLING = {"samples": "", "temperature": "", "max_tokens": "", "layout": "lines", "model": ""}


def tool(name: str, kind: str, **more: str) -> dict[str, str]:
    plain = {"description": "Does it.", "corpus": "", "k": "3", "source": "", "url": ""}
    return {"name": name, "kind": kind, "version": "", **plain, **more}


def sent(*tools: dict[str, str], **changed: Any) -> dict[str, Any]:
    return module_data(
        name="find_out", kind="react", max_turns="4", instruction="Answer the {question}.",
        **SAMPLING, **rows("inputs", field("question", was="question")),
        **rows("outputs", field("answer", was="answer")), **rows("tools", *tools), **changed,
    )  # fmt: skip


def kept(program: Program) -> ReAct:
    module = fresh(program).core.module("find_out")
    assert isinstance(module, ReAct)
    return module


def test_tools_of_every_kind_are_saved_and_shown_again(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(asking()), client_of(erin)
    corpus = corpora.store(program.project.namespace, "Facts", ["text"], [["a"]])
    data = sent(
        tool("search", "search", corpus=corpus.digest, k="2"),
        tool("add", "code", source=ADD.replace("\n", "\r\n")),
        tool("get", "fetch", url="https://93.184.216.34/{place}", version="2"),
    )
    answer = client.post(address("module", program, "find_out"), data)
    assert answer.status_code == 302, text_of(answer)
    assert kept(program).tools == (
        SearchTool("search", "Does it.", corpus=corpus.digest, k=2),
        CodeTool("add", "Does it.", source=ADD),
        FetchTool("get", "Does it.", url="https://93.184.216.34/{place}", version="2"),
    )
    assert fresh(program).core.problems() == []
    shown = text_of(client.get(address("module", program, "find_out")))
    assert "Facts (1 passages)" in shown
    assert "- search(query): Does it." in shown  # the prompt as it is sent
    drawn = text_of(client.get(address("program", program)))
    assert "Agent with tools" in drawn
    remove = reverse("programs:remove_corpus", args=[program.project.slug, corpus.pk])
    assert "It is used by" in text_of(client.post(remove, follow=True))


def test_a_row_is_added_and_taken_away_and_nothing_that_was_typed_is_lost(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(asking()), client_of(erin)
    page = address("module", program, "find_out")
    typed = tool("add", "code", source=ADD)
    more = client.post(page, sent(typed, add="tools")).context["form"].lists["tools"][1]
    assert [row["name"].value() for row in more] == ["add", ""]
    fewer = client.post(page, sent(typed, tool("x", "fetch"), remove="tools-0"))
    assert [row["name"].value() for row in fewer.context["form"].lists["tools"][1]] == ["x"]
    assert kept(program).tools == agent().tools


@pytest.mark.parametrize(
    ("row", "at", "told"),
    [
        (tool("a b", "code", source=ADD), "name", "is not a tool name"),
        (tool("add", "code", source="def add(:"), "source", "defines no function"),
        (tool("add", "code", source="def add(a):\n    return c\n"), "source", "c"),
        (tool("get", "fetch", url="http://127.0.0.1:1/x"), "url", "is local or private"),
        (tool("get", "fetch", url="http://{host}/x"), "url", "has to be fixed"),
        (tool("get", "fetch", url="ftp://x"), "url", "begins with http"),
        (tool("s", "search", k="0"), "k", "greater than or equal to 1"),
        (tool("s", "search", description=""), "description", "required"),
    ],
)
def test_what_is_wrong_is_told_where_it_is_typed(
    row: dict[str, str], at: str, told: str, client_of: Browser, erin: User, make_program: Make
) -> None:
    AllowedAddress.objects.all().delete()
    program = make_program(asking())
    answer = client_of(erin).post(address("module", program, "find_out"), sent(row))
    assert answer.status_code == 422
    (form,) = answer.context["form"].lists["tools"][1]
    assert told in str(form.errors[at])
    assert kept(program).tools == agent().tools


def test_another_kind_becomes_an_agent_whose_problems_are_told(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    program, client = make_program(ONE_STEP), client_of(erin)
    page = address("module", program, "classify")
    answer = client.post(page, module_data(kind="react", max_turns="3", **SAMPLING))
    assert answer.status_code == 302
    assert "An agent has 1 to 20 tools" in text_of(client.get(page))
    again = client.post(page, module_data(kind="predict", revision=2, **SAMPLING))
    assert again.status_code == 302


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_is_as_it_begins_in_what_its_form_has_not_asked_yet(
    kind: str, client_of: Browser, erin: User, make_program: Make
) -> None:
    """Without scripts one saves first; and nothing that was not shown is told to be missing."""
    program, client = make_program(ONE_STEP), client_of(erin)
    data = module_data(kind=kind)
    for name in SAMPLING:
        data.pop(name, None)
    answer = client.post(address("module", program, "classify"), data)
    assert "This field is required" not in answer.content.decode()
    changed = fresh(program).core.module("classify")
    if answer.status_code == 302:
        assert changed.kind == kind
    else:  # the function that it begins with has other arguments
        assert (kind, list(answer.context["form"].errors)) == ("code_step", ["source"])
    add = client.post(address("module", program, "classify"), data | {"add": "inputs"})
    own = {field.name: field.value() for field in add.context["form"].own}
    assert own.get("k", "3") == "3"


def test_an_endpoint_is_refused_where_it_is_typed_and_may_be_typed_later(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    AllowedAddress.objects.all().delete()
    drawn = KINDS["retrieve_http"].starter()
    call = Call("find", drawn.name, {"query": "input.question"})
    core = Core("P", (QUESTION,), (drawn,), (call,), {"passages": "find.passages"})
    program, client = make_program(core), client_of(erin)
    page = address("module", program, drawn.name)
    data = module_data(
        name=drawn.name, kind="retrieve_http", k="4", path="hits", version="", body="", url="",
        **rows("inputs", field("query", was="query")),
        **rows("outputs", field("passages", "list", was="passages")),
    )  # fmt: skip
    for typed, at, told in (
        ({"url": "http://127.0.0.1:1/?q={query}"}, "url", "is local or private"),
        ({"url": "http://169.254.169.254/{query}"}, "url", "not allowed"),
        ({"url": "http://93.184.216.34/"}, "url", "write {query} in the address"),
        ({"url": "http://93.184.216.34/{query}", "body": "{"}, "body", "The body is no JSON"),
    ):
        answer = client.post(page, data | typed)
        assert answer.status_code == 422
        assert told in str(answer.context["form"].errors[at])
    assert client.post(page, data).status_code == 302
    assert "url.none" in [p.code for p in fresh(program).core.problems()]
    typed = {"url": "http://93.184.216.34/?q={query}", "revision": "2"}
    assert client.post(page, data | typed).status_code == 302
    assert fresh(program).core.problems() == []


def test_a_step_that_picks_names_its_candidates_which_follow_their_inputs(
    client_of: Browser, erin: User, make_program: Make
) -> None:
    drawn = KINDS["pick"].begin(KINDS["pick"].starter())
    assert isinstance(drawn, Pick)
    names = ("question", "first", "second")
    call = Call("judge", "judge", {name: f"input.{name}" for name in names})
    judge = replace(drawn, name="judge")
    core = Core("P", tuple(map(Field, names)), (judge,), (call,), {"best": "judge.best"})
    assert core.problems() == []
    assert judge.signature.instruction == "Pick the candidate that is best for the {question}."
    program, client = make_program(core), client_of(erin)
    page = address("module", program, "judge")
    assert 'value="first, second"' in text_of(client.get(page))
    inputs = [field(name, was=name) for name in names]
    inputs[1]["name"] = "draft"
    data = module_data(
        name="judge", kind="pick", instruction="Pick for the {question}.", among="first second",
        **SAMPLING, **rows("inputs", *inputs), **rows("outputs", field("best", was="best")),
    )  # fmt: skip
    answer = client.post(page, data)
    assert answer.status_code == 302, text_of(answer)
    changed = fresh(program).core.module("judge")
    assert isinstance(changed, Pick)
    assert changed.among == ("draft", "second")
    assert fresh(program).core.problems() == []
