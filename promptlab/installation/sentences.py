"""What is said of the whole installation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "model_file.not_here": _(
            "Which model the engine runs is not chosen here: it was named when promptlab was "
            "started, or its engine is started by somebody else."
        ),
        "model_file.unusable": _("{why}"),
    }
)
