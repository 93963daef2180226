"""Passages of an endpoint of one's own: what is sent, what is made of its answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.modules.retrieve_http import RetrieveHttp
from optimizer.core.problems import problem
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.endpoints import NoPassages, passages_in
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Fetch, Fetched, StepRequest
from tests.fakes.steps import held

FOUND = Field("passages", FieldType.LIST)
HITS = {"hits": {"hits": [{"_source": {"title": f"T{n}", "text": f"t {n}"}} for n in range(5)]}}


def asking(**changes: Any) -> RetrieveHttp:
    made = RetrieveHttp(
        "find", Signature((Field("query"),), (FOUND,)), url="https://s.example/?q={query}&n={k}",
        path="hits.hits._source", k=2,
    )  # fmt: skip
    return replace(made, **changes)


def ran(module: RetrieveHttp, answer: Fetched) -> tuple[Prediction, list[StepRequest]]:
    assert module.problems() == []
    call = Call("find", "find", {"query": "input.question"})
    program = Program("P", (Field("question"),), (module,), (call,), {"passages": "find.passages"})
    asked: list[StepRequest] = []
    steps = predict(program, baseline_of(program), {"question": 'Who & "why"?'})
    assert program.lm_calls == 0
    return held(steps, lambda _: Reply(""), asked, fetch=lambda _: answer), asked


def test_the_query_stands_in_its_place_and_so_many_passages_come() -> None:
    prediction, asked = ran(asking(version="7"), Fetched(200, json.dumps(HITS)))
    assert asked == [Fetch("https://s.example/?q=Who%20%26%20%22why%22%3F&n=2", version="7")]
    assert prediction.outputs == {"passages": ["title: T0\ntext: t 0", "title: T1\ntext: t 1"]}


def test_a_body_is_posted_with_the_query_and_the_number() -> None:
    body = '{"query": {"match": "about {query}"}, "size": "{k}"}'
    _, asked = ran(
        asking(url="https://s.example/_search", body=body), Fetched(200, json.dumps(HITS))
    )
    (request,) = asked
    assert isinstance(request, Fetch)
    told = {"query": {"match": 'about Who & "why"?'}, "size": 2}
    assert (request.url, json.loads(request.body)) == ("https://s.example/_search", told)


def test_passages_may_be_objects_with_the_parts_that_are_wanted() -> None:
    parts = (Field("title"), Field("page", nullable=True))
    found = Field("passages", FieldType.LIST, items=FieldType.OBJECT, fields=parts)
    module = asking(signature=Signature((Field("query"),), (found,)))
    prediction, _ = ran(module, Fetched(200, json.dumps(HITS)))
    assert prediction.outputs["passages"] == [
        {"title": "T0", "page": None}, {"title": "T1", "page": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Fetched(404, "no"), "status 404"),
        (Fetched(200, "<html>"), "is no JSON"),
        (Fetched(200, '{"hits": 1}'), "there is no “hits”"),
        (Fetched(200, '{"hits": {"hits": {"_source": {}}}}'), "there is no list"),
        (Fetched(problem=problem("fetch.failed", why="down"), told="It is down."), "It is down."),
    ],
)
def test_what_is_no_answer_is_an_error_and_never_a_score_of_0(answer: Fetched, told: str) -> None:
    prediction, _ = ran(asking(), answer)
    assert told in prediction.problem
    assert not prediction.answered


@pytest.mark.parametrize(
    ("answer", "path", "found"),
    [
        (["a", "b", "c"], "", [{"text": "a"}, {"text": "b"}]),
        ({"results": [{"id": 1}]}, "results", [{"id": 1}]),
        ({"data": [{"t": "x"}, {"t": "y"}]}, "data.t", [{"text": "x"}, {"text": "y"}]),
        ({"data": []}, "data", []),
    ],
)
def test_where_passages_are(answer: Any, path: str, found: list[Any]) -> None:
    assert passages_in(json.dumps(answer), path, 2) == found


def test_an_answer_that_is_nested_too_deeply_is_none() -> None:
    with pytest.raises(NoPassages):
        passages_in("[" * 100_000, "", 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": ""}, "url.none"),
        ({"url": "https://{query}/"}, "url.host"),
        ({"url": "https://s.example/"}, "endpoint.no_query"),
        ({"url": "https://s.example/{query}/{page}"}, "endpoint.no_such_place"),
        ({"body": '{"a": {query}}'}, "endpoint.body"),
        ({"k": 0}, "retrieve.k"),
        ({"signature": Signature((Field("a"), Field("b")), (FOUND,))}, "retrieve.one_input"),
        ({"signature": Signature((Field("a"),), (Field("b"),))}, "retrieve.one_list"),
    ],
)
def test_what_it_needs_is_told(change: dict[str, Any], code: str) -> None:
    assert code in [p.code for p in asking(**change).problems()]
