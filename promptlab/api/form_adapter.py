"""The pages' own forms, filled in from JSON: one set of rules, and the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from optimizer.core.problems import Refused, problem


def posted(values: Mapping[str, Any]) -> QueryDict:
    """Values as a browser would send them; None is an empty field, a list several of one name."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            data.setlist(name, [str(one) for one in value])
        else:
            data[name] = "" if value is None else str(value)
    return data


def check(form: forms.BaseForm, names: Mapping[str, str] | None = None) -> None:
    """Refuse the request when the form is not valid.

    `names` are fields that are called otherwise in JSON.

    Raises:
        Refused: with everything that is wrong.
    """
    known = names or {}
    problems = [
        problem("form", "" if field == "__all__" else known.get(field, field), told=str(message))
        for field, messages in form.errors.items()
        for message in messages
    ]
    if problems:
        raise Refused(*problems)
