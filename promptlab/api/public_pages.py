"""A version's page for people outside."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from promptlab.accounts.roles import Role
from promptlab.api.schemas.packets import PublicPageIn, PublicPageOut
from promptlab.api.tokens import caller, project_of
from promptlab.releases import public
from promptlab.reviews import queries

router = Router(tags=["versions"])


@router.get("", response=PublicPageOut | None, summary="Read where people outside read a version")
def get_public_page(
    request: HttpRequest, project: Path[str], program: Path[int], number: Path[int]
) -> Any:
    """null: no page of it is open."""
    found = project_of(request, project, Role.EDITOR)
    return public.page_of(queries.version_of(found, program, number))


@router.put("", response=PublicPageOut, summary="Open a page for people outside")
def open_public_page(
    request: HttpRequest,
    project: Path[str],
    program: Path[int],
    number: Path[int],
    wish: PublicPageIn,
) -> Any:
    """At a new address; one that was open is closed."""
    row = queries.version_of(project_of(request, project, Role.EDITOR), program, number)
    demos = wish.prompts and wish.demos
    return public.open_page(row, caller(request), prompts=wish.prompts, demos=demos)


@router.delete("", response={204: None}, summary="Close the page for people outside")
def close_public_page(
    request: HttpRequest, project: Path[str], program: Path[int], number: Path[int]
) -> Status[None]:
    row = queries.version_of(project_of(request, project, Role.EDITOR), program, number)
    public.close_page(row, caller(request))
    return Status(204, None)
