"""What is said of judges that are measured and taught, and of what people grade."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "judge.few_labels": _(
            "A judge is improved by {n} labelled verdicts or more, of two levels at least: choose "
            "a dataset that has them, or let people grade."
        ),
        "queue.no_answers": _("The run has no answers of these rows that could be graded."),
        "queue.no_such_verdict": _("“{verdict}” is none of the verdicts: press one of the keys."),
        "judge.no_winner": _("That run found nothing better for this judge."),
    }
)
