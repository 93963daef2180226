"""Prompts: approved versions, fetched by name and label by the programs that use them."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import Path, Query, Router

from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.reviews import PromptOut
from promptlab.api.tokens import caller
from promptlab.releases import prompts, services
from promptlab.reviews.models import Label

router = Router(tags=["prompts"])


@router.get("", response=Page[PromptOut], summary="List the prompts of all your projects")
def list_prompts(request: HttpRequest, window: Query[Window]) -> Any:
    """Programs that have versions, by the names that they are fetched by."""
    return window.of(prompts.prompts_of(caller(request)))


@router.get("/{str:prompt}", summary="Fetch an approved prompt by its name")
def get_prompt(
    request: HttpRequest,
    prompt: Path[Text],
    label: Text = Label.PRODUCTION,
    version: int | None = None,
    project: Text | None = None,
    format: Text = "json",
    model: Text = "",
) -> HttpResponse:
    """The version that `label` points at, or the one that `version` numbers, as a file of `format`.
    Send its `ETag` back as `If-None-Match`: 304 says that it is the same still. `project` is needed
    where several of your projects have a prompt of this name; `model` is the one that you call:
    where the label has a version for it, that is what you get.
    """
    program = prompts.program_named(caller(request), prompt, project)
    found = prompts.version_at(program, label, version, model)
    wanted = services.format_named(format)
    told = services.file_of(found, wanted)
    answer = HttpResponse(
        told,
        content_type=f"{wanted.media_type}; charset=utf-8",
        headers={
            "Cache-Control": "private, no-cache",
            "ETag": f'"{hashlib.sha256(told).hexdigest()}"',
            "Promptlab-Version": str(found.number),
        },
    )
    return get_conditional_response(request, answer["ETag"], None, answer) or answer
