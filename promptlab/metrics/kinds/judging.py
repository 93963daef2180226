"""Fields for what a judge has: its levels, a line each, and the verdicts that it is shown."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer import codec
from optimizer.core.evaluation.program_metric import Level
from optimizer.core.programs.demo import Demos
from optimizer.core.programs.storable import storable_json

_LEVEL = re.compile(r"(?P<name>[^()]+?)\s*\(\s*(?P<score>\d*[.,]?\d+)\s*\)\s*:?\s*(?P<rest>.*)")


class LevelsField(forms.CharField):
    """Levels as text, one a line, `name (score): description`; or as JSON, as the API has them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=20_000,
            widget=forms.Textarea({"rows": 4}),
            help_text=gettext_lazy(
                "One a line: its name, its score from 0 to 1 in brackets, and when it is due."
            ),
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(map(_spelled, codec.from_json(tuple[Level, ...], value)))

    def clean(self, value: Any) -> tuple[Level, ...]:
        said: str = super().clean(self.prepare_value(value))
        if said.startswith("["):
            try:
                return codec.from_json(tuple[Level, ...], _parsed(said))
            except ValueError as error:
                raise forms.ValidationError(str(error)) from None
        return tuple(map(_read, filter(str.strip, said.splitlines())))


class DemosField(forms.CharField):
    """Verdicts that a judge is shown first, as JSON: they come of a run, not of people's hands."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or not value:
            return value or ""
        told = value if isinstance(value, list | dict) else codec.to_json(value, Demos)
        return json.dumps(told, ensure_ascii=False)

    def clean(self, value: Any) -> Demos:
        said: str = super().clean(self.prepare_value(value))
        try:
            found: Demos = codec.adapter(Demos).validate_python(_parsed(said)) if said else ()
        except ValueError as error:
            raise forms.ValidationError(str(error)[:300]) from None
        return found


def _parsed(said: str) -> Any:
    """Raises ValueError: it is no JSON, too deep, or holds what cannot be stored."""
    if storable_json(said) != said:
        raise ValueError(_("It holds a character that cannot be stored."))
    try:
        return json.loads(said)
    except RecursionError:
        raise ValueError(_("It is too deep.")) from None


def _spelled(level: Level) -> str:
    described = f": {' '.join(level.description.split())}" if level.description.strip() else ""
    return f"{level.name} ({level.score:g}){described}"


def _read(line: str) -> Level:
    found = _LEVEL.fullmatch(line.strip())
    if found is None:
        told = _("“%(line)s” is no level: write it as “good (1): when it is due”.")
        raise forms.ValidationError(told % {"line": line.strip()[:80]})
    score = float(found["score"].replace(",", "."))
    return Level(found["name"].strip(), score, found["rest"].strip())
