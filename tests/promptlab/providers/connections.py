"""A connection as a form or a service is given it, and where its pages are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers.services import Connection

CANARY = "sk-CANARY-0123456789abcdef-7Q2z"
Browser = Callable[[User], Client]


def endpoint(**changes: Any) -> Connection:
    data: dict[str, Any] = {
        "name": "House server",
        "kind": Provider.Kind.OPENAI_COMPATIBLE,
        "models": ("small", "large"),
        "api_base": "http://127.0.0.1:9/v1",
    }
    return Connection(**{**data, **changes})


def form_data(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "House server",
        "api_base": "http://127.0.0.1:9/v1/",
        "api_key": CANARY,
        "models": "small\nlarge\n",
        "concurrency": "4",
        "constrains_replies": "on",
    }
    return {**data, **changes}


def list_url(project: Project) -> str:
    return reverse("providers:list", args=[project.slug])


def new_url(project: Project, preset: str = "endpoint") -> str:
    return reverse("providers:new", args=[project.slug, preset])
