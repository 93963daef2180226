"""What is said of decisions, versions and labels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "label.approvals_only": _("“{label}” is moved by approvals. By hand: {known}."),
    }
)
