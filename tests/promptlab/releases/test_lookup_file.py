"""A downloaded Python file looks things up as the run did, in the corpus that lies beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.passages import passage_text
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Passages, Search
from optimizer.retrieval.lookup import PassageIndex
from promptlab.releases.formats.dspy_files import dspy_module
from promptlab.releases.formats.python_file import python_file
from tests.promptlab.releases.contents import content_of
from tests.promptlab.releases.test_python_file import run_file

PASSAGES = [{"title": f"T{n}", "text": f"passage {n} speaks of {n % 7} 京都"} for n in range(60)]
PARTS = (Field("title"), Field("text"))


def looking_up(objects: bool) -> Program:
    kind = {"items": FieldType.OBJECT, "fields": PARTS} if objects else {}
    found = Field("passages", FieldType.LIST, **kind)  # type: ignore[arg-type]
    search = Retrieve("search", Signature((Field("query"),), (found,)), corpus="a" * 64, k=3)
    answer = Predict("answer", Signature((Field("question"), found), (Field("answer"),)))
    calls = (
        Call("search", "search", {"query": "input.question"}),
        Call("answer", "answer", {"question": "input.question", "passages": "search.passages"}),
    )
    return Program("QA", (Field("question"),), (search, answer), calls, {"answer": "answer.answer"})


@pytest.mark.parametrize("objects", [False, True], ids=["texts", "objects"])
def test_it_says_what_the_run_said(objects: bool, tmp_path: Path) -> None:
    program, inputs = looking_up(objects), {"question": "What speaks of 3 in 京都?"}
    index = PassageIndex.of(map(passage_text, PASSAGES))
    said: list[Prompt] = []
    steps = predict(program, baseline_of(program), dict(inputs))
    (asked,) = next(steps)
    assert isinstance(asked, Search)
    best = tuple(PASSAGES[place] for place in index.best(asked.query, asked.k))
    (call,) = steps.send((Passages(best),))
    said.append(call.prompt)  # type: ignore[union-attr]
    with pytest.raises(StopIteration):
        steps.send((Reply('{"answer": "yes"}'),))

    lines = "".join(json.dumps(passage, ensure_ascii=False) + "\n" for passage in PASSAGES)
    (tmp_path / f"corpus-{'a' * 12}.jsonl").write_text(lines, encoding="utf-8")
    source = python_file(content_of(program), "0" * 64)
    assert "pip install litellm json-repair bm25s" in source
    _printed, requests = run_file(tmp_path, source, inputs, ['{"answer": "yes"}'])
    assert requests[0]["messages"] == [
        {"role": m.role, "content": m.content} for m in said[0].messages
    ]


def test_the_dspy_module_is_sound_and_says_what_it_needs() -> None:
    source = dspy_module(content_of(looking_up(True)), "0" * 64)
    compile(source, "made.py", "exec")
    assert "import bm25s" in source
    assert "corpus-aaaaaaaaaaaa.jsonl" in source
