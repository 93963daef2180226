"""What the query of an address says, and what it says that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import QueryDict

import promptlab
from promptlab.ui.parameters import MOST_LETTERS, Parameters, number_in
from tests.fakes.odd_values import ESCAPES, TEXTS

BIGINT = 2**63 - 1


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_number_is_none(text: str) -> None:
    found = number_in(text)
    assert found is None or (0 <= found <= BIGINT and str(found) == text)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("12", 12), ("007", 7), ("9" * 18, 10**18 - 1)]
)
def test_a_number_is_read(text: str, number: int) -> None:
    assert number_in(text) == number
    assert Parameters({"n": f" {text} "}).number("n") == number


def test_of_a_name_that_is_repeated_the_last_counts() -> None:
    asked = Parameters(QueryDict("a=1&a=2&b[]=3"))
    assert (asked.number("a"), asked.number("b"), asked.has("b")) == (2, None, False)


def test_numbers_are_a_list_without_what_is_none() -> None:
    assert Parameters({"c": "0, 4,²,,-1,x,4"}).numbers("c") == [0, 4, 4]
    assert Parameters().numbers("c") == []


def test_a_page_is_the_first_where_none_is_said() -> None:
    for said, page in (("", 1), ("0", 1), ("-1", 1), ("²", 1), ("9" * 5000, 1), ("3", 3)):
        assert Parameters({"page": said}).page == page


def test_a_text_can_be_looked_for() -> None:
    asked = Parameters({"q": f"  a\x00b{'x' * 1000} "})
    assert asked.text("q").startswith("abx")
    assert len(asked.text("q")) == MOST_LETTERS


@pytest.mark.parametrize("escape", ESCAPES)
def test_broken_escapes_are_texts_that_can_be_kept(escape: str) -> None:
    Parameters(QueryDict(f"q={escape}")).text("q").encode()


def test_a_choice_is_one_that_there_is() -> None:
    asked = Parameters({"diff": "inline", "show": "none"})
    assert asked.one_of("diff", ("side", "inline"), "side") == "inline"
    assert asked.one_of("show", ("all", "few"), "few") == "few"


def test_what_is_kept_is_an_address_again() -> None:
    assert (
        Parameters(QueryDict("page=2&x=1&trials=a%26b")).kept("trials", "page")
        == "trials=a%26b&page=2"
    )


def test_no_page_reads_its_query_in_another_way() -> None:
    """`request.GET` stands in `Parameters(request.GET)` and nowhere else."""
    room = Path(promptlab.__file__).parent
    others = [
        f"{path.relative_to(room)}: {line.strip()}"
        for path in room.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if ".GET" in line.replace("Parameters(request.GET)", "")
    ]
    assert others == []
