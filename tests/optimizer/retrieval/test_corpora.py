"""Corpora are rows, kept once by content; a run that looks things up finds them there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.problems import Conflict, Refused
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Search
from optimizer.models import Corpus, CorpusPart, Outcome
from optimizer.retrieval import corpora
from optimizer.retrieval.answers import searched
from tests.evaluations import start_measurement, start_tryout
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.world import one_module_program
from tests.optimizer.conftest import Create, carry_on

pytestmark = pytest.mark.django_db

ROWS = [["Ada", "wrote a program"], ["Babbage", "drew an engine"], ["Nobody", None]]


def stored(namespace: str = "p:1", name: str = "Facts") -> Corpus:
    return corpora.store(namespace, name, ["title", "text"], ROWS)


def test_equal_passages_are_kept_once_and_go_with_the_last_corpus() -> None:
    one, two = stored("p:1"), stored("p:2")
    assert (one.digest, one.count) == (two.digest, 3)
    assert CorpusPart.objects.count() == 1
    corpora.remove(one)
    assert [p["title"] for p in corpora.passages_of(two.digest)] == ["Ada", "Babbage", "Nobody"]
    corpora.remove(two)
    assert CorpusPart.objects.count() == 0


def test_a_name_and_a_content_are_there_once_in_a_project() -> None:
    stored()
    with pytest.raises(Conflict) as taken:
        stored(name="Others")
    assert taken.value.problems[0].code == "corpus.content_there"
    with pytest.raises(Conflict) as named:
        corpora.store("p:1", "Facts", ["text"], [["x"]])
    assert named.value.problems[0].code == "corpus.name_taken"
    with pytest.raises(Refused):
        corpora.store("p:1", "None", ["text"], [])
    assert corpora.missing("p:2", [stored("p:3").digest, "x"]) == [stored_digest(), "x"]


def stored_digest() -> str:
    return Corpus.objects.values_list("digest", flat=True).first() or ""


def test_what_is_looked_up_is_found_or_told_to_be_gone() -> None:
    corpus = stored()
    found = searched(Search(corpus.digest, "who drew an engine", 2), "p:1").found
    assert found == ({"title": "Babbage", "text": "drew an engine"},)
    for digest, project in (("0" * 64, "p:1"), (corpus.digest, "p:2")):
        gone = searched(Search(digest, "engine", 2), project)
        assert gone.problem is not None
        assert gone.found == ()
        assert "choose another one" in gone.told


def test_no_run_of_any_kind_begins_with_another_project_s_corpus(spec: RunSpec) -> None:
    own, other = stored("test"), corpora.store("p:2", "Secret", ["text"], [["the plan"]])
    assert start_tryout(spec, program=looking_up(own.digest)).active
    for start in (
        lambda: start_tryout(spec, program=looking_up(other.digest)),
        lambda: start_measurement(replace(spec, program=looking_up(other.digest))),
    ):
        with pytest.raises(Refused) as refused:
            start()
        assert refused.value.problems[0].code == "corpus.not_here"


def looking_up(digest: str) -> Program:
    """The usual program, behind a step that looks its message up."""
    program = one_module_program()
    (module,) = program.modules
    taken = (*module.signature.inputs, Field("passages", FieldType.LIST))
    classify = replace(module, signature=replace(module.signature, inputs=taken))
    output = Field("passages", FieldType.LIST)
    search = Retrieve("search", Signature((Field("query"),), (output,)), corpus=digest, k=1)
    (call,) = program.calls
    (source,) = call.inputs.values()
    calls = (
        Call("search", "search", {"query": source}),
        replace(call, inputs={**call.inputs, "passages": "search.passages"}),
    )
    return replace(program, modules=(search, classify), calls=calls)


def test_a_run_pays_nothing_for_what_it_looks_up(create: Create) -> None:
    corpus = corpora.store("test", "Words", ["text"], [[f"text {n}"] for n in range(40)])
    lm = ScriptedLM()
    run = carry_on(create(program=looking_up(corpus.digest)), lm)
    assert run.status == "finished"
    assert run.used_calls == len(lm.calls)
    traced = Outcome.objects.filter(exchange__run=run).values_list("data__trace", flat=True)
    assert {call["call"] for call in traced[0]} == {"search", "classify"}
    assert len(traced[0][0]["outputs"]["passages"]) <= 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"corpus": ""}, "retrieve.no_corpus"),
        ({"k": 0}, "retrieve.k"),
        ({"signature": Signature((Field("a"), Field("b")), (Field("c", FieldType.LIST),))},
         "retrieve.one_input"),
        ({"signature": Signature((Field("a"),), (Field("c"),))}, "retrieve.one_list"),
    ],
)  # fmt: skip
def test_what_it_needs_is_told(change: dict[str, object], code: str) -> None:
    sound = Retrieve("s", Signature((Field("q"),), (Field("p", FieldType.LIST),)), corpus="d")
    assert sound.problems() == []
    wrong = replace(sound, **change)  # type: ignore[arg-type]
    assert code in [problem.code for problem in wrong.problems()]


@pytest.mark.django_db(transaction=True)
def test_the_same_content_may_be_stored_and_removed_at_the_same_time() -> None:
    ready = threading.Barrier(4)

    def store_and_remove(number: int) -> int:
        try:
            ready.wait(10)
            for _ in range(5):
                made = corpora.store(f"p:{number}", "Facts", ["text"], [["a"], ["b"]])
                if len(list(corpora.passages_of(made.digest))) != 2:
                    return 0
                corpora.remove(made)
            return 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(store_and_remove, range(4))) == [1] * 4
    assert CorpusPart.objects.count() == 0


def test_what_is_removed_leaves_no_index_behind(
    settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CORPORA = tmp_path
    one, two = stored("p:1"), stored("p:2")
    (tmp_path / one.digest).mkdir()
    with django_capture_on_commit_callbacks(execute=True):
        corpora.remove(one)
    assert (tmp_path / two.digest).is_dir()
    with django_capture_on_commit_callbacks(execute=True):
        corpora.remove(two)
    assert list(tmp_path.iterdir()) == []
