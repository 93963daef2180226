"""Why runs stop before their end, and what to do to go on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "again.resume": _("resume the run"),
        "again.ask": _("try again"),
        "then.go_on": _("{again} to go on"),
        "then.raise_cap": _("raise the run's cap of {cap}, then {again} to go on"),
        "stop.cut_off": _(
            "The worker died again and again while the same calls were out, so they are not sent "
            "again by themselves: each time may have been paid. See what ends the worker "
            "(memory?), then resume."
        ),
        "stop.provider_down": _(
            "Provider “{provider}” does not answer: {why} Nothing is lost. Resume the run when the "
            "provider works again."
        ),
        "stop.provider_down_ask": _(
            "Provider “{provider}” does not answer: {why} Nothing is lost. Try again when the "
            "provider works again."
        ),
        "stop.provider_closed": _(
            "Provider “{provider}” refuses the calls: {why} Correct the provider or choose another "
            "model, then {again}."
        ),
        "stop.replies_cut": _(
            "{cut:,} of {n:,} replies of the {role} model {model} were cut off at its limit of "
            "{limit:,} tokens, and are no answers. The run waits before more is spent. Give the "
            "model a higher limit (Models & keys) and start a new run; or resume this one anyway: "
            "nothing that was paid for is paid again."
        ),
        "stop.code_hangs": _(
            "The code of {function}() hung or broke down {n} times, at last so: {why} Those "
            "examples have no score. The run waits. Correct the code and start a new run; or "
            "{again} to go on until it hangs as often again."
        ),
        "stop.overbilled": ngettext_lazy(
            "By the tokens that it reports, provider “{provider}” bills {cost} for a call to "
            "{model} for which at most {held} was reserved. The reply is kept. Look at the "
            "model's prices and token limit, and at the provider, before more is spent; {then}.",
            "By the tokens that it reports, provider “{provider}” bills {cost} for {n:,} calls to "
            "{model} for which at most {held} was reserved. The replies are kept. Look at the "
            "model's prices and token limit, and at the provider, before more is spent; {then}.",
            "n",
        ),
        "stop.project_cap": _(
            "This project's cap of {cap} a month is reached: {spent} in {month:month}, and the "
            "next call "
            "might pass it. An admin of the project can raise it in the project's settings; then "
            "{again}, or wait for the next month (UTC)."
        ),
        "stop.installation_cap": _(
            "The installation's cap of {cap} a month is reached: {spent} in {month:month}, and "
            "the next "
            "call might pass it. An administrator of the installation can raise it; then {again}, "
            "or wait for the next month (UTC)."
        ),
        "stop.unpriced_project": _(
            "The price of {model} is not known, so this project's monthly cap in dollars cannot be "
            "kept: enter its prices at its provider (0 if it is free), then {again}."
        ),
        "stop.unpriced_installation": _(
            "The price of {model} is not known, so the installation's monthly cap in dollars "
            "cannot be kept: enter its prices at its provider (0 if it is free), then {again}."
        ),
        "month.used": _("{n:,} are used"),
        "month.spent": _("{amount} is spent"),
        "stop.nothing_readable": ngettext_lazy(
            "Of the {n:,} example that the baseline was scored on, none has a reply that could be "
            "read, so its score says nothing: {kinds}. Look at what came. Then correct the "
            "program or choose another model and start a new run; or resume this one anyway: "
            "nothing that was paid for is paid again.",
            "Of the {n:,} examples that the baseline was scored on, none has a reply that could "
            "be read, so its score says nothing: {kinds}. Look at what came. Then correct the "
            "program or choose another model and start a new run; or resume this one anyway: "
            "nothing that was paid for is paid again.",
            "n",
        ),
        "stop.little_readable": ngettext_lazy(
            "Of the {examples:,} examples that the baseline was scored on, only {n:,} has a reply "
            "that could be read, so its score says nothing: {kinds}. Look at what came. Then "
            "correct the program or choose another model and start a new run; or resume this one "
            "anyway: nothing that was paid for is paid again.",
            "Of the {examples:,} examples that the baseline was scored on, only {n:,} have a "
            "reply that could be read, so its score says nothing: {kinds}. Look at what came. "
            "Then correct the program or choose another model and start a new run; or resume this "
            "one anyway: nothing that was paid for is paid again.",
            "n",
        ),
        "unread.and_more": ngettext_lazy(
            "{kinds}; and {n:,} other problem", "{kinds}; and {n:,} other problems", "n"
        ),
        "run.unforeseen": _("Something unforeseen happened ({kind})."),
        "run.given_up": _(
            "A worker began this {n} times and was stopped each time before it came to an end. See "
            "what ends the worker (memory?), then try again."
        ),
        "model.none_listed": _("Enter the name of a model to test: the provider lists none."),
    }
)
