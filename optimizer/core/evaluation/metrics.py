"""Built-in metrics: an output against what the dataset expects, as a score in 0–1 with a reason."""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.evaluation.outcome import Score
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import FieldType, Value, written


class MetricKind(StrEnum):
    EXACT_MATCH = "exact_match"
    TOKEN_F1 = "token_f1"
    CONTAINS = "contains"
    CHOICE_ACCURACY = "choice_accuracy"
    NUMERIC = "numeric"


@dataclass(frozen=True)
class Metric:
    """Compare the program's `output` with the dataset's `expected` column.

    `tolerance` (numeric only) is the largest absolute difference that still counts as right.
    `threshold` is the score from which a bootstrapped trace counts as a success (λ, §3.1).
    """

    kind: MetricKind
    output: str
    expected: str
    tolerance: float = 0.0
    threshold: float = 1.0

    def problems(self, program: Program, columns: set[str]) -> list[Problem]:
        """What keeps this metric from scoring this program on a dataset with these columns."""
        found = []
        field = program.output_fields().get(self.output)
        if field is None:
            given = tuple(program.outputs)
            found.append(problem("metric.no_such_output", output=self.output, given=given))
        if self.expected not in columns:
            known = tuple(sorted(columns))
            found.append(problem("metric.no_such_column", column=self.expected, columns=known))
        if (
            field is not None
            and self.kind is MetricKind.CHOICE_ACCURACY
            and field.type is not FieldType.CHOICE
        ):
            told = {"output": self.output, "type": field.type.value}
            found.append(problem("metric.no_choice", **told))
        return found

    def score(self, example: Example, outputs: dict[str, Value]) -> Score:
        """Judge one prediction; the reason says what was expected and what came."""
        given, expected = outputs.get(self.output), example.expected.get(self.expected)
        judges = {
            MetricKind.EXACT_MATCH: _exact_match,
            MetricKind.TOKEN_F1: _token_f1,
            MetricKind.CONTAINS: _contains,
            MetricKind.CHOICE_ACCURACY: _choice,
        }
        if self.kind is MetricKind.NUMERIC:
            return _numeric(given, expected, self.tolerance)
        return judges[self.kind](given, expected)


def normalized(text: str) -> str:
    """Lower case, without punctuation, articles and extra space (the SQuAD normalisation)."""
    lowered = "".join(c for c in text.lower() if c not in string.punctuation)
    plain = " ".join(re.sub(r"\b(a|an|the)\b", " ", lowered).split())
    # An answer may be all article or punctuation (“A” of A–D, “+”): then it stands as it is.
    return plain or " ".join(text.lower().split())


def _exact_match(given: Value, expected: Value) -> Score:
    answers = expected if isinstance(expected, list) and not isinstance(given, list) else [expected]
    if isinstance(given, list) and isinstance(expected, list):
        right = sorted(map(normalized, given)) == sorted(map(normalized, expected))
    else:
        right = any(_plain(given) == _plain(answer) for answer in answers)
    return Score(float(right), _reason(right, given, expected))


def _token_f1(given: Value, expected: Value) -> Score:
    answers = expected if isinstance(expected, list) else [written(expected)]
    found = Counter(_plain(given).split())
    best = max((_f1(found, Counter(normalized(a).split())) for a in answers), default=0.0)
    return Score(best, f"F1 {best:.2f}: expected {_short(expected)}, got {_short(given)}")


def _f1(found: Counter[str], wanted: Counter[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((found & wanted).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / sum(found.values()), shared / sum(wanted.values())
    return 2 * precision * recall / (precision + recall)


def _contains(given: Value, expected: Value) -> Score:
    answers = expected if isinstance(expected, list) else [written(expected)]
    text = _plain(given)
    right = any(normalized(a) and normalized(a) in text for a in answers)
    return Score(float(right), _reason(right, given, expected))


def _choice(given: Value, expected: Value) -> Score:
    right = written(given).strip().casefold() == written(expected).strip().casefold()
    return Score(float(right), _reason(right, given, expected))


_NUMBER = re.compile(r"(?:(?<![\d.])-)?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def _numeric(given: Value, expected: Value, tolerance: float) -> Score:
    got, wanted = _last_number(given), _last_number(expected)
    if wanted is None:
        return Score(0.0, f"expected {_short(expected)} is not a number")
    if got is None:
        return Score(0.0, f"no number in {_short(given)}")
    right = abs(got - wanted) <= tolerance + 1e-9 * abs(wanted)
    return Score(float(right), _reason(right, given, expected))


def _last_number(value: Value) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _NUMBER.findall(written(value).replace("\u2212", "-"))
    return float(found[-1].replace(",", "")) if found else None


def _plain(value: Value) -> str:
    return normalized(written(value))


def _reason(right: bool, given: Value, expected: Value) -> str:
    return "as expected" if right else f"expected {_short(expected)}, got {_short(given)}"


def _short(value: Value) -> str:
    text = written(value)
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"
