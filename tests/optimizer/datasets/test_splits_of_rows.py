"""Which rows an import takes, and into which splits: groups, filters, names, repeats."""

from __future__ import annotations

import random

import pytest

from optimizer.core.problems import Refused
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping, RowFilter
from optimizer.datasets.near import near_pairs
from optimizer.datasets.splitting import Repeats, Split, SplitPlan, grouped
from optimizer.datasets.surveying import Survey, survey
from optimizer.datasets.table import Row

COLUMNS = ("text", "label", "user", "part")
USES = (Use("text", Role.INPUT, "text"), Use("label", Role.EXPECTED, "label"))
WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "se") for b in ("bel", "dor", "fin", "gam")]


def text(seed: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=15))


def rows(n: int, user: int = 4, part: str = "train") -> list[Row]:
    return [Row(i + 1, (text(i), "ab"[i % 2], f"u{i % user}", part)) for i in range(n)]


def surveyed(given: list[Row], plan: SplitPlan, only: RowFilter | None = None) -> Survey:
    return survey(lambda: given, COLUMNS, Mapping(USES, plan, only))


def test_rows_of_one_group_come_into_one_split() -> None:
    given = rows(60, user=12)
    splits = surveyed(given, SplitPlan(group="user")).splits
    where: dict[object, set[Split | None]] = {}
    for row, split in zip(given, splits, strict=True):
        where.setdefault(row.cells[2], set()).add(split)
    assert all(len(found) == 1 for found in where.values())
    assert len(set(splits)) == 3


def test_what_joins_groups_joins_all_of_them() -> None:
    assert grouped([["a", "b", "c", "d"], ["x", "y", "y", None]], [(0, 1)]) == [0, 0, 0, 3]


def test_a_filter_lets_only_its_rows_in() -> None:
    found = surveyed(rows(40), SplitPlan(), RowFilter("user", " u1 "))
    assert (found.usable, found.passed) == (10, 30)
    none = surveyed(rows(40), SplitPlan(), RowFilter("user", "nobody"))
    with pytest.raises(Refused) as refusal:
        none.check("row")
    assert refusal.value.problems[0].code == "table.none_passes"


def test_words_of_ones_own_name_the_splits() -> None:
    given = [*rows(4, part="old"), *rows(2, part="new"), *rows(2, part="dev")]
    names = (("old", Split.TRAIN), ("new", Split.TEST))
    found = surveyed(given, SplitPlan(column="part", names=names))
    assert [found.count(split) for split in Split] == [4, 2, 2]


def repeating() -> list[Row]:
    """Of 20 rows of train, one is in test as it is, and one nearly."""
    same, near = text(3), text(7).replace("bel", "bol", 1).upper()
    return [
        *rows(20), Row(21, (text(50), "a", "u", "dev")),
        Row(22, (same, "a", "u", "test")), Row(23, (near, "b", "u", "test")),
    ]  # fmt: skip


def test_repeats_across_splits_are_counted() -> None:
    found = surveyed(repeating(), SplitPlan(column="part"))
    assert (found.across, found.near, found.usable) == (2, 4, 23)


def test_repeats_across_splits_are_left_out_where_they_are_not_scored_last() -> None:
    found = surveyed(repeating(), SplitPlan(column="part", repeats=Repeats.REMOVE))
    assert [n for n, split in enumerate(found.splits) if split is None] == [3, 7]
    assert [found.count(split) for split in Split] == [18, 1, 2]


def test_nearly_equal_rows_are_dealt_into_one_split() -> None:
    given = [Row(i + 1, (f"{text(i // 2)} {i % 2}", "a", "u", "")) for i in range(80)]
    splits = surveyed(given, SplitPlan(repeats=Repeats.TOGETHER)).splits
    assert splits[0::2] == splits[1::2]
    assert surveyed(given, SplitPlan()).near


@pytest.mark.parametrize("short", ["", "a", "é"])
def test_short_texts_are_near_when_they_are_equal(short: str) -> None:
    assert list(near_pairs([short, "something else", short])) == [(0, 2)]
