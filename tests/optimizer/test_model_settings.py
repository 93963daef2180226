"""Limits of replies: usual ones by model, and calls that keep the keys they always had."""

from __future__ import annotations

import pytest

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.lm import Message, Prompt, Role
from optimizer.lm.call import call_of
from optimizer.lm.model_settings import ref_of, settings_of, thinks
from optimizer.models import Provider

PROMPT = Prompt((Message("user", "Write."),), max_tokens=250)


@pytest.mark.parametrize(
    "model",
    [
        "openai/o3-mini", "gpt-5", "openai/gpt-5.1-mini", "deepseek/deepseek-reasoner",
        "deepseek-r1:8b", "Qwen/Qwen3-8B", "gemini/gemini-2.5-pro", "gpt-oss:20b", "qwq-32b",
        "kimi-k2-thinking", "magistral-small", "phi-4-reasoning",
    ],
)  # fmt: skip
def test_models_that_think_by_their_names_get_room_for_it(model: str) -> None:
    assert thinks(model)
    ref = ref_of(Provider(kind=Provider.Kind.LITELLM), model)
    assert call_of(PROMPT, ref, Role.OPTIMIZER).max_tokens == ref.max_tokens == 8_000


@pytest.mark.parametrize(
    "model",
    ["gpt-4o-mini", "claude-3-5-haiku", "llama-3.1-8b-instruct", "mistral-small", "pro1",
     "Qwen3-30B-A3B-Instruct-2507", "deepseek-chat", "scripted"],
)  # fmt: skip
def test_others_are_called_as_they_always_were(model: str) -> None:
    ref = ref_of(Provider(pk=1, kind=Provider.Kind.LITELLM), model)
    assert ref == ModelRef(1, model)
    assert call_of(PROMPT, ref, Role.OPTIMIZER).max_tokens == 250


def test_what_people_want_of_a_model_counts() -> None:
    wanted = {"small": {"max_tokens": 300, "temperature": 0.4}, "large": {"max_tokens": 3000}}
    provider = Provider(pk=1, kind=Provider.Kind.OPENAI_COMPATIBLE, model_settings=wanted)
    assert ref_of(provider, "small") == ModelRef(1, "small", 0.4, 300)
    assert ref_of(provider, "large") == ModelRef(1, "large", 0.0, 3000, roomy=True)
    assert settings_of(provider, "other").max_tokens is None
