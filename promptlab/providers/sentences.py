"""What is said of providers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "provider.name_taken": _("There is a provider “{name}” in this project already."),
        "provider.key_would_travel": _(
            "The provider's address or family changed: enter its key again, so that it goes there "
            "on purpose."
        ),
        "provider.in_use": _(
            "“{name}” is called by runs that are not over: {n}. Cancel them, or wait for their end."
        ),
        "provider.no_such_model": _("“{name}” offers no model “{model}”."),
        "provider.embedded": _(
            "The embedded model belongs to every project and cannot be changed."
        ),
    }
)
