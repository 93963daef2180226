"""What is said of people and projects."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "account.email_taken": _("There is an account with this e-mail already."),
        "request.key": _("A key has printable characters, {most} at most."),
        "request.other": _(
            "Another request came with this key before. Take a new key for a new request."
        ),
        "project.last_admin": _("A project needs an admin: make another member admin first."),
    }
)
