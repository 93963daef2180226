"""Values of typed files as cells: what is nested or has a type of its own is written out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isnan

from optimizer.core.programs.signature import Value


def cell_of(value: object) -> Value:
    """Texts, numbers, truth values and lists of texts as they are; dates as ISO 8601; decimals as
    they are written; what is nested as JSON. Not a number is no value, and neither are bytes that
    are no text.
    """
    if type(value) is str:
        return value
    if isinstance(value, float):
        return None if isnan(value) else value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    plain = _plain(value)
    if plain is None or isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False)


def is_binary(value: object) -> bool:
    """Whether it is bytes that are no text, or has some."""
    if isinstance(value, bytes):
        return _text_of(value) is None
    if isinstance(value, Mapping):
        return any(map(is_binary, value.values()))
    return isinstance(value, list | tuple) and any(map(is_binary, value))


def _plain(value: object) -> object:
    """The same of what JSON knows."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, bytes):
        return _text_of(value)
    if isinstance(value, float):
        return None if isnan(value) else value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _text_of(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
