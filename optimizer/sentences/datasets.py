"""What is said of files that become datasets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "use.field_taken": _("Column “{other}” is “{field}” already: choose another name."),
        "use.no_input": _("Mark at least one column as input: what goes in."),
        "use.no_expected": _("Mark at least one column as expected: the right answer."),
        "use.no_choice": _("A choice needs 2 to {most} different short values: take text."),
        "use.no_such_column": _("There is no such column in the file."),
    }
)
