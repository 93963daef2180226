"""The database is away, or a disk takes nothing: every answer is a sentence, and nothing breaks."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from promptlab import outage
from promptlab.accounts.models import Project, User
from promptlab.launch.disk import Kind, Trouble

ERRORS: list[BaseException] = []


def fails(request: HttpRequest) -> HttpResponse:
    raise ERRORS[-1]


urlpatterns = [path("page", fails), path("api/v1/thing", fails)]
handler500 = "promptlab.outage.server_error"


def of_postgres(kind: type[psycopg.Error], seen_as: type[DatabaseError]) -> DatabaseError:
    """As Django passes an error of Postgres on."""
    error = seen_as("could not do that")
    error.__cause__ = kind("could not do that")
    return error


def within(error: BaseException) -> BaseException:
    outer = RuntimeError("while doing that")
    outer.__cause__ = error
    return outer


def disk(number: int) -> OSError:
    return OSError(number, os.strerror(number))


AWAY, FULL, STUCK, BUSY = "cannot be reached", "disk is full", "cannot be written", "too much to do"
KINDS: list[tuple[BaseException, str]] = [
    (OperationalError("connection refused"), AWAY),
    (InterfaceError("connection already closed"), AWAY),
    (psycopg.OperationalError("server closed the connection"), AWAY),
    (of_postgres(psycopg.errors.AdminShutdown, OperationalError), AWAY),
    (of_postgres(psycopg.errors.DiskFull, OperationalError), FULL),
    (within(of_postgres(psycopg.errors.DiskFull, OperationalError)), FULL),
    (of_postgres(psycopg.errors.ReadOnlySqlTransaction, DatabaseError), STUCK),
    (of_postgres(psycopg.errors.TooManyConnections, OperationalError), BUSY),
    (of_postgres(psycopg.errors.DeadlockDetected, OperationalError), BUSY),
    (of_postgres(psycopg.errors.LockNotAvailable, OperationalError), BUSY),
    (of_postgres(psycopg.errors.QueryCanceled, OperationalError), BUSY),
    (disk(errno.ENOSPC), FULL),
    (disk(errno.EDQUOT), FULL),
    (within(disk(errno.ENOSPC)), FULL),
    (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), FULL),
    (disk(errno.EROFS), STUCK),
    (disk(errno.EIO), STUCK),
    (disk(errno.EMFILE), BUSY),
    (MemoryError(), BUSY),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def failing(client: Client) -> Iterator[Callable[..., Any]]:
    def get(error: BaseException, address: str = "/page", **options: Any) -> Any:
        ERRORS.append(error)
        return client.generic(options.pop("method", "GET"), address, **options)

    with override_settings(ROOT_URLCONF=__name__):
        yield get
    ERRORS.clear()


@pytest.mark.parametrize(("error", "words"), KINDS, ids=lambda value: str(value)[:30])
def test_what_is_no_defect_is_a_503_that_says_what_it_is(
    failing: Callable[..., Any], error: BaseException, words: str
) -> None:
    page = failing(error)
    assert page.status_code == 503
    assert words in page.content.decode().replace("&#x27;", "'")
    assert page["Retry-After"] == "10"
    assert "default-src 'none'" in page["Content-Security-Policy"]

    for_programs = failing(error, "/api/v1/thing")
    assert for_programs.status_code == 503
    assert words in for_programs.json()["detail"]

    for_htmx = failing(error, headers={"HX-Request": "true"})
    assert for_htmx["Content-Type"].startswith("text/plain")
    assert words in for_htmx.content.decode()


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        IntegrityError("duplicate key"),
        DatabaseError("syntax error"),
        PermissionError(errno.EACCES, "Permission denied"),
        FileNotFoundError(errno.ENOENT, "No such file"),
    ],
    ids=str,
)
def test_a_defect_stays_one(failing: Callable[..., Any], error: BaseException) -> None:
    page = failing(error)
    assert page.status_code == 500
    assert "Something broke" in page.content.decode()
    assert "Retry-After" not in page
    assert failing(error, "/api/v1/thing").json()["problems"] == []


def test_a_database_that_is_away_because_of_the_disk_is_told_as_that(
    failing: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "trouble_with", lambda home: Trouble(Kind.FULL, "no room at all"))
    page = failing(OperationalError("connection refused")).content.decode()
    assert "disk is full" in page.replace("&#x27;", "'")
    assert "no room at all" not in page  # which names folders of the server


def test_after_something_was_sent_the_page_says_how_to_send_it_again(
    failing: Callable[..., Any],
) -> None:
    assert "Reload this page to send it again" in failing(MemoryError(), method="POST").text
    assert 'href="/page?a=1"' in failing(MemoryError(), "/page?a=1").text


def test_the_log_has_a_line_and_no_traceback(
    failing: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "_logged", {})
    for _ in range(5):
        failing(OperationalError("connection refused\nis it running?"))
    assert [record.getMessage() for record in caplog.records] == [
        "The database cannot be reached (GET /page: connection refused)"
    ]
    assert caplog.records[0].exc_info is None


# --- with the product's own addresses -----------------------------------------------------------


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody gets a connection, whatever was open before."""

    def refused(*_: Any, **__: Any) -> Any:
        raise OperationalError("connection refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", refused)
        yield


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Every address of the site, with something in the place of each parameter."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, before + route_of(entry))
        elif isinstance(entry, URLPattern):
            yield before + route_of(entry)


