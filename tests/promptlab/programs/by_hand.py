"""What a browser sends when a program is edited by its forms."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from promptlab.accounts.models import User
from promptlab.programs.models import Program

Browser = Callable[[User], Client]


def address(name: str, program: Program, *more: object) -> str:
    return reverse(f"programs:{name}", args=[program.project.slug, program.pk, *more])


def fresh(program: Program) -> Program:
    return Program.objects.get(pk=program.pk)


def rows(prefix: str, *fields: dict[str, str]) -> dict[str, Any]:
    """Rows as a browser sends them."""
    sent: dict[str, Any] = {f"{prefix}-count": len(fields)}
    for i, field in enumerate(fields):
        sent |= {f"{prefix}-{i}-{name}": value for name, value in field.items()}
    return sent


def field(name: str, kind: str = "text", was: str = "", **more: str) -> dict[str, str]:
    return {"name": name, "type": kind, "was": was, "description": "", "choices": "", **more}


MESSAGE_ROW = field("message", was="message", description="what the customer wrote")
INTENT_ROW = field("intent", "choice", was="intent", choices="refund\r\ndelivery\r\n\r\n other ")


def module_data(**changed: Any) -> dict[str, Any]:
    return {
        "revision": 1,
        "name": "classify",
        "kind": "predict",
        "instruction": "Classify the {message}.",
        "description": "",
        **rows("inputs", MESSAGE_ROW),
        **rows("outputs", INTENT_ROW),
        **changed,
    }


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())
