"""How far a try-out has come is told through steps that ask no model, too."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.modules.retrieve_http import RetrieveHttp
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Fetch, Fetched, Search
from optimizer.core.programs.turns import in_short
from optimizer.lm import fetched_texts
from optimizer.models import Run
from optimizer.retrieval import corpora
from optimizer.retrieval.answers import searched, shelf
from promptlab.accounts.models import Project
from promptlab.programs.progress import progress
from promptlab.programs.tryouts import shown_call
from tests.fakes.agents import asking, turn
from tests.fakes.steps import held

PASSAGES = Field("passages", FieldType.LIST)


def tidy_then_search(digest: str) -> Program:
    tidy = CodeStep(
        "tidy", Signature((Field("text"),), (Field("query"),)),
        source="def step(text):\n    return text.strip()\n",
    )  # fmt: skip
    search = Retrieve("search", Signature((Field("query"),), (PASSAGES,)), corpus=digest, k=1)
    answer = Predict("answer", Signature((Field("query"), PASSAGES), (Field("said"),)))
    calls = (
        Call("tidy", "tidy", {"text": "input.text"}),
        Call("search", "search", {"query": "tidy.query"}),
        Call("answer", "answer", {"query": "tidy.query", "passages": "search.passages"}),
    )
    return Program("p", (Field("text"),), (tidy, search, answer), calls, {"said": "answer.said"})


@pytest.mark.django_db
def test_code_and_passages_are_done_while_the_model_is_asked(
    project: Project, settings: Any, tmp_path: object
) -> None:
    settings.CORPORA = tmp_path
    shelf.cache_clear()
    corpus = corpora.store(project.namespace, "Facts", ["text"], [["engines run"], ["cats sleep"]])
    program, run = tidy_then_search(corpus.digest), Run(pk=10**6, namespace=project.namespace)
    given = {"text": "  what do engines do "}

    def told() -> list[tuple[str, str]]:
        steps = progress(run, program, baseline_of(program), given)
        return [(step.name, step.now) for step in steps]

    try:
        assert told() == [("tidy", "done"), ("search", "running")]
        searched(Search(corpus.digest, "what do engines do", 1), project.namespace)
        assert told() == [("tidy", "done"), ("search", "done"), ("answer", "running")]
    finally:
        shelf.cache_clear()


@pytest.mark.django_db
def test_an_endpoint_is_done_as_soon_as_it_has_answered(project: Project) -> None:
    find = RetrieveHttp(
        "find", Signature((Field("query"),), (PASSAGES,)), url="https://s.example/?q={query}"
    )
    call = Call("find", "find", {"query": "input.text"})
    program = Program("p", (Field("text"),), (find,), (call,), {"found": "find.passages"})
    run = Run(pk=10**6, namespace=project.namespace)

    def told() -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        steps = progress(run, program, baseline_of(program), {"text": "a"})
        return [(step.now, step.values) for step in steps]

    assert told() == [("running", ())]
    asked = Fetch("https://s.example/?q=a")
    fetched_texts.keep(project.namespace, asked, Fetched(200, '["one"]'))
    assert told() == [("done", (("passages", '["one"]'),))]


def test_an_agent_s_turns_are_shown_each_and_in_short() -> None:
    program, replies = asking(), iter([turn("add", "sum", a=2), turn("finish"), '{"answer": "3"}'])
    given: dict[str, Any] = {"question": "1 + 2?"}
    steps = predict(program, baseline_of(program), dict(given))
    prediction = held(steps, lambda _: Reply(next(replies)))
    shown = [shown_call(program, baseline_of(program), t, given, "p") for t in prediction.trace]
    first, finish, answer = shown
    assert [value.name for value in first.outputs] == [
        "thought",
        "tool",
        "arguments",
        "observation",
    ]
    assert [part["role"] for part in first.transcript] == ["assistant"]
    assert [value.told for value in finish.outputs] == ["finish"]
    roles = [part["role"] for part in answer.transcript]
    assert roles == ["system", "user", *["assistant", "user"] * 2, "assistant"]
    assert in_short("turns", prediction.trace[-1].inputs["turns"]) == "add → finish"
    assert in_short("turns", [{"mine": 1}]) == [{"mine": 1}]
    assert in_short("other", ["a"]) == ["a"]
