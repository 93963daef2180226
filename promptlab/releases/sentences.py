"""What is said of versions' files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "format.unknown": _("There is no format “{name}”; there are {known}."),
        "ready.needs_code": _(
            "“{module}” is more than texts to say (it runs code, looks something up, calls tools "
            "or chooses demos by meaning): take the Python file."
        ),
        "prompt.several": _(
            "Several projects have a prompt “{name}”: {known}. Say which is meant, with “project”."
        ),
    }
)
