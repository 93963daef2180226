"""What all shapes share: strict input, refusals, scores, money."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, StringConstraints

from optimizer.core.programs.storable import is_storable
from promptlab.ui.unseen import tally

MICRO = 1_000_000


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("it holds a character that cannot be stored (\\u0000 or a half pair)")
    return text


def _seen(name: str) -> str:
    unseen = tally([name]).invisible
    if unseen:
        raise ValueError(f"it holds a character that nobody sees: {unseen[0][0]}")
    return name


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(_storable),
    AfterValidator(_seen),
]


def example(body: dict[str, Any]) -> ConfigDict:
    """The settings of a body whose schema shows this one."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Body(Schema):
    """What a caller sends: an unknown key is refused, as a misspelt cap would be no cap."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Schema):
    """One thing to change. `field` says where, “” for the whole request."""

    field: str
    message: str


class Refusal(Schema):
    """Every answer from 400 on, as application/problem+json (RFC 9457): what is wrong and what to
    do next. `title` is the status in words.
    """

    title: str
    status: int
    detail: str
    problems: list[Problem] = []


class Score(Schema):
    """A mean of scores in 0–1 over `n` examples with its 95 % interval; `errors` are left out."""

    mean: float
    n: int
    low: float
    high: float
    errors: int = 0


class Comparison(Schema):
    """Paired, on the same examples: `gain` is a candidate's mean minus the baseline's.

    `p` is the two-sided sign test's; `verdict` is better, no_worse (ahead, not
    proved; a loss that matters is ruled out), tied, worse or unknown.
    """

    n: int
    wins: int
    losses: int
    ties: int
    gain: float
    low: float
    high: float
    p: float
    verdict: str


def dollars(micro: int) -> float:
    return micro / MICRO


def micro_dollars(amount: float | None) -> int | None:
    return None if amount is None else round(amount * MICRO)
