"""Fields that only forms of metrics have."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms

from optimizer import codec
from optimizer.core.metrics import METRIC_KINDS, standard_kind
from optimizer.core.metrics.comparison import Comparison
from optimizer.core.metrics.parts import Part
from optimizer.core.problems import Problem, problem
from optimizer.sentences import sentence
from promptlab.ui.forms import CodeTextarea

COMPARISONS = {name: kind for name, kind in METRIC_KINDS.items() if issubclass(kind, Comparison)}
"""The kinds that can judge a field of an object: those that ask nobody."""
_LINE = re.compile(
    r"""
    (?P<name> [^:]{1,200}? ) \s*
    (?: : \s* (?P<kind> [A-Za-z0-9_ ]*? ) \s* (?: (?:±|\+-) \s* (?P<tolerance> [\d.]+ ) \s* )?
        (?: , \s* (?P<weight> [\d.]+ ) )? )?
    """,
    re.VERBOSE,
)


class LinesField(forms.CharField):
    """Texts, one a line, as a tuple. Empty lines and space around a text do not count."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> tuple[str, ...]:
        said = super().clean(self.prepare_value(value))
        return tuple(line for each in said.splitlines() if (line := each.strip()))


class JsonFieldsField(forms.CharField):
    """Fields of an object, one a line: `price: numeric ± 0.5, 2` is a name, a kind, a tolerance and
    a weight, of which all but the name may be left out. As JSON it may be a list of parts, too.
    """

    widget = CodeTextarea({"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            parts = codec.from_json(tuple[Part, ...], list(value))
            return "\n".join(map(_line_of, parts))
        return value

    def to_python(self, value: Any) -> str:
        """As lines; from the API they come as JSON."""
        said = super().to_python(value) or ""
        if not said.startswith("["):
            return said
        try:
            return str(self.prepare_value(json.loads(said)))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self, value: Any) -> tuple[Part, ...]:
        said = super().clean(self.prepare_value(value))
        lines = [(n, line.strip()) for n, line in enumerate(said.splitlines(), 1) if line.strip()]
        read = [_part_in(number, line) for number, line in lines]
        faults = [sentence(fault) for fault in read if isinstance(fault, Problem)]
        if faults:
            raise forms.ValidationError(faults[:5])
        return tuple(part for part in read if isinstance(part, Part))


def _part_in(number: int, line: str) -> Part | Problem:
    read = _LINE.fullmatch(line)
    named = (read["kind"] or "").strip().lower().replace(" ", "_") if read else ""
    kind = COMPARISONS.get(named or standard_kind().kind)
    try:
        if read is None or kind is None:
            raise ValueError
        name, tolerance = read["name"].strip(), float(read["tolerance"] or 0)
        weight = float(read["weight"] or 1)
    except ValueError:
        return problem("metric.field_line", n=number, kinds=tuple(COMPARISONS))
    return Part(name, kind(name, name, tolerance=tolerance), weight)


def _line_of(part: Part) -> str:
    metric = part.metric
    tolerance = f" ± {metric.tolerance:g}" if metric.tolerance else ""
    weight = f", {part.weight:g}" if part.weight != 1 else ""
    plain = metric.kind == standard_kind().kind and not tolerance and not weight
    return part.name if plain else f"{part.name}: {metric.kind}{tolerance}{weight}"
