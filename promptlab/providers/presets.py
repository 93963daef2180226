"""Well-known providers: what their forms begin with."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer.models import Provider


@dataclass(frozen=True)
class Preset:
    """A well-known provider: what its form begins with. `prefix` is LiteLLM's, with the slash."""

    key: str
    name: str
    text: str | Promise
    kind: Provider.Kind = Provider.Kind.LITELLM
    prefix: str = ""
    api_base: str = ""


PRESETS = (
    Preset("openai", "OpenAI", _("GPT models, by API key"), prefix="openai/"),
    Preset("anthropic", "Anthropic", _("Claude models, by API key"), prefix="anthropic/"),
    Preset("gemini", "Google Gemini", _("Gemini models, by API key"), prefix="gemini/"),
    Preset("mistral", "Mistral", _("Mistral models, by API key"), prefix="mistral/"),
    Preset("deepseek", "DeepSeek", _("DeepSeek models, by API key"), prefix="deepseek/"),
    Preset("groq", "Groq", _("Open models, served fast"), prefix="groq/"),
    Preset("openrouter", "OpenRouter", _("Many providers by one key"), prefix="openrouter/"),
    Preset("litellm", "LiteLLM", _("Forty more providers, by LiteLLM's names")),
    Preset(
        "endpoint",
        "OpenAI-compatible",
        _("Your own server: vLLM, llama.cpp, Ollama, LM Studio, a gateway"),
        kind=Provider.Kind.OPENAI_COMPATIBLE,
    ),
)


OWN_MODELS_ONLY = frozenset(
    {
        "openai", "anthropic", "gemini", "mistral", "codestral", "deepseek", "xai", "cohere",
        "cohere_chat", "ai21_chat", "perplexity", "moonshot", "zai", "minimax",
    }
)  # fmt: skip
"""Vendors of nobody's models but their own; others serve “openai/…” under their own name, too."""


def preset_of(key: str) -> Preset | None:
    return next((preset for preset in PRESETS if preset.key == key), None)


def preset_for(provider: Provider) -> Preset:
    """The preset whose form a stored provider is edited with."""
    if provider.kind == Provider.Kind.OPENAI_COMPATIBLE:
        return next(preset for preset in PRESETS if preset.key == "endpoint")
    return next(preset for preset in PRESETS if preset.key == "litellm")
