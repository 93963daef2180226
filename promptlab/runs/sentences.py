"""What is said of a new run beside its checks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "history.none": _("The optimizer of this run reads no history."),
        "history.no_wish": _("Say whether to pin, to hide or to add."),
        "history.no_module": _("No module “{module}” is rewritten in this run."),
        "history.null": _("A text cannot have a null character; take it out."),
        "history.length": _("Write an instruction of at most {most} characters."),
        "history.refused": _("It cannot be tried: {why}"),
        "history.full": _("A history takes {most} wishes; take some back first."),
        "edit.known": _("These are the prompts of candidate {n} as they are."),
        "edit.no_module": _("There is no module “{module}”; there are {modules}."),
        "edit.no_demo": _("There is no demo {n}: the module shows {count}."),
        "edit.being_scored": _("The very same prompts are being scored: see run {run}."),
        "play.no_module": _("“{program}” has no module yet: there is nothing to try."),
        "play.no_base": _("There is no “{what}” in this project to begin a column with."),
        "play.one_base": _("Say either a program or a candidate, such as “12.4”."),
        "play.most": _("At most {columns} columns, and {rows} rows."),
        "play.no_row": _("There is no such row: {id}."),
        "play.one_row": _("Say either a dataset with the id of its row, or inputs."),
        "play.no_input": _("No column takes “{name}”; they take {known}."),
        "play.unstorable": _(
            "“{name}” holds a character that cannot be stored (\\u0000 or a half pair)."
        ),
        "play.no_run": _(
            "No run of this program has ended, beside whose candidates it could be scored. Start "
            "one, or change the program itself."
        ),
        "play.draft_waits": _(
            "You have a draft of run {run}, candidate {n} already: score it, or start over there, "
            "first."
        ),
        "run.program_gone": _("The program was deleted a moment ago: choose another."),
        "run.dataset_gone": _("The dataset was deleted a moment ago: choose another."),
        "run.metric_gone": _("The metric was deleted a moment ago: choose another."),
        "measure.no_model": _("Choose the task model first: it is what is measured."),
        "measure.no_example": _("The dataset has no example to measure with."),
        "measure.no_such_input": _("The program takes “{input}”, which the dataset does not have."),
    }
)
