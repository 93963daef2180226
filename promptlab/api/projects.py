"""Projects that the token's user is a member of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from promptlab.accounts import queries
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.projects import ProjectOut
from promptlab.api.tokens import caller, project_of

router = Router(tags=["projects"])


@router.get("", response=Page[ProjectOut], summary="List your projects")
def list_projects(request: HttpRequest, window: Query[Window]) -> Any:
    found = queries.projects_of(caller(request))
    return window.of([ProjectOut.of(membership) for membership in found])


@router.get("/{slug:project}", response=ProjectOut, summary="Get a project")
def get_project(request: HttpRequest, project: Path[str]) -> ProjectOut:
    found = project_of(request, project)
    return ProjectOut.of(queries.projects_of(caller(request)).get(project=found))
