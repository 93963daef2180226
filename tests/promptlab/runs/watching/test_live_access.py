"""An open run page is read by whoever may read it at this moment, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from optimizer import doorbell
from optimizer.models import Run
from promptlab.accounts.admission import admit, renewed
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.asgi import application
from promptlab.live import room
from promptlab.live.hub import hub
from promptlab.live.room import FINISHED, NOT_ALLOWED
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.live import LiveRun
from promptlab.ui.parameters import Parameters
from tests.fakes.websocket import Socket

HERE = "/ws/p/support-triage/runs/1/"
QUICKLY = 5.0


def switch_off(user: User, browser: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def remove(user: User, browser: Client) -> None:
    user.memberships.all().delete()


def demote(user: User, browser: Client) -> None:
    user.memberships.update(role=Role.VIEWER)


def change_password(user: User, browser: Client) -> None:
    user.set_password("another one altogether")
    user.save()


def sign_out(user: User, browser: Client) -> None:
    browser.post("/logout/")


def flush(user: User, browser: Client) -> None:
    browser.session.flush()


def expire(user: User, browser: Client) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.filter(session_key=browser.session.session_key).update(expire_date=past)


def delete(user: User, browser: Client) -> None:
    user.delete()


LOSSES = [switch_off, remove, demote, change_password, sign_out, flush, expire, delete]


class Reader:
    """A member at an open page, and how they come to lose it."""

    def __init__(self, project: Project, loss: Callable[[User, Client], None] | None) -> None:
        name = loss.__name__ if loss else "nothing"
        self.user = User.objects.create_user(f"{name}@example.org", "as long as it takes")
        project.memberships.create(user=self.user, role=Role.EDITOR)
        self.browser, self._loss = Client(), loss
        self.browser.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.page: Any = None

    def lose(self) -> None:
        if self._loss:
            self._loss(self.user, self.browser)


@asynccontextmanager
async def reading(project_run: ProjectRun) -> AsyncIterator[tuple[Reader, list[Reader]]]:
    """One who goes on reading, and one for each loss; all have got the page."""

    def come() -> list[Reader]:
        return [Reader(project_run.project, loss) for loss in (None, *LOSSES)]

    async with AsyncExitStack() as stack:
        everybody = await database_sync_to_async(come)()
        for reader in everybody:
            reader.page = Socket(application, HERE, reader.browser.cookies)
            assert await reader.page.connect(QUICKLY)
            stack.push_async_callback(reader.page.disconnect)
        for reader in everybody:
            assert "run-actions" in await reader.page.frame(QUICKLY)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        yield everybody[0], everybody[1:]


async def test_whoever_lost_access_is_not_sent_one_more_frame(
    transactional_db: None, halfway: ProjectRun
) -> None:
    async with reading(halfway) as (witness, losers):

        def lose_and_ring() -> None:
            for reader in losers:
                reader.lose()
            Run.objects.filter(pk=halfway.run_id).update(used_calls=888)
            doorbell.ring("run", halfway.run_id)

        await database_sync_to_async(lose_and_ring)()
        for reader in losers:
            assert await reader.page.close_code(QUICKLY) == NOT_ALLOWED, reader.user.email
        assert "<dd>888" in await witness.page.frame(QUICKLY)


async def test_an_idle_page_is_closed_too(
    transactional_db: None, halfway: ProjectRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "HEARTBEAT", 1.0)
    async with reading(halfway) as (_witness, losers):

        def lose() -> None:
            for reader in losers:
                reader.lose()

        await database_sync_to_async(lose)()
        for reader in losers:
            assert await reader.page.close_code(QUICKLY) == NOT_ALLOWED, reader.user.email


async def test_the_page_of_a_run_that_ended_is_sent_whole_and_its_socket_closed(
    transactional_db: None, finished: ProjectRun, carol: User, client_of: Callable[[User], Client]
) -> None:
    browser = await database_sync_to_async(client_of)(carol)
    page = Socket(application, HERE, browser.cookies)
    assert await page.connect(QUICKLY)
    assert "run-verdict" in await page.frame(QUICKLY)
    assert await page.close_code(QUICKLY) == FINISHED
    await page.disconnect()


async def test_it_stays_open_while_an_evaluation_will_join_its_candidates(
    transactional_db: None, finished: ProjectRun, carol: User, client_of: Callable[[User], Client]
) -> None:
    def begin() -> int:
        spec = {**finished.run.spec, "optimizer": "evaluation"}
        beside = Run.objects.get(pk=finished.run_id)
        beside.pk, beside.spec, beside.status = None, spec, Run.Status.RUNNING
        beside.best_candidate, beside.beside = None, finished.run
        beside.save(force_insert=True)
        return beside.pk

    def end(beside: int) -> None:
        Run.objects.filter(pk=beside).update(status=Run.Status.FINISHED)
        doorbell.ring("run", finished.run_id)

    beside = await database_sync_to_async(begin)()
    browser = await database_sync_to_async(client_of)(carol)
    page = Socket(application, HERE, browser.cookies)
    assert await page.connect(QUICKLY)
    await page.frame(QUICKLY)
    assert await page.receive_nothing(1.0)
    await database_sync_to_async(end)(beside)
    assert await page.close_code(QUICKLY) == FINISHED
    await page.disconnect()


async def test_readers_of_one_page_share_its_reading_and_each_gets_every_change(
    transactional_db: None,
    halfway: ProjectRun,
    carol: User,
    erin: User,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, roles = LiveRun.read, []

    def counted(page: LiveRun, role: Role) -> dict[str, Any]:
        roles.append(role)
        return read(page, role)

    def ring() -> None:
        Run.objects.filter(pk=halfway.run_id).update(used_calls=888)
        doorbell.ring("run", halfway.run_id)

    monkeypatch.setattr(LiveRun, "read", counted)
    browsers = [await database_sync_to_async(client_of)(user) for user in (carol, carol, erin)]
    pages = [Socket(application, HERE, browser.cookies) for browser in browsers]
    for page in pages:
        assert await page.connect(QUICKLY)
    for page in pages:
        assert "run-trials" in await page.frame(QUICKLY)
    roles.clear()
    await database_sync_to_async(ring)()
    for page in pages:
        assert "<dd>888" in await page.frame(QUICKLY)
    assert sorted(roles) == sorted([Role.VIEWER, Role.EDITOR])
    for page in pages:
        await page.disconnect()


async def test_strangers_are_turned_away_for_good(
    transactional_db: None, halfway: ProjectRun, dave: User, client_of: Callable[[User], Client]
) -> None:
    outsider = await database_sync_to_async(client_of)(dave)
    for browser, path in [
        (Client(), HERE),
        (outsider, HERE),
        (outsider, "/ws/p/no-such-project/runs/1/"),
        (outsider, "/ws/p/daves-own/runs/1/"),
    ]:
        page = Socket(application, path, browser.cookies)
        assert await page.connect(QUICKLY)
        assert await page.close_code(QUICKLY) == NOT_ALLOWED, path
        await page.disconnect()


async def test_odd_addresses_of_sockets_are_turned_away(
    transactional_db: None, halfway: ProjectRun, carol: User, client_of: Callable[[User], Client]
) -> None:
    browser = await database_sync_to_async(client_of)(carol)
    many = "&".join(f"a{n}=1" for n in range(1500))
    for number, query in (("9" * 30, ""), ("2147483648", ""), ("1", many)):
        page = Socket(application, f"/ws/p/support-triage/runs/{number}/?{query}", browser.cookies)
        assert await page.connect(QUICKLY)
        assert await page.close_code(QUICKLY) == NOT_ALLOWED, number
        await page.disconnect()
    for path in ("/", "/ws/", "/ws/p/²/runs/1/", f"/ws/p/support-triage/runs/{'9' * 5000}/"):
        assert not await Socket(application, path, browser.cookies).connect(QUICKLY), path
    odd = Socket(application, f"{HERE}?trials=²&page=\xff\x00&page[]=1", browser.cookies)
    assert await odd.connect(QUICKLY)
    assert "run-actions" in await odd.frame(QUICKLY)
    await odd.disconnect()


async def test_whoever_gains_a_role_gets_its_buttons(
    transactional_db: None, halfway: ProjectRun, carol: User, client_of: Callable[[User], Client]
) -> None:
    def promote() -> None:
        carol.memberships.update(role=Role.EDITOR)
        doorbell.ring("run", halfway.run_id)

    browser = await database_sync_to_async(client_of)(carol)
    page = Socket(application, HERE, browser.cookies)
    assert await page.connect(QUICKLY)
    assert "do-pause" not in await page.frame(QUICKLY)
    await asyncio.wait_for(hub().connected.wait(), QUICKLY)
    await database_sync_to_async(promote)()
    assert "do-pause" in await page.frame(QUICKLY)
    await page.disconnect()


def test_asking_again_costs_two_queries_a_frame_for_however_many(
    halfway: ProjectRun, carol: User, client_of: Callable[[User], Client]
) -> None:
    admission = admit(client_of(carol).session, halfway.project.slug)
    page = LiveRun(halfway.project, halfway.number, Parameters())
    page.changes(admission.role)
    with CaptureQueriesContext(connection) as asked:
        assert renewed([admission] * 50) == [admission] * 50
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as read:
        page.changes(admission.role)
    assert len(read) == 1


# --- A database that goes away -----------------------------------------------------------------


def shut(spared: int, *, open_again: bool) -> None:
    """Break every connection to the database but one, and refuse new ones until opened again."""
    known = connection.settings_dict
    database = known["NAME"]
    with psycopg.connect(
        dbname="postgres", user=known["USER"], password=known["PASSWORD"], host=known["HOST"],
        port=known["PORT"], autocommit=True,
    ) as server:  # fmt: skip
        server.execute(
            "UPDATE pg_database SET datallowconn = %s WHERE datname = %s", [open_again, database]
        )
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> %s",
            [database, spared],
        )


@pytest.fixture
def own_connection(transactional_db: None) -> int:
    """Process id of the connection by which pytest tidies up."""
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


async def test_a_page_goes_on_when_the_database_is_back(
    own_connection: int,
    halfway: ProjectRun,
    carol: User,
    client_of: Callable[[User], Client],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def later() -> None:
        Run.objects.filter(pk=halfway.run_id).update(used_calls=888)

    browser = await database_sync_to_async(client_of)(carol)
    page = Socket(application, HERE, browser.cookies)
    assert await page.connect(QUICKLY)
    await page.frame(QUICKLY)
    await asyncio.wait_for(hub().connected.wait(), QUICKLY)
    shut(own_connection, open_again=False)
    try:
        late = Socket(application, HERE, browser.cookies)
        assert await late.connect(QUICKLY)
        assert await late.close_code(QUICKLY) == room.TRY_AGAIN
        async with asyncio.timeout(15):
            while "waits" not in caplog.text:
                await asyncio.sleep(0.05)
    finally:
        shut(own_connection, open_again=True)
    await database_sync_to_async(later)()
    frame = await page.frame(QUICKLY + room.LONGEST_WAIT)
    assert "<dd>888" in frame
    assert "run-trials" in frame  # nobody knows what had arrived: the whole page again
    await page.disconnect()


async def test_a_page_that_breaks_does_not_keep_its_socket_open(
    transactional_db: None,
    halfway: ProjectRun,
    carol: User,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def defect(page: LiveRun, role: Role) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(LiveRun, "changes", defect)
    browser = await database_sync_to_async(client_of)(carol)
    page = Socket(application, HERE, browser.cookies)
    assert await page.connect(QUICKLY)
    assert await page.close_code(QUICKLY) == room.BROKEN
    await page.disconnect()
