"""What is said of users' code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences.catalogue import add

add(
    {
        "code.closed": _(
            "Code does not run here, as it could not be kept apart from everything else: {why}. "
            "Choose another kind of metric, or run promptlab on Linux."
        ),
        "code.busy": _("No place to run the code was free for half a minute. Try again."),
        "code.long": _("The source has more than {most} characters."),
        "code.much_given": _("The code would be given more than {most} characters."),
        "code.much_told": _("The code returned more than {most} characters."),
        "code.odd_answer": _("The code returned something that is no plain value."),
        "code.slow": _("The code took more than {seconds} s."),
        "code.large": _("The code took more than {mib} MB of memory."),
        "code.ended": _("The code ended the process that it ran in."),
        "code.failed": _("Line {line}: {why}."),
        "code.odd": _("The code failed: {why}."),
        "code.typing": _("Line {line}, column {column}: {why}."),
        "code.no_function": _("The source has no function “{wanted}”."),
    }
)
