"""Programs: program files in and out."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Status

from optimizer.core.problems import Refused
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.files import program_file
from optimizer.files.program_file import ProgramFile
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Name
from promptlab.api.schemas.programs import ProgramDetail, ProgramOut
from promptlab.api.tokens import caller, project_of
from promptlab.programs import queries, services
from promptlab.programs.access import program_for
from promptlab.programs.models import Program
from promptlab.ui.unseen import tally

router = Router(tags=["programs"])

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A program file, or a version's JSON (docs/program-format.md).",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Program"}}},
    }
}
MOST_NAME = 80


@router.get("", response=Page[ProgramOut], summary="List programs by name")
def list_programs(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    return window.of(queries.listed(project_of(request, project)))


@router.post(
    "",
    response={201: ProgramDetail},
    summary="Create a program from a program file",
    openapi_extra=FILE,
)
def create_program(
    request: HttpRequest, project: Path[str], name: Name | None = None
) -> Status[ProgramDetail]:
    """Named as the file says, or as `name` does. A draft with problems is taken, too.

    A version's JSON is read as its program; without `name` a number goes behind a name that is
    taken.
    """
    found = project_of(request, project, Role.EDITOR)
    file = _read(request)
    named = name or _checked(services.name_of(found, file))
    made = services.create_program(found, caller(request), named, file.program)
    return Status(201, ProgramDetail.of(made, file.told))


@router.get("/{int:program}", response=ProgramDetail, summary="Get a program")
def get_program(request: HttpRequest, project: Path[str], program: int) -> ProgramDetail:
    return ProgramDetail.of(program_for(caller(request), project, program))


@router.put("/{int:program}", response=ProgramDetail, summary="Save a program", openapi_extra=FILE)
def save_program(
    request: HttpRequest, project: Path[str], program: int, revision: int
) -> ProgramDetail:
    """Takes a program file. When somebody saved since `revision`, nothing is changed (409)."""
    row = program_for(caller(request), project, program, Role.EDITOR)
    file = _read(request)
    return ProgramDetail.of(_save(row, file.program, revision, request), file.told)


@router.get("/{int:program}/file", response={200: CoreProgram}, summary="Download the program file")
def get_file(request: HttpRequest, project: Path[str], program: int) -> HttpResponse:
    row = program_for(caller(request), project, program)
    return HttpResponse(program_file.write(row.core), content_type="application/json")


def _save(row: Program, core: CoreProgram, revision: int, request: HttpRequest) -> Program:
    name = _checked(core.name.strip())
    with transaction.atomic():
        if name != row.name:
            row = services.describe(row, name, core.description, revision, caller(request))
            revision = row.revision
        return services.save_definition(row, core, revision, caller(request))


def _read(request: HttpRequest) -> ProgramFile:
    """Raises Refused when it holds no program."""
    try:
        text = request.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused.because("file.not_utf8") from None
    return program_file.read_file(text)


def _checked(name: str) -> str:
    """Raises Refused when a program of this name could not be stored."""
    if not 1 <= len(name) <= MOST_NAME:
        raise Refused.because("name.length", "name", most=MOST_NAME)
    if unseen := tally([name]).invisible:
        raise Refused.because("name.unseen", "name", what=unseen[0][0])
    return name
