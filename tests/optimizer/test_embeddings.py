"""Vectors for demos by meaning: bought in batches, once for ever, within caps, never guessed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.metrics.similarity import Similarity
from optimizer.core.problems import Refused
from optimizer.core.programs.demo import DemoPool, NearestDemos, PooledDemo
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.program import Program
from optimizer.core.programs.vectors import BATCH, vector_of
from optimizer.jobs import model_checks
from optimizer.lm.call import LMCall
from optimizer.lm.embeddings import EmbeddingCall, EmbeddingReply, embedding_call
from optimizer.lm.failures import CallFailed, Garbled
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.kept_vectors import kept_for
from optimizer.lm.litellm_client import LiteLLMClient
from optimizer.lm.model_settings import is_named_embedding
from optimizer.lm.openai_http import OpenAIHttp
from optimizer.models import Completion, Outcome, Provider, TextVector
from tests.evaluations import held
from tests.fakes.meanings import numbers_for
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.fakes.world import messages, one_module_program
from tests.optimizer.conftest import Create, carry_on

ROWS = messages(20, "t")


def by_meaning(provider: Provider) -> Program:
    program = one_module_program()
    demos = tuple(
        PooledDemo({**row.inputs, **row.expected}, False, row.id, program.key_of(row.inputs))
        for row in ROWS
    )
    nearest = NearestDemos(
        3, DemoPool(("message",), demos), embedding=EmbeddingModel(provider.pk, "toy-embed")
    )
    return replace(program, modules=(replace(program.modules[0], demos=nearest),))


def embedded(lm: ScriptedLM) -> Counter[str]:
    """How often each text went out."""
    calls = [call for call in lm.calls if isinstance(call, EmbeddingCall)]
    return Counter(text for call in calls for text in call.texts)


def test_every_text_is_bought_once_a_pool_in_batches_an_input_alone(
    create: Create, provider: Provider
) -> None:
    lm = ScriptedLM()
    row = carry_on(create(program=by_meaning(provider)), lm)
    assert row.status == "finished"
    assert set(embedded(lm).values()) == {1}
    sizes = Counter(len(c.texts) for c in lm.calls if isinstance(c, EmbeddingCall))
    assert sizes[BATCH] == sizes[20 - BATCH] == 1
    bought = Completion.objects.filter(role="embedding")
    assert row.used_calls == len(lm.calls)
    assert bought.count() == sum(sizes.values())
    assert {(c.completion_tokens, c.cost > 0) for c in bought} == {(0, True)}
    assert set(bought.values_list("reply", flat=True)) == {""}
    assert TextVector.objects.count() == len(embedded(lm))


def test_prompts_show_rows_by_meaning_and_never_their_own(
    create: Create, provider: Provider
) -> None:
    lm = ScriptedLM()
    carry_on(create(program=by_meaning(provider)), lm)
    shown = [c for c in lm.calls if not isinstance(c, EmbeddingCall) and len(c.messages) == 8]
    assert shown
    for call in shown:
        asked, *demos = [m.content for m in call.messages if m.role == "user"][::-1]
        assert asked not in demos


def test_another_run_buys_only_what_is_new_to_it(create: Create, provider: Provider) -> None:
    carry_on(create(program=by_meaning(provider)), ScriptedLM())
    lm = ScriptedLM()
    row = carry_on(create(program=by_meaning(provider), test=messages(4, "new"), seed=9), lm)
    assert row.status == "finished"
    assert set(embedded(lm)) <= {example.inputs["message"] for example in messages(4, "new")}


@pytest.mark.parametrize("call", [1, 3, 9])
def test_a_run_killed_while_it_buys_buys_nothing_twice_that_had_come(
    create: Create, provider: Provider, call: int
) -> None:
    def dying(made: LMCall) -> str:
        if lm.answering >= call:
            raise Killed
        return by_skill(made)

    lm, row = ScriptedLM(script=dying), create(program=by_meaning(provider))
    with pytest.raises(Killed):
        carry_on(row, lm)
    had = TextVector.objects.count()
    lm.script, lm.calls = by_skill, []
    row = carry_on(row, lm)
    assert row.status == "finished"
    assert set(embedded(lm).values()) == {1}
    assert TextVector.objects.count() == had + len(embedded(lm))
    assert not Completion.objects.filter(state="reserved").exists()


def test_caps_count_them_and_end_a_run_that_cannot_pay_for_its_pool(
    create: Create, provider: Provider
) -> None:
    lm = ScriptedLM()
    row = carry_on(create(limits={"max_calls": 1}, program=by_meaning(provider)), lm)
    assert len(lm.calls) == 1
    assert row.used_calls == 1
    assert row.stop_reason == "budget"


def test_what_cannot_be_embedded_is_an_error_of_its_example_and_no_score(
    create: Create, provider: Provider
) -> None:
    def script(call: LMCall) -> str | Exception:
        refused = isinstance(call, EmbeddingCall) and "v message 3" in call.texts
        return Garbled("no vector for this one") if refused else by_skill(call)

    metric = Similarity(
        "label", "label", embedding=EmbeddingModel(provider.pk, "toy-embed"), least=0.999
    )
    row = carry_on(create(program=by_meaning(provider), metric=metric), ScriptedLM(script))
    assert row.status == "finished"
    first, *_later = Outcome.objects.filter(example="v3").order_by("exchange")
    assert (first.score, first.data["error"]) == (None, "no vector for this one")
    assert not Outcome.objects.exclude(example="v3").filter(score=None).exists()
    assert set(Outcome.objects.exclude(example="v3").values_list("score", flat=True)) == {0.0, 1.0}


def test_a_model_that_begins_to_make_other_vectors_is_told_from_the_one_before(
    create: Create, provider: Provider
) -> None:
    def script(call: LMCall) -> str | EmbeddingReply:
        if isinstance(call, EmbeddingCall) and "v message 3" in call.texts:
            return EmbeddingReply("", 5, vectors=(vector_of([1.0, 2.0]),))
        return by_skill(call)

    # Vectors of the usual length are known before: which text is asked for first is left open.
    others = messages(6, "w")
    carry_on(create(program=by_meaning(provider), validation=others), ScriptedLM(by_skill))
    carry_on(create(program=by_meaning(provider)), ScriptedLM(script))
    assert "another length" in Outcome.objects.filter(example="v3")[0].data["error"]


def test_a_provider_that_is_gone_is_told_before_anything_is_spent(
    create: Create, provider: Provider
) -> None:
    gone = by_meaning(Provider(pk=provider.pk + 1000, namespace="test"))
    with pytest.raises(Refused, match=r"models\.provider_gone"):
        create(program=gone)
    row, lm = create(program=by_meaning(provider)), ScriptedLM()
    Provider.objects.filter(pk=provider.pk).update(namespace="another")
    row = carry_on(row, lm)
    assert (row.status, row.used_calls, lm.calls) == ("failed", 0, [])


def test_pages_find_what_was_bought_and_ask_for_nothing(create: Create, provider: Provider) -> None:
    carry_on(create(program=by_meaning(provider)), ScriptedLM())
    model = EmbeddingModel(provider.pk, "toy-embed")
    texts = ["t message 1", "t message 2"]
    assert kept_for("test", model, texts) == tuple(vector_of(numbers_for(t)) for t in texts)
    assert kept_for("test", model, [*texts, "never said"]) is None
    assert kept_for("another", model, texts) is None


# --- endpoints -----------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def clients(server: OpenAIServer) -> Iterator[tuple[str, Any]]:
    yield "toy-embed", OpenAIHttp(server.url, egress=EVERYWHERE)
    yield (
        "openai/text-embedding-3-small",
        LiteLLMClient("sk-0123456789", server.url, egress=EVERYWHERE, family="openai"),
    )


@pytest.mark.parametrize("which", [0, 1])
def test_a_batch_is_one_request_and_each_text_gets_its_own_vector(
    server: OpenAIServer, which: int
) -> None:
    model, client = list(clients(server))[which]
    texts = ["where is my parcel", "a refund", " "]

    async def asked() -> EmbeddingReply:
        try:
            return await client.complete(embedding_call(model, texts))
        finally:
            await client.aclose()

    reply = asyncio.run(asked())
    assert reply.vectors == tuple(vector_of(numbers_for(text)) for text in texts)
    assert (reply.prompt_tokens > 0, reply.completion_tokens) == (True, 0)
    assert server.paths == ["/v1/embeddings"]
    assert server.requests[0]["input"] == texts


@pytest.mark.parametrize(
    "spoil",
    [
        '{"data": []}', '{"data": [{"embedding": [1, 2]}]}', '{"object": "list"}', "{}",
        '{"data": [{"embedding": [0, 0]}, {"embedding": [1, 2]}]}',
        '{"data": [{"embedding": [1, 2]}, {"embedding": [1, 2, 3]}]}',
        '{"data": [{"embedding": ["a"]}, {"embedding": [1]}]}',
        '{"data": [{"embedding": null}, {"embedding": 3}]}', '{"data": [1, 2]}', '{"data": 7}',
        '{"data": [{"embedding": [NaN]}, {"embedding": [1e999]}]}', '{"error": {"message": "no"}}',
        "[]", "no json",
    ],
)  # fmt: skip
@pytest.mark.parametrize("which", [0, 1])
def test_an_answer_that_is_no_vector_for_each_text_is_a_failure_and_never_guessed(
    spoil: str, which: int
) -> None:
    with OpenAIServer(spoil=lambda body: spoil) as server:
        model, client = list(clients(server))[which]

        async def asked() -> None:
            try:
                await client.complete(embedding_call(model, ["a", "b"]))
            finally:
                await client.aclose()

        with pytest.raises(CallFailed):
            asyncio.run(asked())


def test_a_test_of_an_embedding_model_asks_it_for_a_vector(
    provider: Provider, server: OpenAIServer
) -> None:
    Provider.objects.filter(pk=provider.pk).update(
        api_base=server.url, models_offered=["writes", "nomic-embed-text"]
    )
    provider.refresh_from_db()
    held(model_checks.start(provider, "nomic-embed-text"))
    provider.refresh_from_db()
    check = model_checks.latest(provider)
    assert (check.state, check.as_asked) == ("works", True)
    assert "made a vector" in check.message
    assert server.paths[-1] == "/v1/embeddings"


def test_a_model_that_embeds_nothing_fails_its_test(provider: Provider) -> None:
    with OpenAIServer(spoil=lambda body: '{"data": []}') as server:
        Provider.objects.filter(pk=provider.pk).update(
            api_base=server.url, models_offered=["odd"],
            model_settings={"odd": {"embeds": True}},
        )  # fmt: skip
        provider.refresh_from_db()
        held(model_checks.start(provider, "odd"))
    provider.refresh_from_db()
    assert model_checks.latest(provider).state == "failed"


@pytest.mark.parametrize(
    ("name", "makes"),
    [
        ("openai/text-embedding-3-small", True), ("nomic-embed-text", True), ("BAAI/bge-m3", True),
        ("intfloat/e5-base", True), ("all-MiniLM-L6-v2", True), ("gpt-4o-mini", False),
        ("qwen2.5-7b-instruct", False), ("claude-bge5x", False),
    ],
)  # fmt: skip
def test_most_embedding_models_are_known_by_their_names(name: str, makes: bool) -> None:
    assert is_named_embedding(name) is makes
