"""What is said of stored programs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences import add

add(
    {
        "improve.no_words": _("Module “{module}” has no instruction that may be rewritten."),
        "improve.no_text": _("There is no such rewrite."),
        "improve.no_model": _("Connect a model first, or name one that the project has."),
        "improve.nothing": _("No rewrite came that could be taken. Try another optimizer model."),
        "improve.chosen": _("One of the two was taken already."),
        "improve.changed": _(
            "The instruction of “{module}” is another by now; improve it as it stands."
        ),
        "program.name_taken": _("There is already a program called “{name}”: choose another name."),
        "program.saved_meanwhile": _("Someone saved this program while you were editing it."),
        "program.revision": _(
            "It is at revision {revision} now: read it again, then save your change."
        ),
        "call.circle": _("{source} needs this step itself: that would make a circle."),
        "try.gave_nothing": _("This try gave no answer that could be kept."),
        "try.no_dataset": _(
            "No dataset has columns for these values ({names}): add one with them first."
        ),
        "try.no_such_step": _("This program has no step “{name}”: choose one that it has."),
        "try.no_such_try": _(
            "This try is not there any more: run the program once, then from here."
        ),
        "program.nothing_to_undo": _("There is nothing to take back."),
        "program.nothing_to_redo": _("There is nothing to do again."),
        "program.in_use": ngettext_lazy(
            "“{name}” is kept: {n} run or version was made from it.",
            "“{name}” is kept: {n} runs and versions were made from it.",
            "n",
        ),
    }
)
