"""What an import makes of rows: which are used, which split each goes to, what is told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from optimizer.core.problems import Problem, Refused, problem, refuse, warning
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import NULL, Value
from optimizer.datasets.blocks import blocks_of
from optimizer.datasets.json_texts import object_texts
from optimizer.datasets.mapping import Mapping, RowReader, Usable
from optimizer.datasets.near import MOST_TEXTS, near_pairs
from optimizer.datasets.splitting import Repeats, Split, SplitPlan, deal, grouped
from optimizer.datasets.table import FILE, Row, in_its_row

Rows = Callable[[], Iterable[Row]]
"""Rows that can be gone through more than once."""
Keep = Callable[[Usable, list[str]], None]
"""Told the usable rows of each block, in order, with their inputs as JSON."""


@dataclass(frozen=True)
class Survey:
    """What an import would make of the rows. `splits` is per usable row, in order; None of one that
    is left away, as a row of another split repeats it.

    `repeated` rows have the inputs of an earlier one; `across` splits are as many that repeat rows
    of another split exactly, `near` as many that nearly do (None: too many to compare). `passed`
    rows are not what the filter lets in.
    """

    splits: tuple[Split | None, ...]
    problems: tuple[Problem, ...]
    repeated: int
    counts: dict[Split, int]
    labels: dict[Split, Counter[str]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()
    across: int = 0
    near: int | None = 0
    passed: int = 0
    problem_count: int = 0

    def count(self, split: Split) -> int:
        return self.counts[split]

    @property
    def usable(self) -> int:
        return sum(self.counts.values())

    def check(self, unit: str) -> None:
        """Raises Refused when that is too little to learn and to score."""
        if self.usable < 2:
            why = [in_its_row(wrong, unit) for wrong in self.problems[:1]]
            if self.usable:
                raise Refused(problem("table.one_row", "mapping"), *why)
            if self.passed and not self.problem_count:
                raise Refused.because("table.none_passes", "split")
            raise Refused(problem("table.no_examples", "mapping"), *why)
        for split in (Split.TRAIN, Split.VALIDATION):
            if not self.count(split):
                raise Refused.because("table.empty_split", "split", split=split.value)


@dataclass
class _Found:
    """Of each usable row, what its split depends on."""

    contents: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    named: list[Split | None] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def compares(self) -> bool:
        return len(self.contents) <= MOST_TEXTS


def survey(
    rows: Rows, columns: Sequence[str], mapping: Mapping, keep: Keep | None = None
) -> Survey:
    """Go through all rows without keeping them: which are usable, and where each one goes.

    Raises:
        Refused: the mapping does not make examples of such columns.
    """
    refuse(mapping.problems(columns))
    reader = RowReader(columns, mapping)
    found, problems, passed = _Found(), list[Problem](), 0
    for block in blocks_of(rows()):
        usable = reader.read_block(block)
        passed += usable.passed
        problems += usable.problems
        contents = object_texts(usable.inputs, len(usable))
        _note(found, reader, usable, contents)
        if keep:
            keep(usable, contents)
    return _surveyed(found, reader, mapping.plan, tuple(problems), passed)


def _note(found: _Found, reader: RowReader, usable: Usable, contents: list[str]) -> None:
    found.contents += contents
    labels = usable.expected[reader.label] if reader.label else [""] * len(usable)
    found.labels += map(_label, labels)
    found.named += reader.splits_of(usable.rows)
    found.groups += reader.groups_of(usable.rows)
    if found.compares:
        each = zip(*usable.inputs.values(), strict=True)
        found.texts += ("\n".join(v for v in row if isinstance(v, str)) for row in each)


def _surveyed(
    found: _Found, reader: RowReader, plan: SplitPlan, problems: tuple[Problem, ...], passed: int
) -> Survey:
    pairs = list(near_pairs(found.texts)) if found.compares else []
    splits, notes = _splits(found, pairs, plan)
    repeated = len(found.contents) - len(set(found.contents))
    across = _repeats(found.contents, splits) if repeated else 0
    near = [pair for pair in pairs if splits[pair[0]] is not splits[pair[1]]]
    left: tuple[Split | None, ...] = splits
    if plan.repeats is Repeats.REMOVE:
        left = _without_repeats(found.contents, near, splits)
    counted: dict[Split, Counter[str]] = {split: Counter() for split in Split}
    for (split, label), n in Counter(zip(left, found.labels, strict=True)).items():
        if split is not None:
            counted[split][label] += n
    n_near = len({place for pair in near for place in pair}) if found.compares else None
    return Survey(
        left, problems, repeated,
        {split: counted[split].total() for split in Split},
        counted if reader.label else {split: Counter() for split in Split},
        notes, across, n_near, passed, len(problems),
    )  # fmt: skip


def _label(value: Value) -> str:
    return value if isinstance(value, str) else NULL if value is None else str(value)


def _splits(
    found: _Found, pairs: Sequence[tuple[int, int]], plan: SplitPlan
) -> tuple[tuple[Split, ...], tuple[Problem, ...]]:
    together = pairs if plan.repeats is Repeats.TOGETHER else ()
    groups: Sequence[Hashable] = found.contents
    if plan.group or together:
        groups = grouped([found.contents, found.groups], together)
    given = [split for split in found.named if split is not None]
    if not plan.column:
        return deal(groups, found.labels, plan), ()
    if Split.VALIDATION in given or Split.TRAIN not in given:
        return tuple(given), ()
    learned = [number for number, split in enumerate(given) if split is Split.TRAIN]
    half = replace(plan, train=50, validation=50, test=0)
    dealt = deal([groups[n] for n in learned], [found.labels[n] for n in learned], half)
    for number, split in zip(learned, dealt, strict=True):
        given[number] = split
    return tuple(given), (warning("note.no_validation", FILE, column=plan.column),)


def _repeats(contents: Sequence[str], splits: Sequence[Split]) -> int:
    """How many rows have the inputs of a row in another split."""
    first: dict[str, Split] = {}
    torn = {
        content
        for content, split in zip(contents, splits, strict=True)
        if first.setdefault(content, split) is not split
    }
    return sum(content in torn for content in contents) if torn else 0


def _without_repeats(
    contents: Sequence[str], near: Iterable[tuple[int, int]], splits: Sequence[Split]
) -> tuple[Split | None, ...]:
    """What is in test stays, what repeats it elsewhere goes; and so of validation against train."""
    rank = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.TEST: 2}
    highest: dict[str, int] = {}
    for content, split in zip(contents, splits, strict=True):
        highest[content] = max(highest.get(content, 0), rank[split])
    gone = {n for n, split in enumerate(splits) if rank[split] < highest[contents[n]]}
    gone |= {min(pair, key=lambda n: rank[splits[n]]) for pair in near}
    return tuple(None if n in gone else split for n, split in enumerate(splits))


def kept(
    splits: Iterable[Split | None], rows: Iterable[Example]
) -> Iterator[tuple[Split, Example]]:
    """Usable rows that are not left away, with their splits."""
    for split, row in zip(splits, rows, strict=True):
        if split is not None:
            yield split, row
