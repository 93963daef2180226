"""A provider is asked whether it works: what is said of it, and what is learned."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from optimizer.core.programs.lm import Reply
from optimizer.jobs import model_checks, model_probes
from optimizer.lm import secrets
from optimizer.lm.call import LMCall
from optimizer.models import Provider
from tests.evaluations import checked, held
from tests.fakes.faults import error
from tests.fakes.openai_server import Body, OpenAIServer
from tests.fakes.rewriting import rewritten
from tests.fakes.scripted_lm import ScriptedLM
from tests.optimizer.conftest import Create, carry_on, elsewhere


def test_a_check_says_that_a_provider_works_and_what_it_can(
    provider: Provider, ears: Callable[[], list[str]]
) -> None:
    with OpenAIServer(constrains=False, models=("small", "large")) as server:
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url)
        run = model_checks.start(provider, "large")
        assert model_checks.latest(provider).state == "waiting"
        held(run)
    provider.refresh_from_db()
    check = model_checks.latest(provider)
    assert check.state == "works"
    assert check.message.startswith("large answered in")
    assert provider.models_offered == ["small", "large"]
    assert provider.model_traits["large"]["replies"] == "free"
    assert "Replies cannot be held to a form" in check.message
    assert f"run:{run.pk}" in ears()


@pytest.mark.parametrize("kind", [Provider.Kind.OPENAI_COMPATIBLE, Provider.Kind.LITELLM])
def test_a_check_of_a_server_with_its_own_wishes_passes_and_says_them(
    provider: Provider, kind: Provider.Kind
) -> None:
    def wants(body: Body) -> web.Response | None:
        if "max_tokens" in body:
            return error(400, "max_tokens is not supported. Use max_completion_tokens.")
        if "temperature" in body:
            return error(400, "'temperature' does not support 0. Only the default is supported.")
        return None

    model = "openai/gpt-4o-mini" if kind == Provider.Kind.LITELLM else "large"
    with OpenAIServer(wants=wants) as server:
        Provider.objects.filter(pk=provider.pk).update(
            api_base=server.url, kind=kind, family="openai" if "/" in model else "",
            secret=secrets.encrypt("sk-0123456789"),
        )  # fmt: skip
        provider.refresh_from_db()
        held(model_checks.start(provider, model))
        provider.refresh_from_db()
        check = model_checks.latest(provider)
        assert check.state == "works", check.message
        assert "It is told its limit of tokens as max_completion_tokens." in check.message
        assert "No temperature is sent" in check.message
        assert len(server.requests) == 3
        held(model_checks.start(provider, model))
        assert len(server.requests) == 4  # it is remembered


def test_a_check_whose_reply_is_cut_off_says_so(provider: Provider) -> None:
    checked(provider, ScriptedLM(script=lambda call: Reply("{", 1, 1, finish_reason="length")))
    provider.refresh_from_db()
    assert "cut off at its limit of 600 tokens" in model_checks.latest(provider).message


@pytest.mark.parametrize("reply", ["", "  \n"])
def test_a_check_that_is_answered_with_nothing_fails_and_says_so(
    provider: Provider, reply: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: reply))
    check = model_checks.latest(provider)
    assert check.state == "failed"
    assert 'Its reply was empty, where {"answer": "ready"} was asked for' in check.message


@pytest.mark.parametrize(
    ("reply", "finish", "said"),
    [
        ("\u2581\u2581 the the the the", "stop", "▁▁ the the the the"),
        ("<|im_start|>assistant", "stop", "<|im_start|>assistant"),
        ('{"answer": "maybe"}', "stop", '{"answer": "maybe"}'),
        ("{}", "stop", "{}"),
        ("I cannot help with that.", "refusal", "I cannot help with that."),
        ("a\0b " * 400, "stop", "a\ufffdb a\ufffdb"),
    ],
)
def test_a_check_that_is_answered_otherwise_says_what_came(
    provider: Provider, reply: str, finish: str, said: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: Reply(reply, 1, 1, finish_reason=finish)))
    check = model_checks.latest(provider)
    assert not check.as_asked
    assert f'It was asked for {{"answer": "ready"}} and said: “{said}' in check.message
    assert len(check.message) < 400


@pytest.mark.parametrize(
    "reply", ["ready", "Ready.", '```json\n{"answer": "ready"}\n```', '{"ANSWER": "Ready"}']
)
def test_a_check_takes_the_answer_in_any_shape_that_runs_read(
    provider: Provider, reply: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: reply))
    check = model_checks.latest(provider)
    assert (check.state, check.as_asked) == ("works", True)
    assert "said" not in check.message


def test_a_check_without_a_name_asks_the_first_model_that_is_offered(provider: Provider) -> None:
    with OpenAIServer(models=("small", "large")) as server:
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url)
        checked(provider, model="")
    provider.refresh_from_db()
    assert model_checks.latest(provider).message.startswith("small answered in")
    checked(provider, ScriptedLM(script=lambda call: "ready"), model="")  # what it offers is known
    assert model_checks.latest(provider).message.startswith("small answered in")


class EditedMeanwhile(ScriptedLM):
    """Is slow to list its models: somebody points the provider elsewhere before it has."""

    async def models(self) -> list[str]:
        changed = {"api_base": "http://other.test/v1", "models_offered": ["mine"]}
        elsewhere(lambda: Provider.objects.update(check_run=None, **changed))
        return ["old"]


def test_what_a_provider_listed_before_it_was_changed_is_not_said_of_it_after(
    provider: Provider,
) -> None:
    checked(provider, EditedMeanwhile())
    assert provider.models_offered == ["mine"]


class ConstrainsNothing(ScriptedLM):
    async def complete(self, call: LMCall) -> Reply:
        elsewhere(lambda: Provider.objects.update(api_base="http://other.test/v1"))
        self.constrains = False
        return await super().complete(call)


def test_that_an_endpoint_constrains_nothing_is_not_said_of_another_address(
    provider: Provider,
) -> None:
    checked(provider, ConstrainsNothing(script=lambda call: "ready"))
    assert provider.constrains_replies is True


def test_a_check_of_a_provider_that_lists_no_model_asks_for_a_name(provider: Provider) -> None:
    checked(provider, ScriptedLM(listed=()), model="")
    assert "Enter the name of a model" in model_checks.latest(provider).message


def test_a_check_of_a_wrong_key_or_a_dead_endpoint_says_what_to_do(provider: Provider) -> None:
    checked(provider, model="m")
    check = model_checks.latest(provider)
    assert check.state == "failed"
    assert "Is the server running?" in check.message
    with OpenAIServer(key="right-right-right") as server:
        key = secrets.encrypt("sk-CANARY-0123456789")
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url, secret=key)
        checked(provider, model="m")
    check = model_checks.latest(provider)
    assert "answered 401: the key is missing, wrong" in check.message
    assert "Incorrect API key" in check.said
    assert "CANARY" not in f"{check.message}{check.said}"


# --- secrets --------------------------------------------------------------------------------------


def probed(provider: Provider, script: Callable[[LMCall], str]) -> None:
    held(model_checks.start(provider, "large", probes=True), ScriptedLM(script=script))
    provider.refresh_from_db()


def test_a_probe_says_whether_a_model_can_write_and_its_card_keeps_it(provider: Provider) -> None:
    probed(provider, lambda call: rewritten(call.messages[-1].content))
    check = model_checks.latest(provider)
    assert check.state == "works"
    assert check.as_asked
    assert "large followed 3 of 3 small requests to rewrite: it can write" in check.message
    own = (provider.pk, "large")
    found = model_probes.probes_in(provider.namespace)
    assert (found[own].followed, found[own].writes) == (3, True)
    held(model_checks.start(provider, "large"), ScriptedLM(script=lambda call: "{}"))
    assert set(model_probes.probes_in(provider.namespace)) == {own}


def test_a_model_that_says_everything_again_is_too_weak(provider: Provider) -> None:
    probed(provider, lambda call: call.messages[-1].content)
    check = model_checks.latest(provider)
    assert (check.state, check.as_asked) == ("works", False)
    assert "0 of 3" in check.message
    assert "too weak to write instructions" in check.message
    (found,) = model_probes.probes_in(provider.namespace).values()
    assert not found.writes


def test_runs_that_asked_fill_the_card_of_their_writer(create: Create, provider: Provider) -> None:
    assert model_probes.probes_in(provider.namespace) == {}
    carry_on(create(optimizer="zero_shot_mipro"), ScriptedLM())
    (found,) = model_probes.probes_in(provider.namespace).values()
    assert found.followed == found.asked == 3
