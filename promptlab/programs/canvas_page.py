"""The canvas of a program as its page shows it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from optimizer import codec
from optimizer.core.problems import Problem
from optimizer.core.programs.program import Module
from promptlab.programs import history
from promptlab.programs.canvas import graph_of, palette
from promptlab.programs.kinds import KINDS
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.models import Program
from promptlab.programs.outline import Outline, outline


@dataclass(frozen=True)
class Begin:
    """A kind in the palette, and the module that it begins with, as a program file has it."""

    kind: ModuleKind
    module: str


@dataclass(frozen=True)
class Canvas:
    """`told`: why the last change was not made, "" when it was. `conflict`: what others changed
    meanwhile; `held` is then what was drawn and waits.
    """

    program: Program
    outline: Outline
    graph: str
    change: int
    can_undo: bool
    can_redo: bool
    told: str = ""
    conflict: tuple[str, ...] = ()
    held: str = ""

    @property
    def text(self) -> str:
        """What the canvas is to hold."""
        return self.held or self.graph

    @property
    def palette(self) -> list[Begin]:
        return [Begin(KINDS[module.kind], _file_part(module)) for module in palette()]


def canvas_page(
    program: Program, refused: Iterable[Problem] = (), opened: Collection[str] = ()
) -> Canvas:
    """`opened`: groups whose steps are drawn each where there are no scripts."""
    last = history.newest(program)
    return Canvas(
        program,
        outline(program, editable=True, opened=opened),
        graph_of(program, history.drawn_of(last), refused),
        last.pk if last else 0,
        can_undo=bool(last and last.before_id),
        can_redo=bool(last and last.after_id),
    )


def _file_part(module: Module) -> str:
    return json.dumps(codec.to_json(module), ensure_ascii=False)
