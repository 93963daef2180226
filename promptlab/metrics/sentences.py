"""What is said of stored metrics."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences import add

add(
    {
        "rubric.no_wish": _("Say in a sentence what matters in an answer, then it is written."),
        "rubric.no_model": _(
            "The project has no model that could write it: connect one under Models & keys, or "
            "write the rubric yourself."
        ),
        "metric.name_taken": _("There is already a metric called “{name}”: choose another name."),
        "metric.in_use": ngettext_lazy(
            "“{name}” is kept: {n} run was scored with it.",
            "“{name}” is kept: {n} runs were scored with it.",
            "n",
        ),
    }
)
