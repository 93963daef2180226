"""What is said of the arguments of the command line."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "option.missing": _(
            "{option} is missing: a new run needs program, dataset, metric and model."
        ),
        "option.no_key": _("The environment variable {name} is empty: put the API key there."),
        "study.exists": _(
            "The storage has a study “{name}” already: replace it, or give another name."
        ),
        "option.not_utf8": _("{option} is no text in UTF-8."),
        "option.no_file": _("{path} cannot be read: {why}."),
        "option.one_key": _(
            "--api-key-env holds the key of one vendor, and the models are of {n}: {families}. "
            "Give models of one, or --api-base of an endpoint for all."
        ),
    }
)
