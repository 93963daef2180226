"""Versions: immutable approved states, and their files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.reviews import VersionDetail, VersionOut
from promptlab.api.tokens import project_of
from promptlab.releases import services
from promptlab.reviews import queries
from promptlab.reviews.models import Version

router = Router(tags=["versions"])


@router.get("", response=Page[VersionOut], summary="List versions, newest first")
def list_versions(
    request: HttpRequest, project: Path[str], window: Query[Window], program: int | None = None
) -> Any:
    rows = queries.versions_of(project_of(request, project))
    return window.of(rows if program is None else rows.filter(program=program))


@router.get("/{int:program}/{int:number}", response=VersionDetail, summary="Get a version")
def get_version(request: HttpRequest, project: Path[str], program: int, number: int) -> Version:
    return queries.version_of(project_of(request, project), program, number)


@router.get("/{int:program}/{int:number}/export", summary="Download a version's file")
def export_version(
    request: HttpRequest, project: Path[str], program: int, number: int, format: Text = "json"
) -> HttpResponse:
    """`format`: json (canonical), python (runs with LiteLLM), prompts (ready messages), dspy
    (state), dspy_module; for other tools yaml, markdown, openai, anthropic, curl, langchain,
    mlflow, dotprompt, prompty, promptfoo. What a format cannot say is refused with the reason.
    """
    version = queries.version_of(project_of(request, project), program, number)
    wanted = services.format_named(format)
    return HttpResponse(
        services.file_of(version, wanted),
        content_type=f"{wanted.media_type}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{wanted.file_name(version.content)}"'
        },
    )
