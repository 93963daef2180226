"""Versions: immutable approved states, and their files."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Path, Query, Router

from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.reviews import ParityOut, VersionDetail, VersionOut
from promptlab.api.tokens import project_of
from promptlab.releases import services
from promptlab.releases.parity import MOST, USUAL, parity_of
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


@router.get("/{int:program}/{int:number}/parity", response=ParityOut, summary="Check its files")
def check_files(
    request: HttpRequest,
    project: Path[str],
    program: int,
    number: int,
    rows: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
) -> ParityOut:
    """The files are run on rows that were scored, each call of the model answered with the reply
    that was recorded for the very same messages: nothing is paid.
    """
    version = queries.version_of(project_of(request, project), program, number)
    return ParityOut.of(parity_of(version, rows))


@router.get("/{int:program}/{int:number}/data/{file}", summary="Download the data behind it")
def get_data(
    request: HttpRequest, project: Path[str], program: Path[int], number: int, file: Path[Text],
    module: Text = "",
) -> StreamingHttpResponse:  # fmt: skip
    """`file`: promptfoo_tests; training and validation (accepted answers as chats); preferences
    (pairs of which people prefer one). Lines of JSON, none of them of the sealed test split.
    `module`: the chats of that one alone.
    """
    version = queries.version_of(project_of(request, project), program, number)
    wanted, lines = services.data_of(version, file, module)
    return StreamingHttpResponse(
        lines,
        content_type="application/jsonl; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{wanted.file_name(version.content)}"'
        },
    )


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
