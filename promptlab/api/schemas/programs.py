from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ninja import Schema

from optimizer.core.problems import Problem
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.sentences import sentence
from promptlab.programs.models import Program
from promptlab.programs.queries import Listed


class ProgramOut(Schema):
    """A program in a list. It can be optimized when `problems` is 0. `slug` is the name that its
    versions are fetched by.
    """

    id: int
    name: str
    slug: str
    revision: int
    modules: int
    takes: list[str]
    gives: list[str]
    problems: int
    updated_at: datetime

    @staticmethod
    def resolve_id(row: Listed) -> int:
        return row.program.pk

    @staticmethod
    def resolve_name(row: Listed) -> str:
        return row.program.name

    @staticmethod
    def resolve_slug(row: Listed) -> str:
        return row.program.slug

    @staticmethod
    def resolve_revision(row: Listed) -> int:
        return row.program.revision

    @staticmethod
    def resolve_updated_at(row: Listed) -> datetime:
        return row.program.updated_at


_KINDS = {"": "program", "modules": "module", "calls": "call"}
"""Kinds of parts, by where a place begins."""


class ProgramProblem(Schema):
    """What keeps a program from running: the kind of part (module, call, …), its name, and why."""

    kind: str
    part: str
    message: str


class ProgramDetail(Schema):
    """`program` is the program file; send its `revision` with a change. `notes`: what was not taken
    of the file that was sent.
    """

    id: int
    name: str
    slug: str
    revision: int
    updated_at: datetime
    updated_by: str
    problems: list[ProgramProblem]
    warnings: list[ProgramProblem]
    notes: list[str] = []
    program: CoreProgram

    @classmethod
    def of(cls, row: Program, told: Iterable[Problem] = ()) -> ProgramDetail:
        return cls(
            id=row.pk,
            name=row.name,
            slug=row.slug,
            revision=row.revision,
            updated_at=row.updated_at,
            updated_by=row.updated_by.email if row.updated_by else "",
            problems=_told(row.core.problems()),
            warnings=_told(row.core.warnings()),
            notes=[sentence(p) for p in told],
            program=row.core,
        )


def _told(problems: list[Problem]) -> list[ProgramProblem]:
    return [_of(*p.place.partition("."), sentence(p)) for p in problems]


def _of(kind: str, _dot: str, part: str, message: str) -> ProgramProblem:
    return ProgramProblem(kind=_KINDS.get(kind, kind), part=part, message=message)
