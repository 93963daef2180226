"""What is done to programs. Pages, API and demo call the same functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from promptlab.programs import history
from promptlab.programs.history import EDIT, Drawn, Step
from promptlab.programs.models import Program, ProgramChange
from promptlab.programs.slugs import slug_for
from promptlab.ui.free_names import first_free

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
            slug = _free_slug(project, name)
            return Program.objects.create(
                project=project, name=name, slug=slug, definition=definition, created_by=by,
                updated_by=by,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict.because("program.name_taken", "name", name=name) from None


def _free_slug(project: Project, name: str) -> str:
    """Until the end of the transaction nobody else is given it."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return slug_for(name, project.programs.values_list("slug", flat=True))


def save_definition(
    program: Program, core: CoreProgram, revision: int, by: User | None, step: Step = EDIT
) -> Program:
    """Save a program as revision + 1. Its name is its own: `describe` changes it. Of modules whose
    demos are no longer chosen for each input, how they were is set aside.

    Raises:
        SavedMeanwhile: it is no longer at `revision`; nothing was saved.
    """
    definition = prompts.to_row(replace(core, name=program.name))
    aside = _set_aside(program, core)
    _change(program, revision, by, step, definition=definition, set_aside=aside)
    return program


def arrange(program: Program, drawn: Drawn, by: User) -> None:
    """Draw a program in another way: that is undone like any change, and is no new revision."""
    with transaction.atomic():
        locked = _locked(program)
        last = history.begun(locked)
        new = replace(drawn, places={**last.places, **drawn.places})
        if new != history.drawn_of(last):
            history.record(locked, last, Step(drawn=new), by)


def undo(program: Program, revision: int, by: User) -> Program:
    """Take the last change back.

    Raises:
        SavedMeanwhile: it is no longer at `revision`.
        Conflict: there is nothing to take back.
    """
    last = history.newest(program)
    if last is None or last.before is None:
        raise Conflict.because("program.nothing_to_undo")
    step = Step(ProgramChange.Kind.UNDO, before=last.before.before, after=last)
    return _become(program, last.before, revision, by, step)


def redo(program: Program, revision: int, by: User) -> Program:
    """Do again what was taken back last.

    Raises:
        SavedMeanwhile: it is no longer at `revision`.
        Conflict: there is nothing to do again.
    """
    last = history.newest(program)
    if last is None or last.after is None:
        raise Conflict.because("program.nothing_to_redo")
    step = Step(ProgramChange.Kind.REDO, before=last, after=last.after.after)
    return _become(program, last.after, revision, by, step)


def go_back(program: Program, change: ProgramChange, revision: int, by: User) -> Program:
    """Make a program what it was after a change; that can be undone, too.

    Raises:
        SavedMeanwhile: it is no longer at `revision`.
    """
    return _become(program, change, revision, by, Step(ProgramChange.Kind.BACK))


def _become(
    program: Program, change: ProgramChange, revision: int, by: User, step: Step
) -> Program:
    step = replace(step, drawn=history.drawn_of(change))
    definition = change.state.definition
    if definition == program.definition:
        with transaction.atomic():
            locked = _locked(program)
            if locked.revision != revision:
                raise SavedMeanwhile(locked)
            history.record(locked, history.begun(locked), step, by)
        return program
    columns = {"definition": definition, "set_aside": _set_aside(program, change.state.core)}
    try:
        with transaction.atomic():
            _change(program, revision, by, step, name=definition["name"], **columns)
    except IntegrityError:  # another program has that name by now
        columns["definition"] = {**definition, "name": program.name}
        _change(program, revision, by, step, **columns)
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
        fresh = _locked(program)
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


def open_copy(project: Project, by: User, core: CoreProgram, stem: str) -> Program:
    """A new program with this content, under a name of its own that begins with `stem`."""
    while True:
        try:
            return create_program(project, by, free_name(project, stem), core)
        except Conflict:  # somebody took it a moment ago; the next one is free
            continue


def free_name(project: Project, stem: str, suffix: str = "") -> str:
    """The name, or with a number behind where another program has it."""
    wished = f"{stem[: 76 - len(suffix)]}{suffix}"
    return first_free(wished, project.programs.values_list("name", flat=True))


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


def _change(
    program: Program, revision: int, by: User | None, step: Step = EDIT, **columns: object
) -> None:
    """Compare and set, and write it down: nothing is written unless the row is still at `revision`.

    Raises:
        SavedMeanwhile: it is not.
        Http404: it is not there any more.
    """
    columns |= {"revision": revision + 1, "updated_by": by, "updated_at": timezone.now()}
    with transaction.atomic():
        saved = _locked(program)
        if saved.revision != revision:
            raise SavedMeanwhile(saved)
        last = history.begun(saved)
        _set(saved, columns)
        saved.save(update_fields=list(columns))
        history.record(saved, last, step, by)
    _set(program, columns)


def _set(program: Program, columns: Mapping[str, object]) -> None:
    program.__dict__.pop("core", None)
    for name, value in columns.items():
        setattr(program, name, value)


def _locked(program: Program) -> Program:
    """The row as it stands, until the end of the transaction.

    Raises:
        Http404: it is not there any more.
    """
    found = Program.objects.select_for_update(of=("self",)).select_related("updated_by")
    saved = found.filter(pk=program.pk).first()
    if saved is None:
        raise Http404(_DELETED)
    return saved
