"""Splits: train makes demos, validation scores candidates, test is looked at once."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True)
class SplitPlan:
    """How rows are dealt out. Shares are percent; `column` names the split of each row instead."""

    train: int = 40
    validation: int = 40
    test: int = 20
    seed: int = 0
    stratify: bool = True
    column: str = ""

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
    members: dict[Hashable, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    dealt: dict[Split, int] = dict.fromkeys(Split, 0)
    splits: list[Split] = [Split.TRAIN] * len(groups)
    for group in _in_order(members, labels, plan):
        numbers = members[group]
        after = sum(dealt.values()) + len(numbers)
        target = max(Split, key=lambda s: plan.shares[s] / 100 * after - dealt[s])
        dealt[target] += len(numbers)
        for number in numbers:
            splits[number] = target
    return tuple(splits)


def _in_order(
    members: dict[Hashable, list[int]], labels: Sequence[Hashable], plan: SplitPlan
) -> list[Hashable]:
    """Groups, shuffled; label after label when stratified, so that each is dealt out evenly."""
    order = list(members)
    random.Random(plan.seed).shuffle(order)
    if plan.stratify:
        place = {label: at for at, label in enumerate(sorted(set(labels), key=repr))}
        order.sort(key=lambda group: place[labels[members[group][0]]])
    return order
