"""The providers that LiteLLM may call here: those whose every request goes through our transport.

tests/optimizer/test_families.py calls each of them and lets none do anything else: no name looked
up, no connection, no file. One that fails it has no place here, however well known it is.
"""

from __future__ import annotations

from optimizer.core.problems import Problem, Refused, problem

ORIGINS: dict[str, str] = {
    "openai": "https://api.openai.com",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "mistral": "https://api.mistral.ai",
    "deepseek": "https://api.deepseek.com",
    "groq": "https://api.groq.com",
    "openrouter": "https://openrouter.ai",
    "ai21_chat": "https://api.ai21.com",
    "aiml": "https://api.aimlapi.com",
    "baseten": "https://inference.baseten.co",
    "cerebras": "https://api.cerebras.ai",
    "chutes": "https://llm.chutes.ai",
    "codestral": "https://codestral.mistral.ai",
    "cohere": "https://api.cohere.com",
    "cohere_chat": "https://api.cohere.com",
    "cometapi": "https://api.cometapi.com",
    "dashscope": "https://dashscope.aliyuncs.com",
    "deepinfra": "https://api.deepinfra.com",
    "featherless_ai": "https://api.featherless.ai",
    "fireworks_ai": "https://api.fireworks.ai",
    "friendliai": "https://api.friendli.ai",
    "github": "https://models.inference.ai.azure.com",
    "gradient_ai": "https://inference.do-ai.run",
    "helicone": "https://ai-gateway.helicone.ai",
    "hyperbolic": "https://api.hyperbolic.xyz",
    "inception": "https://api.inceptionlabs.ai",
    "lambda_ai": "https://api.lambda.ai",
    "meta_llama": "https://api.llama.com",
    "minimax": "https://api.minimax.io",
    "moonshot": "https://api.moonshot.ai",
    "morph": "https://api.morphllm.com",
    "nebius": "https://api.studio.nebius.ai",
    "novita": "https://api.novita.ai",
    "nscale": "https://inference.api.nscale.com",
    "nvidia_nim": "https://integrate.api.nvidia.com",
    "ovhcloud": "https://oai.endpoints.kepler.ai.cloud.ovh.net",
    "parasail": "https://api.parasail.io",
    "perplexity": "https://api.perplexity.ai",
    "poe": "https://api.poe.com",
    "publicai": "https://api.publicai.co",
    "sambanova": "https://api.sambanova.ai",
    "scaleway": "https://api.scaleway.ai",
    "together_ai": "https://api.together.ai",
    "v0": "https://api.v0.dev",
    "vercel_ai_gateway": "https://ai-gateway.vercel.sh",
    "volcengine": "https://ark.cn-beijing.volces.com",
    "wandb": "https://api.inference.wandb.ai",
    "xai": "https://api.x.ai",
    "zai": "https://api.z.ai",
    "azure": "",
    "azure_ai": "",
}
"""Where each answers when no other address is given; "" where an address has to be given."""

_REFERENCES = ("os.environ/", "oidc/")
"""What LiteLLM takes for the name of a secret to fetch, rather than for the secret."""


def family_of(model: str, only: str | None = None) -> str:
    """The provider in a model's name as LiteLLM writes it: provider/model. `only`: no other.

    Raises:
        Refused: it is none that may be called here, or not the one that it has to be.
    """
    family, slash, rest = model.partition("/")
    if not slash or not rest or family not in ORIGINS:
        raise _unknown(model)
    if only not in (None, family):
        raise Refused(other_family(model, only or ""))
    return family


def other_family(model: str, family: str) -> Problem:
    """A model of another vendor than the one whose key a provider holds."""
    if not family:
        return problem("family.mixed")
    return problem("family.other", model=model[:100], family=family, other=model.partition("/")[0])


def _unknown(model: str) -> Refused:
    """A model that LiteLLM may know and that is not called here."""
    family = model.partition("/")[0] if "/" in model else ""
    if family:
        return Refused.because("family.unknown", family=family[:60])
    return Refused.because("family.unnamed", model=model[:60])


def is_reference(value: str) -> bool:
    """Whether LiteLLM would look this value up somewhere instead of taking it."""
    return any(prefix in value.lower() for prefix in _REFERENCES)
