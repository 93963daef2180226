"""What people's grades come to: how far they agree, and which candidate they prefer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from optimizer.core.evaluation.agreement import Agreement, agreement
from optimizer.core.evaluation.stats import Comparison, compare_differences
from promptlab.accounts.models import User
from promptlab.grading import queues
from promptlab.grading.models import Grade, Queue
from promptlab.runs.results import evidence


@dataclass(frozen=True)
class Two:
    """Two people who graded the same items."""

    names: tuple[str, str]
    agreement: Agreement


@dataclass(frozen=True)
class QueueResult:
    """`mine` of `size` items are graded by who looks. `pairs`: the two who share most items first.
    `comparison`, with its `verdict` in a sentence, is the last candidate against the first; None
    until there is something, and while who looks has begun and is not done: it is blind till then.
    """

    queue: Queue
    size: int
    mine: int
    people: tuple[tuple[str, int], ...]
    pairs: tuple[Two, ...]
    comparison: Comparison | None = None
    verdict: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def hidden(self) -> bool:
        return 0 < self.mine < self.size


def result_of(queue: Queue, by: User) -> QueueResult:
    grades = list(
        Grade.objects.filter(item__queue=queue).select_related("item", "by").order_by("pk")
    )
    size, mine = queue.items.count(), sum(grade.by_id == by.pk for grade in grades)
    people = Counter(str(grade.by) for grade in grades)
    found = QueueResult(
        queue, size, mine, tuple(people.most_common()), _pairs(queue, grades),
        notes=tuple((g.item.example, g.note) for g in grades if g.note),
    )  # fmt: skip
    numbers = _candidates(queue)
    if found.hidden or len(numbers) < 2 or not grades:
        return found
    first, last = numbers[0], numbers[-1]
    gains = _gains(queue, grades, first, last)
    if not gains:
        return found
    comparison = compare_differences(gains)
    name = evidence.in_sentence(last)
    told = evidence.verdict(comparison, evidence.in_sentence(first), name[:1].upper() + name[1:])
    return QueueResult(queue, size, mine, found.people, found.pairs, comparison, told, found.notes)


def _pairs(queue: Queue, grades: Iterable[Grade]) -> tuple[Two, ...]:
    said: dict[int, dict[int, str]] = defaultdict(dict)
    names: dict[int, str] = {}
    for grade in grades:
        said[grade.by_id][grade.item_id] = grade.verdict
        names[grade.by_id] = str(grade.by)
    found = []
    for one, other in combinations(said, 2):
        shared = [(said[one][key], said[other][key]) for key in said[one] if key in said[other]]
        if shared:
            alike = agreement(shared, queues.verdicts_of(queue))
            found.append(Two((names[one], names[other]), alike))
    return tuple(sorted(found, key=lambda two: -two.agreement.n))


def _candidates(queue: Queue) -> list[int]:
    rows = queue.items.order_by().values_list("candidate", "other").distinct()
    return sorted({number for row in rows for number in row if number is not None})


def _gains(queue: Queue, grades: Iterable[Grade], first: int, last: int) -> list[float]:
    """By example, how much better the last candidate is than the first, −1 to 1."""
    if queue.way == Queue.Way.COMPARE:
        prefers: dict[str, list[float]] = defaultdict(list)
        for grade in grades:
            prefers[grade.item.example].append(_preferred(grade, last))
        return [fmean(values) for values in prefers.values()]
    worth = {level.name: level.score for level in queues.levels_of(queue)}
    scores: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for grade in grades:
        scores[grade.item.example][grade.item.candidate].append(worth.get(grade.verdict, 0.0))
    return [
        fmean(by[last]) - fmean(by[first]) for by in scores.values() if first in by and last in by
    ]


def _preferred(grade: Grade, last: int) -> float:
    if grade.verdict == Grade.TIE:
        return 0.0
    chosen = grade.item.candidate if grade.verdict == Grade.FIRST else grade.item.other
    return 1.0 if chosen == last else -1.0