FILLED = {
    "int": "7",
    "slug": "desk",
    "str": "word",
    "uuid": "8a7a3b1e-7c53-4c4e-9d0f-0b8f0d7b6c11",
    "path": "a/b",
}


def route_of(entry: URLPattern | URLResolver) -> str:
    route = str(getattr(entry.pattern, "_route", ""))
    while "<" in route:
        head, _, rest = route.partition("<")
        parameter, _, tail = rest.partition(">")
        kind = parameter.rpartition(":")[0] or "str"
        route = head + FILLED.get(kind, "word") + tail
    return route


@pytest.mark.django_db
def test_every_address_answers_with_a_sentence_while_the_database_is_away(
    client: Client, erin: User
) -> None:
    client.force_login(erin)
    signed_in = client.cookies["promptlab_session"].value
    found: dict[int, list[str]] = {}
    with database_away():
        for address in sorted(set(addresses(get_resolver().url_patterns))):
            for method in ("GET", "POST"):
                bearer = {"Authorization": "Bearer pl_x"} if "/api/" in address else {}
                answer = client.generic(method, address, headers=bearer)
                found.setdefault(answer.status_code, []).append(f"{method} {address}")
                if answer.status_code != 503 or address == "/healthz":
                    continue
                if address.startswith("/api/"):
                    assert "cannot be reached" in answer.json()["detail"], address
                else:
                    assert "cannot be reached" in answer.content.decode(), address
                assert "Retry-After" in answer
                assert client.cookies["promptlab_session"].value == signed_in
    assert 500 not in found, found[500]
    assert len(found[503]) > 150, {status: len(which) for status, which in found.items()}
    assert client.get("/projects/").status_code in {200, 302, 404}


@pytest.mark.django_db
def test_who_was_signed_in_still_is_when_the_database_is_back(client: Client, erin: User) -> None:
    client.force_login(erin)
    with database_away():
        assert client.get("/account/tokens/").status_code == 503
        assert client.get("/healthz").json() == {"status": "down", "database": "down", "disk": "ok"}
    assert client.get("/healthz").json()["database"] == "ok"
    assert "_auth_user_id" in client.session


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise disk(errno.ENOSPC)

    monkeypatch.setattr("promptlab.datasets.uploads.receive", full)


@pytest.mark.django_db
@pytest.mark.usefixtures("no_room")
def test_a_file_without_room_for_it_is_refused_at_its_field(
    client: Client, erin: User, project: Project
) -> None:
    client.force_login(erin)
    sent = {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}
    page = client.post(f"/p/{project.slug}/datasets/new/", sent)
    assert page.status_code == 507
    assert "disk is full" in page.text.replace("&#x27;", "'")
    assert 'type="file"' in page.text


@pytest.mark.django_db
@pytest.mark.usefixtures("no_room")
def test_a_page_with_scripts_keeps_its_form_and_is_told(
    client: Client, erin: User, project: Project
) -> None:
    client.force_login(erin)
    sent = {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}
    headers = {"HX-Request": "true"}
    answer = client.post(f"/p/{project.slug}/datasets/new/", sent, headers=headers)
    assert answer.status_code == 503
    assert answer["Content-Type"].startswith("text/plain")


# --- bodies that cannot be kept -----------------------------------------------------------------


async def send(address: str, body: bytes, *headers: tuple[bytes, bytes]) -> tuple[Any, str]:
    """A request through the whole ASGI application; the start of its answer, and its text."""
    from promptlab.asgi import application

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": address, "scheme": "http",
        "raw_path": address.encode(), "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "headers": [(b"host", b"127.0.0.1"), *headers],
    }  # fmt: skip
    caller = ApplicationCommunicator(application, scope)
    for start in range(0, len(body), 2**20):
        chunk = body[start : start + 2**20]
        more = start + 2**20 < len(body)
        await caller.send_input({"type": "http.request", "body": chunk, "more_body": more})
    begun = await caller.receive_output(5)
    text = b""
    while (part := await caller.receive_output(5)).get("body") or part.get("more_body"):
        text += part["body"]
        if not part.get("more_body"):
            break
    return begun, text.decode()


@pytest.fixture
def full_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where temporary files lie, there is no room for one of more than a few bytes."""

    class Full(tempfile.SpooledTemporaryFile[bytes]):
        def write(self, data: Any) -> int:
            if len(data) > 100:
                raise disk(errno.ENOSPC)
            return super().write(data)

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Full)


@pytest.mark.usefixtures("full_tmp")
async def test_a_body_that_the_temporary_disk_does_not_take_is_answered_with_a_sentence() -> None:
    begun, text = await send("/p/desk/datasets/new/", b"x" * 5 * 2**20)
    headers = dict(begun["headers"])
    assert begun["status"] == 503
    assert "disk is full" in text.replace("&#x27;", "'")
    assert b"Content-Security-Policy" in headers
    assert headers[b"Retry-After"] == b"10"

    begun, text = await send("/api/v1/projects", b"x" * 1000)
    assert (begun["status"], text[:10]) == (503, '{"title": ')

    begun, text = await send("/login/", b"x" * 1000, (b"hx-request", b"true"))
    assert text.startswith("The server's disk is full")


async def test_a_body_that_turns_out_too_large_is_answered_with_a_sentence() -> None:
    begun, text = await send("/p/desk/datasets/new/", b"x" * 61 * 2**20)
    assert begun["status"] == 413
    assert "Files may have 50 MB" in text
