"""The canvas of a program: what was drawn is checked and saved, taken back, done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Problem, Refused
from optimizer.files import program_file
from optimizer.sentences import reasons
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.canvas import Sketch, sketch_of
from promptlab.programs.canvas_page import Canvas, canvas_page
from promptlab.programs.history import Step, drawn_of, newest
from promptlab.programs.history_page import words_since
from promptlab.programs.models import Program
from promptlab.programs.pasting import part_of, pasted
from promptlab.ui.parameters import Parameters, number_in


@login_required
@require_POST
def graph(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Save what was drawn; what cannot be is refused, tied to its ports, and nothing is saved."""
    found = program_for(request.user, project, program, Role.EDITOR)
    text, revision = request.POST.get("graph", ""), _revision(request)
    try:
        if revision != found.revision:
            raise services.SavedMeanwhile(found)
        _drawn(found, sketch_of(found.core, text), revision, request.user)
    except services.SavedMeanwhile as refusal:
        held = replace(canvas_page(refusal.saved), conflict=words_since(refusal.saved, revision))
        return canvas_answer(request, replace(held, held=text), 409)
    except Refused as refusal:
        return _refused(request, found, refusal)
    return canvas_answer(request, canvas_page(found))


@login_required
@require_POST
def undo(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    return _walked(request, project, program, services.undo)


@login_required
@require_POST
def redo(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    return _walked(request, project, program, services.redo)


@login_required
@require_safe
def part(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Some steps as a program file, to be pasted elsewhere: their modules, the wires between."""
    found = program_for(request.user, project, program)
    core = part_of(found.core, Parameters(request.GET).names("calls"))
    return HttpResponse(program_file.write(core), content_type="application/json; charset=utf-8")


@login_required
@require_POST
def paste(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Put the steps of a program file beside those that are there."""
    given = Parameters(request.POST)
    at = [given.number(side) or 0 for side in ("left", "top")]

    def put(found: Program, revision: int, by: User) -> None:
        drawn = drawn_of(newest(found))
        _drawn(found, pasted(found.core, drawn, request.POST.get("part", ""), *at), revision, by)

    return _walked(request, project, program, put)


def canvas_answer(request: SignedInRequest, canvas: Canvas, status: int = 200) -> HttpResponse:
    """The canvas as it stands now; a page without scripts goes back to the program."""
    if "HX-Request" not in request.headers:
        return redirect("programs:program", canvas.program.project.slug, canvas.program.pk)
    context = {"canvas": canvas, "program": canvas.program, "outline": canvas.outline}
    return render(request, "programs/_canvas_answer.html", context, status=status)


def _drawn(program: Program, sketch: Sketch, revision: int, by: User) -> None:
    if sketch.core == program.core:
        services.arrange(program, sketch.drawn, by)
    else:
        step = Step(drawn=sketch.drawn)
        services.save_definition(program, sketch.core, revision, by, step)


def _walked(
    request: SignedInRequest,
    project: str,
    program: int,
    walk: Callable[[Program, int, User], object],
) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    try:
        walk(found, _revision(request), request.user)
    except services.SavedMeanwhile as refusal:
        now = canvas_page(refusal.saved)
        return canvas_answer(request, replace(now, told=reasons(refusal)), 409)
    except Refused as refusal:
        return _refused(request, found, refusal)
    return canvas_answer(request, canvas_page(found))


def _refused(request: SignedInRequest, program: Program, refusal: Refused) -> HttpResponse:
    problems: tuple[Problem, ...] = tuple(refusal.problems)
    canvas = replace(canvas_page(program, problems), told=reasons(refusal))
    return canvas_answer(request, canvas, 422)


def _revision(request: SignedInRequest) -> int:
    return number_in(request.POST.get("revision", "")) or 0
