"""Which labels a candidate takes for which: counts, and precision, recall and F1 of each label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.metrics.texts import plain
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import FieldType, Value, written
from promptlab.runs.results.evidence import Evaluated

MOST_LABELS = 30
"""A table of more labels cannot be read."""


@dataclass(frozen=True)
class LabelScore:
    """Shares from 0 to 1; None where nothing was said or nothing was expected."""

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float
    counts: tuple[int, ...]
    """How often each label of the table was given where this one was expected; at last, what is
    none of them."""


@dataclass(frozen=True)
class Confusion:
    """What was given, by what was expected. `other` counts answers that are no label."""

    output: str
    name: str
    labels: tuple[str, ...]
    rows: tuple[LabelScore, ...]
    accuracy: float
    macro_f1: float
    n: int

    @property
    def has_other(self) -> bool:
        return any(row.counts[-1] for row in self.rows)


def compared_labels(spec: RunSpec) -> dict[str, str]:
    """The outputs that are choices and are compared with a column, with that column."""
    fields = spec.program.output_fields()
    return {
        output: column
        for output, column in spec.metric.columns.items()
        if output in fields and fields[output].type is FieldType.CHOICE
    }


def confusions(
    spec: RunSpec, candidate: Evaluated, examples: Mapping[str, Example]
) -> list[Confusion]:
    """One for each output that is a choice, over the examples that were scored."""
    fields = spec.program.output_fields()
    found = []
    for output, column in compared_labels(spec).items():
        pairs = [
            (examples[example].expected.get(column), seen.outputs.get(output))
            for example, seen in candidate.outcomes.items()
            if seen.score is not None and example in examples
        ]
        made = confusion(output, candidate.name, fields[output].choices, pairs)
        found += [made] if made else []
    return found


def confusion(
    output: str, name: str, choices: Sequence[str], pairs: Sequence[tuple[Value, Value]]
) -> Confusion | None:
    """Of pairs of what was expected and what was given; None where there is nothing to count.

    An expected list holds several right answers: the given one where it is among them, else the
    first. Labels are those that were expected, in the order of the choices.
    """
    said = [_pair(expected, given) for expected, given in pairs if expected is not None]
    order = {plain(choice): at for at, choice in enumerate(choices)}
    shown = {plain(choice): choice for choice in choices}
    expected = sorted({wanted for wanted, _ in said}, key=lambda key: (order.get(key, 10**9), key))
    if not said or len(expected) < 2 or len(expected) > MOST_LABELS:
        return None
    counts = Counter(said)
    rows = tuple(_row(label, expected, counts, shown.get(label, label)) for label in expected)
    right = sum(n for (wanted, given), n in counts.items() if wanted == given)
    labels = tuple(shown.get(label, label) for label in expected)
    macro = fmean(row.f1 for row in rows)
    return Confusion(output, name, labels, rows, right / len(said), macro, len(said))


def _pair(expected: Value, given: Value) -> tuple[str, str]:
    answer = plain(given)
    answers = [plain(one) for one in (expected if isinstance(expected, list) else [expected])]
    wanted = answer if answer in answers else next(iter(answers), "")
    return wanted or plain(written(expected)), answer


def _row(
    label: str, labels: Sequence[str], counts: Counter[tuple[str, str]], shown: str
) -> LabelScore:
    support = sum(n for (wanted, _), n in counts.items() if wanted == label)
    given = sum(n for (_, said), n in counts.items() if said == label)
    right = counts[label, label]
    inside = [counts[label, other] for other in labels]
    return LabelScore(
        label=shown,
        support=support,
        precision=right / given if given else None,
        recall=right / support if support else None,
        f1=2 * right / (support + given) if support + given else 0.0,
        counts=(*inside, support - sum(inside)),
    )
