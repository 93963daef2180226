"""What is said of stored metrics."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences import add

add(
    {
        "metric.name_taken": _("There is already a metric called “{name}”: choose another name."),
        "metric.in_use": ngettext_lazy(
            "“{name}” is kept: {n} run was scored with it.",
            "“{name}” is kept: {n} runs were scored with it.",
            "n",
        ),
    }
)
