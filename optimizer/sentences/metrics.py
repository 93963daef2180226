"""What is said of metrics."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "metric.no_such_output": _(
            "The metric reads output “{output}”, but the program gives {given}."
        ),
        "metric.no_such_column": _(
            "The metric compares with “{column}”, which is no expected column of the dataset; it "
            "has {columns}."
        ),
        "metric.no_choice": _(
            "The metric compares choices, but “{output}” is {type}: choose an output that is a "
            "choice, or another kind of metric."
        ),
        "judge.no_model": _("Choose the model that judges."),
        "judge.no_rubric": _("Say in the rubric what is to be looked at."),
        "judge.few_levels": _("A judge needs two levels at least, with different scores."),
        "judge.level_score": _("The score of level “{name}” must be from 0 to 1."),
    }
)
