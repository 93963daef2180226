"""The form field for Python that runs in the sandbox."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.sandbox.jail import SOURCE
from promptlab.ui.forms import CodeTextarea


class SourceField(forms.CharField):
    """Kept as it is typed, and no longer than the sandbox takes."""

    def __init__(self, **options: Any) -> None:
        plain = {"label": _("Source"), "max_length": SOURCE, "strip": False}
        super().__init__(**{**plain, "widget": CodeTextarea({"rows": 14}), **options})
