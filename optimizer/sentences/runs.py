"""What is said of runs: before they start, and on their way."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "program.all_frozen": _(
            "All that this optimizer could change is frozen: unfreeze a module's instruction or "
            "demos, or choose another optimizer."
        ),
        "settings.least": _("{setting} is {value}, but must be {least} or more."),
        "settings.temperature": _("proposal_temperature must be between 0 and {most:g}."),
        "settings.no_demos": _(
            "This optimizer changes nothing but demos, and no demo is allowed: allow some made by "
            "the teacher or taken from the data, in two demo sets or more, or choose an optimizer "
            "that writes instructions."
        ),
        "settings.unused": _("{setting} does nothing in “{optimizer}”: leave it out."),
        "settings.small_minibatch": _(
            "A minibatch of {n} says next to nothing: luck decides what is looked at again. Ten "
            "examples or more are better."
        ),
        "metric.no_labels": _(
            "No validation example says anything in “{column}”, which the metric compares with: "
            "label some examples, or choose another column."
        ),
        "data.unlabelled": _(
            "{n} of {total} validation examples say nothing in “{column}”: they can never be "
            "right. Label them, or leave them out."
        ),
        "data.one_label": _(
            "Every validation example expects “{label}”: a program that always says so would be "
            "perfect. Add examples with other answers."
        ),
        "data.few_validation": ngettext_lazy(
            "With {n} validation example luck decides: nothing can be told apart. Give that split "
            "more.",
            "With {n} validation examples luck decides: nothing can be told apart. Give that "
            "split more.",
            "n",
        ),
        "data.among_demos": _(
            "{n} of {total} validation examples stand among the program's own demos: the baseline "
            "has seen their answers, and its score is too high. Take them out of the demos or of "
            "that split."
        ),
        "data.no_headroom": ngettext_lazy(
            "The baseline falls short on only {n} example of {total}: a candidate that mended all "
            "of them could not be told from luck, which takes {needed}. Add validation examples, "
            "harder ones most of all.",
            "The baseline falls short on only {n} examples of {total}: a candidate that mended "
            "all of them could not be told from luck, which takes {needed}. Add validation "
            "examples, harder ones most of all.",
            "n",
        ),
        "data.contradicted": ngettext_lazy(
            "On {n} of {total} validation example every prompt must fail: the same input expects "
            "another answer elsewhere in that split. Look at their labels.",
            "On {n} of {total} validation examples every prompt must fail: the same input expects "
            "another answer elsewhere in that split. Look at their labels.",
            "total",
        ),
        "data.validation_known": ngettext_lazy(
            "{n} of {total} validation examples has the same input as a training example: a demo "
            "made of that one hands over the answer, and scores come out too high. Leave one of "
            "each pair out.",
            "{n} of {total} validation examples have the same input as a training example: a demo "
            "made of that one hands over the answer, and scores come out too high. Leave one of "
            "each pair out.",
            "n",
        ),
        "data.test_known": ngettext_lazy(
            "{n} of {total} test examples has the same input as a training example: a demo made "
            "of that one hands over the answer, and scores come out too high. Leave one of each "
            "pair out.",
            "{n} of {total} test examples have the same input as a training example: a demo made "
            "of that one hands over the answer, and scores come out too high. Leave one of each "
            "pair out.",
            "n",
        ),
    }
)
