"""Passages are found: the same each time, in any script, and only those that share a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.programs.passages import passage_text, passages_as
from optimizer.core.programs.signature import Field, FieldType
from optimizer.retrieval.lookup import PassageIndex
from optimizer.retrieval.shelf import Shelf

PASSAGES = [
    {"title": "Ada Lovelace", "text": "She wrote the first program, for Babbage's engine."},
    {"title": "京都", "text": "京都は千年のあいだ日本の都でした。"},
    {"title": "東京", "text": "東京は日本の首都です。"},
    {"title": "北京", "text": "北京是中国的首都。"},
    {"title": "Empty", "text": None},
    {"title": "Babbage", "text": "He drew an engine that was never built."},
]
TEXTS = [passage_text(passage) for passage in PASSAGES]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Who wrote the first program?", 0),
        ("千年の都", 1),
        ("日本の首都", 2),
        ("中国的首都", 3),
        ("an engine never built", 5),
    ],
)
def test_the_passage_that_says_most_comes_first(query: str, first: int) -> None:
    assert PassageIndex.of(TEXTS).best(query, 2)[0] == first


@pytest.mark.parametrize("query", ["", "…", "zzz", "\ud800"])
def test_a_query_that_shares_no_word_finds_nothing(query: str) -> None:
    assert list(PassageIndex.of(TEXTS).best(query, 3)) == []


def test_of_equal_passages_the_first_comes_first_and_none_that_shares_no_word() -> None:
    index = PassageIndex.of(["same words", "other", "same words", "same words", ""])
    assert list(index.best("same", 2)) == [0, 2]
    assert list(index.best("same", 50)) == [0, 2, 3]


words = st.text("abc 京都東", max_size=12)


@given(st.lists(words, min_size=1, max_size=12), words, st.integers(1, 15))
def test_what_is_found_is_the_same_from_a_file_and_shares_a_term(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], query: str, k: int
) -> None:
    index, folder = PassageIndex.of(texts), tmp_path_factory.mktemp("index")
    index.save(folder)
    found = list(index.best(query, k))
    assert found == list(PassageIndex.load(folder).best(query, k))
    assert len(found) == len(set(found)) <= k
    assert found[:1] == list(index.best(query, 1))


def test_passages_are_texts_or_objects_as_the_list_wants_them() -> None:
    texts = Field("passages", FieldType.LIST).kind
    assert passages_as(texts, PASSAGES[:1]) == [
        "title: Ada Lovelace\ntext: She wrote the first program, for Babbage's engine."
    ]
    assert passages_as(texts, [{"text": "alone"}]) == ["alone"]
    parts = (Field("title"), Field("text", nullable=True))
    objects = Field("passages", FieldType.LIST, items=FieldType.OBJECT, fields=parts).kind
    assert passages_as(objects, [PASSAGES[4]]) == [{"title": "Empty", "text": None}]


def test_an_index_is_made_once_and_made_anew_where_it_was_lost(tmp_path: Path) -> None:
    read = []

    def passages() -> object:
        read.append(1)
        yield from PASSAGES

    first = Shelf(tmp_path).volume("d", passages())  # type: ignore[arg-type]
    again = Shelf(tmp_path).volume("d", passages())  # type: ignore[arg-type]
    assert first.best("Babbage", 2) == again.best("Babbage", 2)
    assert read == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["d"]
    assert first.best("首都", 1)[0]["title"] == "北京"


def test_an_index_that_is_lost_while_it_is_held_or_in_part_is_made_anew(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    found = shelf.volume("d", PASSAGES).best("Babbage", 2)
    shutil.rmtree(tmp_path / "d")
    assert shelf.volume("d", PASSAGES).best("Babbage", 2) == found
    for path in (tmp_path / "d").iterdir():
        path.unlink()
    assert shelf.volume("d", PASSAGES).best("Babbage", 2) == found
    assert Shelf(tmp_path).volume("d", PASSAGES).best("Babbage", 2) == found
