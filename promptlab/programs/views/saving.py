"""What every form of a program does when it is saved, and when someone else saved before."""

from __future__ import annotations

from typing import Protocol

from django.http import QueryDict

from optimizer.core.programs.program import Program as CoreProgram
from promptlab.accounts.models import User
from promptlab.programs import services
from promptlab.programs.models import Program


class EditForm(Protocol):
    """A valid form that says what the program becomes."""

    @property
    def changed_program(self) -> CoreProgram: ...

    @property
    def cleaned_data(self) -> dict[str, int]: ...


def save(program: Program, form: EditForm, by: User) -> None:
    """Save what the form makes of the program.

    Raises:
        services.SavedMeanwhile: the program was saved by someone since the form was opened.
    """
    revision = form.cleaned_data["revision"]
    if revision != program.revision:
        raise services.SavedMeanwhile(program)
    services.save_definition(program, form.changed_program, revision, by)


def with_revision(data: QueryDict, revision: int) -> QueryDict:
    """What was typed, to be saved over the revision that came between."""
    found = data.copy()
    found["revision"] = str(revision)
    return found
