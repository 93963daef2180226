"""What is done to programs. Pages, API and demo call the same functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from optimizer.core.problems import Conflict, problem
from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.files.program_file import ProgramFile
from optimizer.running import prompts
from promptlab.accounts.models import Project, User
from promptlab.programs.models import Program

_DELETED = "Somebody deleted this program a moment ago."


class SavedMeanwhile(Conflict):
    """Someone saved the program since it was opened; `saved` is how it stands now."""

    def __init__(self, saved: Program) -> None:
        self.saved = saved
        super().__init__(
            problem("program.revision", "revision", revision=saved.revision),
            summary=problem("program.saved_meanwhile"),
        )


def create_program(project: Project, by: User | None, name: str, core: CoreProgram) -> Program:
    """Store a program under a name of its own.

    Raises:
        Conflict: the project has a program of this name.
    """
    definition = prompts.to_row(replace(core, name=name))
    try:
        with transaction.atomic():
            return Program.objects.create(
                project=project, name=name, definition=definition, created_by=by, updated_by=by
            )
    except IntegrityError:
        raise Conflict.because("program.name_taken", "name", name=name) from None


def save_definition(program: Program, core: CoreProgram, revision: int, by: User | None) -> Program:
    """Save a program as revision + 1. Its name is its own: `describe` changes it. Of modules whose
    demos are no longer chosen for each input, how they were is set aside.

    Raises:
        SavedMeanwhile: it is no longer at `revision`; nothing was saved.
    """
    definition = prompts.to_row(replace(core, name=program.name))
    _change(program, revision, by, definition=definition, set_aside=_set_aside(program, core))
    return program


def _set_aside(program: Program, core: CoreProgram) -> dict[str, Any]:
    """By module: how its demos were chosen for each input, where they are the same for all now."""
    now = {module.name: module.demos for module in core.modules}
    former = {module.name: module.demos for module in program.core.modules}
    before = {
        name: prompts.to_row(replace(demos, fixed=()))
        for name, demos in former.items()
        if isinstance(demos, NearestDemos)
    }
    gone, come = former.keys() - now.keys(), now.keys() - former.keys()
    names = dict(zip(gone, come, strict=True)) if len(gone) == len(come) == 1 else {}
    kept = {names.get(name, name): how for name, how in (program.set_aside | before).items()}
    return {name: how for name, how in kept.items() if isinstance(now.get(name), tuple)}


def edit(program: Program, change: Callable[[CoreProgram], CoreProgram], by: User) -> Program:
    """Save a change that does not depend on what its author saw, like taking a part away.

    When someone saves at the same moment, it is made on what they saved.

    Raises:
        Http404: the program was deleted meanwhile.
    """
    with transaction.atomic():
        fresh = Program.objects.select_for_update().filter(pk=program.pk).first()
        if fresh is None:
            raise Http404(_DELETED)
        return save_definition(fresh, change(fresh.core), fresh.revision, by)


def describe(
    program: Program, name: str, description: str, revision: int, by: User | None
) -> Program:
    """Give a program another name and description.

    Raises:
        Conflict: the project has a program of this name.
        SavedMeanwhile: it is no longer at `revision`.
    """
    definition = {**program.definition, "name": name, "description": description}
    try:
        with transaction.atomic():
            _change(program, revision, by, name=name, definition=definition)
    except IntegrityError:
        raise Conflict.because("program.name_taken", "name", name=name) from None
    return program


def duplicate(program: Program, by: User) -> Program:
    """A copy, under the first free name."""
    while True:
        name = free_name(program.project, program.name, f" ({_('copy')})")
        try:
            return create_program(program.project, by, name, program.core)
        except Conflict:  # a moment ago; the next one is free
            continue


def free_name(project: Project, stem: str, suffix: str = "") -> str:
    """The name, or with a number behind where another program has it."""
    taken = set(project.programs.values_list("name", flat=True))
    wished = f"{stem[: 76 - len(suffix)]}{suffix}"
    names = (wished if n == 1 else f"{wished} {n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def name_of(project: Project, file: ProgramFile) -> str:
    """The name that a file gives. Read from a version, a program of this name is there most often:
    then it is the first free one.
    """
    name = file.program.name.strip()
    taken = file.version is not None and project.programs.filter(name=name).exists()
    return free_name(project, name) if taken else name


def delete_program(program: Program) -> None:
    """Take a program away for good.

    Raises:
        Conflict: runs or versions were made from it.
    """
    try:
        with transaction.atomic():
            program.delete()
    except ProtectedError as error:
        n = len(error.protected_objects)
        raise Conflict.because("program.in_use", name=program.name, n=n) from None


def _change(program: Program, revision: int, by: User | None, **columns: object) -> None:
    """Compare and set: nothing is written unless the row is still at `revision`.

    Raises:
        SavedMeanwhile: it is not.
        Http404: it is not there any more.
    """
    columns |= {"revision": revision + 1, "updated_by": by, "updated_at": timezone.now()}
    found = Program.objects.filter(pk=program.pk, revision=revision).update(**columns)
    if found != 1:
        saved = Program.objects.select_related("updated_by").filter(pk=program.pk).first()
        raise SavedMeanwhile(saved) if saved else Http404(_DELETED)
    program.__dict__.pop("core", None)
    for name, value in columns.items():
        setattr(program, name, value)
