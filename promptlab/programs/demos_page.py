"""The page of all demos of one module: of a program, a candidate, a demo set or a version."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from optimizer.core.programs.demo import Demos, NearestDemos, fixed_of
from optimizer.core.programs.program import Module, Program
from promptlab.accounts.models import Project
from promptlab.programs.shown_demos import shown_nearest, shown_rows, with_words
from promptlab.ui.parameters import Parameters

ROWS_A_PAGE = 50

Crumbs = Sequence[tuple[str, str]]
"""What is above a page: label and address."""


def module_of(program: Program, name: str) -> Module:
    """The module of this name.

    Raises:
        Http404: the program has none.
    """
    found = next((module for module in program.modules if module.name == name), None)
    if found is None:
        raise Http404("There is no such module in this program.")
    return found


def demos_page(
    request: HttpRequest, project: Project, module: Module, demos: Demos, crumbs: Crumbs
) -> HttpResponse:
    """Demos that are always shown, and the pool of others, a page of rows at a time."""
    asked = Parameters(request.GET)
    words = asked.text("q")
    pool = demos.pool.demos if isinstance(demos, NearestDemos) else ()
    page = Paginator(with_words(pool, words), ROWS_A_PAGE).get_page(asked.page)
    context = {
        "project": project,
        "module": module,
        "crumbs": crumbs,
        "fixed": shown_rows(module, fixed_of(demos)),
        "nearest": shown_nearest(module, demos, ""),
        "page": page,
        "rows": shown_rows(module, page.object_list),
        "words": words,
    }
    return render(request, "programs/all_demos.html", context)
