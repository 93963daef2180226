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
        "metric.blind": _(
            "The metric does not tell right answers ({own}) from those to other examples "
            "({other}), on {n} examples: correct it, or nothing can be found."
        ),
        "metric.gold_broken": _(
            "What the dataset itself calls right scores {own} by this metric, on {n} examples: no "
            "prompt can reach 100. See the metric's test bench."
        ),
        "metric.gold_right": _(
            "The dataset's own answers score 100 by the metric, those to other examples {other} "
            "({n} examples)."
        ),
        "data.no_such_column": _("The dataset has no column “{column}”; it has {columns}."),
        "data.smallest_difference": _(
            "{n:,} validation examples show a gain of about {gain} points or more (four times in "
            "five)."
        ),
        "metric.no_parts": _("Add a part: without one there is nothing to score."),
        "metric.many_parts": _("There are {n} parts; a metric has at most {most}."),
        "metric.part_unnamed": _("Give this part a name: it stands beside its score."),
        "metric.part_twice": _("Two parts are called “{name}”: give one another name."),
        "metric.part_of_parts": _("The part “{name}” has parts itself: take those instead."),
        "metric.part_weight": _("The weight of “{name}” must be a number from 0 on."),
        "metric.nothing_counts": _(
            "No part counts: let one be weighted or have to hold, or nothing can be optimized."
        ),
        "metric.no_such_field": _(
            "The metric compares a field “{field}”, but the object has {given}."
        ),
        "metric.bad_pattern": _("The pattern cannot be read: {why}."),
        "metric.short_of_least": _("At most {most} cannot be less than at least {least}."),
        "metric.field_line": _(
            "Line {n} is not understood: write a field’s name, then the kind of comparison and a "
            "weight if you wish, as in “price: numeric, 2”. Kinds are {kinds}."
        ),
        "metric.no_choice": _(
            "The metric compares choices, but “{output}” is {type}: choose an output that is a "
            "choice, or another kind of metric."
        ),
        "feedback.no_output": _("No module gives “{output}”; there are {known}."),
        "feedback.no_module": _("The program has no module “{module}”."),
        "feedback.no_value": _("Say what is looked for."),
        "feedback.no_pattern": _("The pattern cannot be read: {why}"),
        "feedback.no_number": _("Say a number of words."),
        "feedback.no_text": _("Say what the feedback is: what to do otherwise."),
        "judge.no_model": _("Choose the model that judges."),
        "judge.no_rubric": _("Say in the rubric what is to be looked at."),
        "judge.few_levels": _("A judge needs two levels at least, with different scores."),
        "judge.level_score": _("The score of level “{name}” must be from 0 to 1."),
    }
)
