"""Errors as providers write them: their words, and those that stand in an answer of status 200."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LONGEST_RAW = 2000
"""Characters of what a gateway quotes of the provider behind it."""


@dataclass(frozen=True)
class Inner:
    """An error instead of a completion. `status` is None where nothing says which it is."""

    words: str
    status: int | None
    retry_after: float | None = None


def words_of(text: str) -> str:
    """What a provider says of an error, wherever in its answer that stands."""
    try:
        found = json.loads(text)
        error = found.get("error", found) if isinstance(found, dict) else found
        return _words(error)
    except (ValueError, RecursionError):
        return text  # not JSON: the text itself is what it says


def error_of(found: dict[str, Any]) -> Inner | None:
    """The error that an answer is which came as a good one; None where it is none."""
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    own = first.get("error") if isinstance(first, dict) else None
    if own:
        return _inner(own, {})
    if first is not None or found.get("candidates") or found.get("content"):
        return None
    errors = found.get("errors")
    several = errors[0] if isinstance(errors, list) and errors else errors
    error = found.get("error") or several or _bare(found)
    return _inner(error, found) if error else None


def withheld(found: dict[str, Any]) -> str:
    """Why a filter let no candidate through, "" where none did so."""
    told = found.get("promptFeedback")
    blocked = isinstance(told, dict) and told.get("blockReason")
    return json.dumps(told) if blocked and not found.get("candidates") else ""


def _words(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    words = str(error.get("message", error))
    extra = [error.get("param"), _quoted(error.get("metadata")), _code_word(error)]
    return " ".join([words, *(f"({part})" for part in extra if part and str(part) not in words)])


def _code_word(error: dict[str, Any]) -> str:
    """A code in words, as insufficient_quota: the message may say less."""
    code = error.get("code")
    return code if isinstance(code, str) and not code.isdigit() else ""


def _quoted(metadata: object) -> str:
    """What a gateway says of the error of the provider behind it."""
    if not isinstance(metadata, dict):
        return ""
    parts = [metadata.get("raw"), metadata.get("reasons")]
    return " ".join(part if isinstance(part, str) else json.dumps(part) for part in parts if part)[
        :LONGEST_RAW
    ]


def _bare(found: dict[str, Any]) -> object:
    """An object that is an error itself, by what it says and by what it lacks."""
    if "choices" in found or "usage" in found:
        return None
    failed = found.get("object") == "error" or found.get("success") is False
    told = found.get("message") or found.get("detail") or found.get("msg")
    return found if told and (failed or _number(found) is not None) else None


def _inner(error: object, found: dict[str, Any]) -> Inner:
    words = _words(error)
    status = _number(error)
    if status is None:
        status = _number({k: v for k, v in found.items() if k != "error"})
    if status is None:
        status = next((n for n, marks in _MARKS.items() if marks.search(_marked(error))), None)
    return Inner(words, status, _retry_after(error))


def _number(error: object) -> int | None:
    """The HTTP status that is said as a number."""
    if not isinstance(error, dict):
        return None
    for name in ("code", "status", "status_code", "http_status", "statusCode", "error_code"):
        said = error.get(name)
        number = int(said) if isinstance(said, str) and said.isdigit() else said
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            return number
    return None


def _marked(error: object) -> str:
    return (json.dumps(error) if isinstance(error, dict | list) else str(error)).casefold()


_MARKS = {
    402: re.compile(r"insufficient[_ ](?:quota|balance|credit|funds)|payment required|billing"),
    429: re.compile(
        r"rate[_ -]?limit|too[_ ]many[_ ]requests|throttl|resource[_ ]?exhausted|quota"
    ),
    401: re.compile(
        r"authentication|unauthori[sz]ed|(?:invalid|incorrect|wrong|missing)[_ ]api[_ ]?key"
    ),
    403: re.compile(r"permission|forbidden"),
    404: re.compile(r"not[_ ]found|no such model|model_not_found|does not exist"),
    529: re.compile(r"overloaded_error"),
    503: re.compile(r"overloaded|unavailable|capacity|loading|busy"),
    504: re.compile(r"timed? ?out|timeout"),
    400: re.compile(
        r"invalid[_ ]request|bad[_ ]request|context[_ ]length|content[_ ](?:filter|policy)"
    ),
    502: re.compile(r"bad gateway|upstream|provider returned error|server[_ ]error|internal"),
}
"""Words by the status that they stand for, tried in this order."""


def _retry_after(error: object) -> float | None:
    return next(_waits(error), None)


def _waits(error: object) -> Iterator[float]:
    """Seconds to wait, as said in the error's fields, its gateway's headers or its words."""
    if not isinstance(error, dict):
        return
    metadata = error.get("metadata")
    headers = metadata.get("headers") if isinstance(metadata, dict) else None
    for place in (error, metadata, headers):
        if isinstance(place, dict):
            for name, value in place.items():
                if str(name).lower().replace("-", "_") in ("retry_after", "retry_after_seconds"):
                    yield from _seconds(value)
    found = re.search(r"(?:try again|retry) (?:in|after) (\d+(?:\.\d+)?) ?s", _marked(error))
    if found:
        yield float(found[1])


def _seconds(value: object) -> Iterator[float]:
    try:
        yield max(0.0, float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return
