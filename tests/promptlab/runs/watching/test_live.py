"""What an open run page is sent, and who is sent nothing any more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.test import Client

from optimizer import doorbell
from optimizer.jobs import controls
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.asgi import application
from promptlab.live import hub as hub_module
from promptlab.reviews import services
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.live import PARTS, LiveRun
from promptlab.ui.parameters import Parameters
from tests.fakes.websocket import Socket

QUICKLY = 5.0


def parts_in(frame: str) -> list[str]:
    return re.findall(r'<hx-partial hx-target="#([\w-]+)"', frame)


def live_page(project_run: ProjectRun, **query: str) -> LiveRun:
    return LiveRun(project_run.project, project_run.number, Parameters(query))


def test_the_first_frame_is_the_whole_page(halfway: ProjectRun) -> None:
    assert set(parts_in(live_page(halfway).changes(Role.VIEWER))) == set(PARTS)


def test_every_part_is_an_element_of_the_first_paint(
    halfway: ProjectRun, carol: User, client_of: Callable[[User], Any]
) -> None:
    first = client_of(carol).get(f"/p/support-triage/runs/{halfway.number}/").content.decode()
    for part in PARTS:
        assert first.count(f'id="{part}"') == 1


def test_nothing_is_sent_when_nothing_changed(halfway: ProjectRun) -> None:
    page = live_page(halfway)
    page.changes(Role.VIEWER)
    assert page.changes(Role.VIEWER) == ""


def test_only_what_changed_is_sent(halfway: ProjectRun) -> None:
    page = live_page(halfway)
    page.changes(Role.EDITOR)
    Run.objects.filter(pk=halfway.run_id).update(used_calls=777)
    assert parts_in(page.changes(Role.EDITOR)) == ["run-state"]
    controls.pause(halfway.run_id)
    frame = page.changes(Role.EDITOR)
    assert set(parts_in(frame)) == {"run-actions", "run-state"}
    assert "Pausing" in frame


def test_the_frame_follows_the_reader_s_filter_and_role(halfway: ProjectRun) -> None:
    assert "do-pause" in live_page(halfway).changes(Role.EDITOR)
    page = live_page(halfway, trials="full")
    frame = page.changes(Role.VIEWER)
    assert "do-pause" not in frame
    assert '<span class="tag">mini' not in frame
    assert "do-pause" in page.changes(Role.EDITOR)


def test_a_decision_s_new_note_reaches_pages_that_show_the_earlier_one(
    finished: ProjectRun, bob: User
) -> None:
    best = finished.run.best_candidate
    assert best is not None
    page = live_page(finished)
    for note in ("Too long.", "Still too long."):
        services.reject(finished, best, bob, note)
        assert note in page.changes(Role.VIEWER)


def test_pages_without_a_socket_can_ask_for_all_parts(
    halfway: ProjectRun, carol: User, client_of: Callable[[User], Any]
) -> None:
    url = f"/p/support-triage/runs/{halfway.number}/live/"
    assert set(parts_in(client_of(carol).get(url).content.decode())) == set(PARTS)


# --- Over the socket --------------------------------------------------------------------------


@asynccontextmanager
async def socket(browser: Client, path: str) -> AsyncIterator[Socket]:
    open_page = Socket(application, path, browser.cookies)
    assert await open_page.connect(QUICKLY)
    try:
        yield open_page
    finally:
        await open_page.disconnect()


@pytest.fixture
def path(transactional_db: None, halfway: ProjectRun) -> str:
    return f"/ws/p/support-triage/runs/{halfway.number}/"


@pytest.fixture
def reader(transactional_db: None, carol: User, client_of: Callable[[User], Client]) -> Client:
    """Carol's browser."""
    return client_of(carol)


async def test_a_reader_gets_the_page_and_then_its_changes(
    path: str, halfway: ProjectRun, reader: Client
) -> None:
    async with socket(reader, path) as page:
        assert set(parts_in(await page.frame(QUICKLY))) == set(PARTS)
        await database_sync_to_async(controls.pause)(halfway.run_id)
        assert "Pausing" in await page.frame(QUICKLY)


async def test_what_happens_while_the_doorbell_is_still_being_connected_is_told(
    path: str, halfway: ProjectRun, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = hub_module._connect

    async def slowly() -> object:
        await asyncio.sleep(0.5)
        return await connect()

    monkeypatch.setattr(hub_module, "_connect", slowly)
    async with socket(reader, path) as page:
        await page.frame(QUICKLY)
        await database_sync_to_async(controls.pause)(halfway.run_id)
        assert "Pausing" in await page.frame(2.0)


async def test_rings_close_together_make_one_frame(
    path: str, halfway: ProjectRun, reader: Client
) -> None:
    def ring_often() -> None:
        for calls in range(800, 820):
            Run.objects.filter(pk=halfway.run_id).update(used_calls=calls)
            doorbell.ring("run", halfway.run_id)

    async with socket(reader, path) as page:
        await page.frame(QUICKLY)
        await database_sync_to_async(ring_often)()
        frames = [await page.frame(QUICKLY)]
        while not await page.receive_nothing(1.2):
            frames.append(await page.frame(QUICKLY))
        assert len(frames) <= 2
        assert "<dd>819" in frames[-1]


async def test_a_lost_doorbell_is_found_again_and_everyone_is_told(
    path: str, halfway: ProjectRun, reader: Client
) -> None:
    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'promptlab doorbell' AND datname = current_database()"
            )
        # Nobody listens: this ring is lost.
        Run.objects.filter(pk=halfway.run_id).update(used_calls=888)
        doorbell.ring("run", halfway.run_id)

    async with socket(reader, path) as page:
        await page.frame(QUICKLY)
        await database_sync_to_async(cut)()
        assert "<dd>888" in await page.frame(QUICKLY)


async def test_one_connection_serves_all_readers_and_goes_with_the_last(
    path: str, reader: Client, erin: User, client_of: Callable[[User], Client]
) -> None:
    other = await database_sync_to_async(client_of)(erin)

    def listeners() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'promptlab doorbell'"
            )
            found: int = cursor.fetchone()[0]
            return found

    async with socket(reader, path) as one, socket(other, path) as two:
        await one.frame(QUICKLY)
        await two.frame(QUICKLY)
        assert await database_sync_to_async(listeners)() == 1
    async with asyncio.timeout(QUICKLY):
        while await database_sync_to_async(listeners)():  # Postgres notices a moment later
            await asyncio.sleep(0.02)
