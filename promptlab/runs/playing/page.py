"""A play as its page shows it: each row, answered by each column; live while anything waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404

from optimizer.core.programs.signature import written
from optimizer.models import Run
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.programs.tryouts import ShownTryout, shown_each
from promptlab.runs.comparing.examples import inputs_line
from promptlab.runs.models import Play
from promptlab.ui.parameters import Parameters


@dataclass(frozen=True)
class Cell:
    """What a column made of a row; `at`: which of its try-out's examples it is."""

    column: PlayedColumn
    shown: ShownTryout
    at: int


@dataclass(frozen=True)
class PlayedColumn:
    """One column with all its answers. `number` counts from 1; `cost` is in micro-USD, `seconds`
    the mean of its answers, None where there is none; so is `score` where nothing was scored.
    """

    number: int
    name: str
    what: str
    model: str
    edited: bool
    shown: Mapping[str, tuple[ShownTryout, int]]

    @property
    def done(self) -> list[ShownTryout]:
        return [one for one, _at in self.shown.values() if one.state == "done"]

    @property
    def failed(self) -> int:
        return sum(one.state == "failed" for one, _at in self.shown.values())

    @property
    def waits(self) -> bool:
        return any(one.waiting for one, _at in self.shown.values())

    @property
    def score(self) -> float | None:
        scores = [one.score.value for one in self.done if one.score]
        return sum(scores) / len(scores) if scores else None

    @property
    def scored(self) -> int:
        return sum(one.score is not None for one in self.done)

    @property
    def cost(self) -> int:
        return sum(one.cost for one, _at in self.shown.values())

    @property
    def seconds(self) -> float | None:
        return sum(one.seconds for one in self.done) / len(self.done) if self.done else None


@dataclass(frozen=True)
class PlayedRow:
    """One row: its inputs in a line, what is expected, and each column's answer."""

    number: int
    name: str
    line: str
    expected: str
    cells: tuple[Cell, ...]


class PlayPage:
    """`play` comes with its parts and their runs."""

    def __init__(self, play: Play) -> None:
        self.play = play

    @cached_property
    def columns(self) -> list[PlayedColumn]:
        found: list[dict[str, tuple[ShownTryout, int]]] = [{} for _ in self.play.columns]
        for part in self.play.parts.all():
            for at, one in enumerate(shown_each(part.run)):
                found[part.column][one.example.id] = (one, at)
        return [
            PlayedColumn(
                number, told["name"], told["what"], told["model"], told["edited"], shown
            )
            for number, (told, shown) in enumerate(zip(self.play.columns, found, strict=True), 1)
        ]  # fmt: skip

    @cached_property
    def rows(self) -> list[PlayedRow]:
        return [self._row(number, name) for number, name in enumerate(self.play.rows, 1)]

    def _row(self, number: int, name: str) -> PlayedRow:
        cells = tuple(Cell(c, *c.shown[name]) for c in self.columns if name in c.shown)
        example = cells[0].shown.example if cells else None
        expected = example.expected.items() if example else ()
        said = ", ".join(f"{key}: {written(value)}" for key, value in expected)
        return PlayedRow(number, name, inputs_line(example, 400), said, cells)

    @property
    def waits(self) -> bool:
        return any(column.waits for column in self.columns)

    @property
    def wanted(self) -> int:
        """Answers there will be, if nothing stops."""
        return sum(len(column.shown) for column in self.columns)

    @property
    def known(self) -> int:
        """Those that wait no longer."""
        return sum(not o.waiting for column in self.columns for o, _at in column.shown.values())

    @property
    def goes_on(self) -> bool:
        return any(part.run.active for part in self.play.parts.all())

    @property
    def stopping(self) -> bool:
        return any(
            part.run.active and part.run.wish == Run.Wish.CANCEL for part in self.play.parts.all()
        )

    @property
    def overdue(self) -> bool:
        return any(one.overdue for column in self.columns for one, _at in column.shown.values())

    @property
    def best(self) -> int | None:
        """The number of the only column with the highest score."""
        scores = {c.number: c.score for c in self.columns if c.score is not None}
        top = [n for n, score in scores.items() if score == max(scores.values())]
        return top[0] if len(top) == 1 and len(scores) > 1 else None


def play_of(project: Project, pk: int) -> Play | None:
    plays = project.plays.select_related("by", "project").prefetch_related("parts__run")
    return plays.filter(pk=pk).first()


class LivePlay(LivePage):
    """The answers of a play."""

    gather = 0.2

    def __init__(self, project: Project, play: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._pk = project, play
        self._page: PlayPage | None = None

    def rings(self) -> Sequence[Ring]:
        return [("run", part.run_id) for part in self._read().play.parts.all()]

    @property
    def goes_on(self) -> bool:
        return self._page is None or self._page.waits

    @property
    def over(self) -> bool:
        return self._page is not None and not self._page.goes_on

    def read(self, role: Role) -> dict[str, Any]:
        self._page = self._read()
        return {
            "project": self._project,
            "played": self._page,
            "can_edit": role.at_least(Role.EDITOR),
            "can_administer": role.at_least(Role.ADMIN),
        }

    def parts(self) -> dict[str, str]:
        return {f"play-{self._pk}": "runs/playing/played.html"}

    def _read(self) -> PlayPage:
        play = play_of(self._project, self._pk)
        if play is None:
            raise Http404("There is no such play in this project.")
        return PlayPage(play)
