"""What is told of a row, in one column: a problem, or the sentence that earlier versions kept."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from optimizer import codec
from optimizer.core.problems import Message, Problem

_BEGINS = '{"code": '


class MessageField(models.TextField):  # type: ignore[type-arg]
    """A text column of messages: a problem is its JSON there, "" is none."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Message | None:
        return read(value) if value else value

    def to_python(self, value: Any) -> Any:
        return read(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Problem) else super().get_prep_value(value)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs  # it is stored as one


def read(text: str) -> Message:
    return codec.from_json(Problem, json.loads(text)) if text.startswith(_BEGINS) else text


def written(told: Problem) -> str:
    return json.dumps(codec.to_json(told), sort_keys=True, ensure_ascii=False)
