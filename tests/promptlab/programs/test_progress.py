"""How far a try-out has come is told through steps that ask no model, too."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Search
from optimizer.models import Run
from optimizer.retrieval import corpora
from optimizer.retrieval.answers import searched, shelf
from promptlab.accounts.models import Project
from promptlab.programs.progress import progress

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
