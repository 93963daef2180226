"""What every form of a program does when it is saved, and when someone else saved before."""

from __future__ import annotations

from typing import Protocol

from django.http import QueryDict

from optimizer.core.programs.program import Program as CoreProgram
from promptlab.accounts.models import User
from promptlab.programs import services
from promptlab.programs.canvas import guessed_since
from promptlab.programs.history import Step
from promptlab.programs.models import Program


class EditForm(Protocol):
    """A valid form that says what the program becomes."""

    @property
    def changed_program(self) -> CoreProgram: ...

    @property
    def cleaned_data(self) -> dict[str, int]: ...


def save(program: Program, form: EditForm, by: User, part: str = "") -> None:
    """Save what the form makes of the program; `part`: what it is about, where it saves itself.

    Raises:
        services.SavedMeanwhile: the program was saved by someone since the form was opened.
    """
    revision = form.cleaned_data["revision"]
    if revision != program.revision:
        raise services.SavedMeanwhile(program)
    changed = form.changed_program
    step = Step(part=part, guessed=frozenset(guessed_since(program.core, changed)))
    services.save_definition(program, changed, revision, by, step)


def with_revision(data: QueryDict, revision: int) -> QueryDict:
    """What was typed, to be saved over the revision that came between."""
    found = data.copy()
    found["revision"] = str(revision)
    return found


def as_typed(data: QueryDict, revision: int) -> QueryDict:
    """What was typed and is saved, to be typed on: rows that are empty still stand, and a changed
    name is what its field was called.
    """
    found = with_revision(data, revision)
    for key in data:
        if key.endswith("-was"):
            found[key] = data.get(f"{key.removesuffix('was')}name", "")
    found["up"] = ""  # a row button that moves nothing: the form is drawn anew, not checked
    return found
