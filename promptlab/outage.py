"""What is nobody's fault who sent a request: the database is away, a disk is full, we broke.

Everything that climbs out of a page, the API or a middleware ends here, at the site's one door, and
becomes a sentence in the form that the caller reads: a page, JSON, or plain text for htmx.
"""

from __future__ import annotations

import errno
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promptlab.launch.disk import Kind, trouble_with

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10
LOG_EVERY_SECONDS = 10.0
PROBLEM = "application/problem+json"
"""The type of a refusal of the API (RFC 9457)."""
REFUSED = "promptlab.refused"
"""Where the request's scope holds why its body was not taken."""

FULL = {errno.ENOSPC, errno.EDQUOT}
NOT_WRITABLE = {errno.EROFS, errno.EIO, errno.ENODEV, errno.ESTALE}
OVERLOADED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
SESSION_ENDED = {
    psycopg.errors.ReadOnlySqlTransaction.sqlstate,
    psycopg.errors.IdleInTransactionSessionTimeout.sqlstate,
}


@dataclass(frozen=True)
class Answer:
    """What is said: a title, and a sentence on what happened and what to do."""

    status: int
    title: str | Promise
    told: str | Promise


DATABASE_AWAY = Answer(
    503,
    _("The database cannot be reached"),
    _(
        "The database cannot be reached at the moment. Nothing that was saved is lost, and runs "
        "wait and go on by themselves. Try again in a moment."
    ),
)
DISK_FULL = Answer(
    503,
    _("The server's disk is full"),
    _(
        "The server's disk is full, so nothing can be saved at the moment. Nothing that was saved "
        "is lost, and runs wait and go on by themselves. Try again when whoever runs the server "
        "has made room."
    ),
)
DISK_NOT_WRITABLE = Answer(
    503,
    _("The server's disk cannot be written to"),
    _(
        "The server's disk cannot be written to, so nothing can be saved at the moment. Nothing "
        "that was saved is lost, and runs wait and go on by themselves. Tell whoever runs the "
        "server."
    ),
)
BUSY = Answer(
    503,
    _("The server is busy"),
    _("The server has too much to do at the moment, and did nothing of this. Try again shortly."),
)
BROKEN = Answer(
    500,
    _("Something broke on the server"),
    _("It was written to the log. Runs go on, and nothing that was saved is lost."),
)
UNREADABLE = Answer(
    400,
    _("The request cannot be read"),
    _("It was damaged on its way, or has too many parts. Send less at once."),
)
STALE_PAGE = Answer(
    403,
    _("This page was too old to be sent"),
    _(
        "Nothing was changed: since the page was opened you signed in or out, or your browser "
        "keeps no cookies of this site. Reload the form before you send it again."
    ),
)


class BodyTooLarge(Exception):
    """More was sent than is taken; the message says how much that is."""


def answer_to(error: BaseException) -> Answer | None:
    """What to say to an error that is not a defect of ours; None to one that is."""
    return next((answer for cause in _causes(error) if (answer := _answer(cause))), None)


def server_error(request: HttpRequest) -> HttpResponse:
    """The site's handler500: called while the error that climbed out is being handled."""
    error = sys.exc_info()[1]
    answer = answer_to(error) if error else None
    response = _in_form_of(request, answer or BROKEN)
    if answer is not None:
        response["Retry-After"] = str(RETRY_SECONDS)
        _log_once(request, answer, error)
        without_traceback(response)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's handler400."""
    return _in_form_of(request, UNREADABLE)


def stale_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What was sent without the right token: Django's CSRF_FAILURE_VIEW."""
    return _in_form_of(request, STALE_PAGE)


def without_traceback(response: HttpResponse) -> None:
    """Keep Django from logging an answer that is no defect as one."""
    response._has_been_logged = True  # type: ignore[attr-defined]


class Refusals:
    """Django middleware: a request whose body was not taken is answered like all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        error = getattr(request, "scope", {}).get(REFUSED)
        if error is not None:
            raise error
        return self.get_response(request)


def _in_form_of(request: HttpRequest, answer: Answer) -> HttpResponse:
    told = str(answer.told)
    if request.path.startswith("/api/"):
        title = HTTPStatus(answer.status).phrase
        body = {"title": title, "status": answer.status, "detail": told, "problems": []}
        return JsonResponse(body, status=answer.status, content_type=PROBLEM)
    if request.headers.get("HX-Request"):
        plain = "text/plain; charset=utf-8"
        return HttpResponse(told, status=answer.status, content_type=plain)
    context = {
        "title": answer.title,
        "told": told,
        # What was sent is sent again by the browser's own reload.
        "again": request.get_full_path() if request.method in {"GET", "HEAD"} else "",
        "resend": answer.status >= 500,
    }
    page = render_to_string("outage.html", context)  # without the request: it asks the database
    return HttpResponse(page, status=answer.status)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _of_database(error: BaseException) -> Answer:
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
    if state == psycopg.errors.DiskFull.sqlstate:
        return DISK_FULL
    if state == psycopg.errors.ReadOnlySqlTransaction.sqlstate:
        return DISK_NOT_WRITABLE
    if state[:2] in {"40", "53", "55"} or state == psycopg.errors.QueryCanceled.sqlstate:
        return BUSY
    # It may be away because of its disk, which is ours if it is embedded.
    trouble = trouble_with(settings.HOME)
    if trouble is None:
        return DATABASE_AWAY
    return DISK_FULL if trouble.kind in {Kind.FULL, Kind.NO_FILES} else DISK_NOT_WRITABLE


def _answer(error: BaseException) -> Answer | None:
    if isinstance(error, BodyTooLarge):
        return Answer(413, _("That is too much at once"), str(error))
    if isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError):
        return _of_database(error)
    if getattr(error.__cause__, "sqlstate", None) in SESSION_ENDED:  # "internal" errors to Django
        return _of_database(error)
    if isinstance(error, MemoryError):
        return BUSY
    return _of_disk(error) if isinstance(error, OSError) else None


def _of_disk(error: OSError) -> Answer | None:
    if error.errno in FULL or "No usable temporary directory" in str(error):
        return DISK_FULL
    if error.errno in NOT_WRITABLE:
        return DISK_NOT_WRITABLE
    return BUSY if error.errno in OVERLOADED else None


_logged: dict[str, float] = {}


def _log_once(request: HttpRequest, answer: Answer, error: BaseException | None) -> None:
    """A line now and then: while a database is away, every open page asks again and again."""
    now, what = time.monotonic(), str(answer.title)
    if now - _logged.get(what, -LOG_EVERY_SECONDS) >= LOG_EVERY_SECONDS:
        _logged[what] = now
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        logger.warning("%s (%s %s: %s)", what, request.method, request.path, reason)
