"""Refusals: which failure has which status."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from optimizer.core.problems import Conflict, Forbidden, Refused
from optimizer.sentences import sentence as told
from promptlab.accounts.throttle import TooManyAttempts
from promptlab.accounts.tokens import TokenNotValid
from promptlab.api.error_details import problems_of, sentence
from promptlab.api.schemas.base import Problem, Refusal
from promptlab.datasets.turns import Busy
from promptlab.outage import PROBLEM

STATUS: dict[type[Exception], int] = {
    TokenNotValid: 401,
    PermissionDenied: 403,
    Forbidden: 403,
    Http404: 404,
    RequestDataTooBig: 413,
    TooManyAttempts: 429,
    Conflict: 409,
    Refused: 422,
    ValidationError: 422,
    Busy: 503,
}
RETRY_SECONDS = 5  # after a 503


def handle_all(api: NinjaAPI) -> None:
    """Anything that is not in the table climbs: it is a defect, not an answer."""
    for kind in (*STATUS, HttpError):
        api.add_exception_handler(kind, _handler(api))


def refuse(api: NinjaAPI, request: HttpRequest, error: Exception) -> HttpResponse:
    problems, status = problems_of(error), _status(error)
    refusal = Refusal(
        title=HTTPStatus(status).phrase, status=status, detail=_detail(error, problems),
        problems=problems,
    )  # fmt: skip
    response = api.create_response(request, refusal.model_dump(), status=status)
    response["Content-Type"] = f"{PROBLEM}; charset=utf-8"
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="promptlab"'
    if isinstance(error, TooManyAttempts):
        response["Retry-After"] = str(error.seconds)
    return response


def _handler(api: NinjaAPI) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        return refuse(api, request, error)

    return handle


def _status(error: Exception) -> int:
    if isinstance(error, HttpError):
        return error.status_code
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


_SAID = {
    AuthenticationError: "Send an API token: Authorization: Bearer TOKEN. Create one on your API "
    "tokens page, or with `manage.py api_token EMAIL`.",
    RequestDataTooBig: "The request's body is too large. Send less at once; data belongs into a "
    "dataset's file.",
    HttpError: "The request's body cannot be read. Send JSON in UTF-8.",
}


def _detail(error: Exception, problems: list[Problem]) -> str:
    if isinstance(error, Refused) and error.summary is not None:
        return told(error.summary)
    if isinstance(error, ValidationError | Refused):
        return sentence(problems)
    return _SAID.get(type(error)) or str(error) or "There is no such thing here."
