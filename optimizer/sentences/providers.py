"""What is said of providers, their models, keys and addresses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "key.cannot_decrypt": _(
            "The stored API key cannot be decrypted with this installation's encryption keys. "
            "Enter the API key again, or restore the old encryption key."
        ),
        "address.none": _("An address begins with http:// or https:// and a host."),
        "family.unknown": _(
            "Models of “{family}” cannot be called here: their requests cannot be guarded. Connect "
            "them as an OpenAI-compatible endpoint instead; most providers and gateways offer one."
        ),
        "family.unnamed": _(
            "“{model}” does not name its provider: write provider/model, for example "
            "openai/{model}."
        ),
        "family.other": _(
            "{model} is no model of {family}, and a key is sent to its own vendor only: connect "
            "{other} as a provider of its own."
        ),
        "family.mixed": _(
            "The models of this provider are of several vendors, and a key is sent to its own "
            "only: edit the provider, and connect the other vendors as providers of their own."
        ),
        "model.no_embedded": _(
            "The embedded model is not running here: start promptlab with `make run`, or choose a "
            "model of another provider."
        ),
        "model.provider_removed": _(
            "The provider of the {role} model {model} was removed: start a new run with another "
            "model."
        ),
        "traits.json": _("Replies are asked for in JSON mode: it takes no schema."),
        "traits.free": _("Replies cannot be held to a form: it is asked for JSON in words."),
        "traits.completion_tokens": _("It is told its limit of tokens as max_completion_tokens."),
        "traits.most_tokens": _("Its replies have {most:,} tokens at most."),
        "traits.temperature_within": _("Temperatures are held between 0.01 and 1."),
        "traits.temperature_own": _(
            "No temperature is sent: it takes its own only, so replies may differ."
        ),
        "traits.cache_marks": _(
            "What all its prompts begin with is marked, so that the provider keeps it: cheaper "
            "from the third prompt on."
        ),
        "traits.no_functions": _("It calls no functions: agents’ turns are asked for as texts."),
        "traits.no_system": _("The instruction stands in the first user message."),
    }
)
