"""Splits: train makes demos, validation scores candidates, test is looked at once."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SPLIT_NAMES = {
    "train": Split.TRAIN, "training": Split.TRAIN, "trn": Split.TRAIN,
    "validation": Split.VALIDATION, "valid": Split.VALIDATION, "val": Split.VALIDATION,
    "dev": Split.VALIDATION, "development": Split.VALIDATION,
    "test": Split.TEST, "testing": Split.TEST, "holdout": Split.TEST, "held-out": Split.TEST,
    "heldout": Split.TEST,
}  # fmt: skip


class Repeats(StrEnum):
    """What becomes of rows that repeat one of another split, or nearly do. Rows that are dealt out
    and have equal inputs are in one split anyway.
    """

    KEEP = "keep"
    TOGETHER = "together"
    """Rows that are nearly the same are dealt into one split."""
    REMOVE = "remove"
    """What is in test stays, what repeats it elsewhere goes; and so of validation against train."""


@dataclass(frozen=True)
class SplitPlan:
    """How rows are dealt out. Shares are percent; `column` names the split of each row instead, by
    words like “dev”, or as `names` say what its values mean. Rows with the same value in the
    column `group` stay together.
    """

    train: int = 40
    validation: int = 40
    test: int = 20
    seed: int = 0
    stratify: bool = True
    column: str = ""
    group: str = ""
    names: tuple[tuple[str, Split], ...] = ()
    repeats: Repeats = Repeats.KEEP

    def split_of(self, name: str) -> Split | None:
        """The split that a value of the column means."""
        said = dict(self.names).get(name.strip())
        return said or split_named(name)

    @property
    def shares(self) -> dict[Split, int]:
        return {
            Split.TRAIN: self.train,
            Split.VALIDATION: self.validation,
            Split.TEST: self.test,
        }


def split_named(name: str) -> Split | None:
    """The split that a file means with a word like “dev”."""
    return SPLIT_NAMES.get(name.strip().lower())


def deal(
    groups: Sequence[Hashable], labels: Sequence[Hashable], plan: SplitPlan
) -> tuple[Split, ...]:
    """Deal rows out by the plan's shares: the same rows, plan and seed give the same splits.

    Rows of one group (equal inputs) come into one split, so that nothing scored was learned.
    Rows of one label are spread evenly when `plan.stratify` is set.

    Args:
        groups: for each row, what it must stay together with.
        labels: for each row, its label.
    """
    members = _members(groups)
    train, validation, test = (plan.shares[split] / 100 for split in Split)
    learned = scored = sealed = total = 0
    splits: list[Split] = [Split.TRAIN] * len(groups)
    for numbers in _in_order(members, labels, plan):
        n = len(numbers)
        total += n
        to_learn = train * total - learned
        to_score = validation * total - scored
        to_seal = test * total - sealed
        if to_learn >= to_score and to_learn >= to_seal:
            learned += n
            continue  # where all rows begin
        if to_score >= to_seal:
            scored, target = scored + n, Split.VALIDATION
        else:
            sealed, target = sealed + n, Split.TEST
        for number in numbers:
            splits[number] = target
    return tuple(splits)


def _members(groups: Sequence[Hashable]) -> list[tuple[int, ...]]:
    """The numbers of the rows of each group, in the order of their first ones."""
    if len(set(groups)) == len(groups):  # as most are
        return list(zip(range(len(groups))))
    found: dict[Hashable, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        found[group].append(number)
    return list(map(tuple, found.values()))


def grouped(keys: Iterable[Sequence[Hashable]], pairs: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Rows that share a key, or are a pair, directly or through others, have one number; None is no
    key.
    """
    columns = list(keys)
    parent = list(range(len(columns[0])))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    def join(one: int, other: int) -> None:
        one, other = sorted((root(one), root(other)))
        parent[other] = one

    for column in columns:
        first: dict[Hashable, int] = {}
        for n, key in enumerate(column):
            if key is not None:
                join(first.setdefault(key, n), n)
    for one, other in pairs:
        join(one, other)
    return [root(n) for n in range(len(parent))]


def _in_order(
    members: list[tuple[int, ...]], labels: Sequence[Hashable], plan: SplitPlan
) -> Iterable[tuple[int, ...]]:
    """Groups, shuffled; label after label when stratified, so that each is dealt out evenly."""
    random.Random(plan.seed).shuffle(members)
    if not plan.stratify:
        return members
    by_label: dict[Hashable, list[tuple[int, ...]]] = {
        label: [] for label in sorted(set(labels), key=repr)
    }
    for numbers in members:
        by_label[labels[numbers[0]]].append(numbers)
    return chain.from_iterable(by_label.values())
