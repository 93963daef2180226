"""What is wrong, or worth knowing, and where: a code and its values, told where it is read.

The sentences stand in a catalogue (`optimizer/sentences`), so that another language needs another
catalogue and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self, Union


class Level(StrEnum):
    """A problem keeps from going on, a warning does not; what is ok was looked at."""

    PROBLEM = "problem"
    WARNING = "warning"
    OK = "ok"


Told = Union[str, int, float, bool, None, tuple[str, ...], "Problem"]
"""A value that a sentence speaks of: a list is told with commas, a problem as its own sentence."""


Message = Union["Problem", str]
"""What is stored to be told: rows of earlier versions hold the sentence itself."""


@dataclass(frozen=True)
class Problem:
    """One thing to tell.

    `place`: where it is to be changed, as the API spells it (`settings.trials`, `models.task`,
    `modules.classify`, `line 3, column 7`); "" for all of it.
    `code` names the sentence, `values` are what that sentence speaks of.
    """

    place: str
    level: Level
    code: str
    values: Mapping[str, Told] = field(default_factory=dict)

    @property
    def refuses(self) -> bool:
        return self.level is Level.PROBLEM

    def at(self, place: str) -> Problem:
        """The same, told of another place."""
        return replace(self, place=place)


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Each of them once, in their order."""
    found: list[Problem] = []
    for told in problems:
        if told not in found:
            found.append(told)
    return found


def problem(code: str, place: str = "", /, **values: Told) -> Problem:
    return Problem(place, Level.PROBLEM, code, values)


def warning(code: str, place: str = "", /, **values: Told) -> Problem:
    return Problem(place, Level.WARNING, code, values)


def fine(code: str, place: str = "", /, **values: Told) -> Problem:
    return Problem(place, Level.OK, code, values)


class Refused(Exception):
    """What was asked cannot be done as it was asked; every problem says what to change.

    `summary` says it where there is room for one sentence only; without one all problems do.
    """

    def __init__(self, *problems: Problem, summary: Problem | None = None) -> None:
        self.problems, self.summary = problems, summary
        super().__init__(*problems)

    @property
    def in_short(self) -> tuple[Problem, ...]:
        return (self.summary,) if self.summary else self.problems

    @classmethod
    def because(cls, code: str, place: str = "", /, **values: Told) -> Self:
        """Refused for one reason."""
        return cls(problem(code, place, **values))


class Conflict(Refused):
    """What was asked does not go together with what there is now: it may, later or elsewhere."""


class Forbidden(Refused):
    """Whoever asks may not; somebody else may."""


def refuse(problems: Iterable[Problem]) -> None:
    """Raises Refused with those that keep from going on, when there are any."""
    found = tuple(p for p in problems if p.refuses)
    if found:
        raise Refused(*found)
