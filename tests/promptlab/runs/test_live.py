"""What an open run page is sent, and who is sent nothing any more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import Http404

from optimizer import controls, doorbell
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.runs.consumers import NOT_ALLOWED
from promptlab.runs.hub import hub
from promptlab.runs.live import PARTS, LivePage
from promptlab.runs.models import Launch
from promptlab.runs.routing import websocket_urlpatterns
from tests.fakes.websocket import Socket

QUICKLY = 5.0


def parts_in(frame: str) -> list[str]:
    return re.findall(r'<hx-partial hx-target="#([\w-]+)"', frame)


def live_page(user: User, launch: Launch, **query: str) -> LivePage:
    return LivePage(user, "support-triage", launch.number, query)


def test_the_first_frame_is_the_whole_page(halfway: Launch, carol: User) -> None:
    page = live_page(carol, halfway)
    assert set(parts_in(page.changes())) == set(PARTS)


def test_every_part_is_an_element_of_the_first_paint(
    halfway: Launch, carol: User, client_of: Callable[[User], Any]
) -> None:
    first = client_of(carol).get(f"/p/support-triage/runs/{halfway.number}/").content.decode()
    for part in PARTS:
        assert first.count(f'id="{part}"') == 1


def test_nothing_is_sent_when_nothing_changed(halfway: Launch, carol: User) -> None:
    page = live_page(carol, halfway)
    page.changes()
    assert page.changes() == ""


def test_only_what_changed_is_sent(halfway: Launch, erin: User) -> None:
    page = live_page(erin, halfway)
    page.changes()
    Run.objects.filter(pk=halfway.run_id).update(used_calls=777)
    assert parts_in(page.changes()) == ["run-state"]
    controls.pause(halfway.run_id)
    frame = page.changes()
    assert set(parts_in(frame)) == {"run-actions", "run-state"}
    assert "Pausing" in frame


def test_the_frame_follows_the_reader_s_filter_and_role(
    halfway: Launch, carol: User, erin: User
) -> None:
    assert "do-pause" in live_page(erin, halfway).changes()
    frame = live_page(carol, halfway, trials="full").changes()
    assert "do-pause" not in frame
    assert '<span class="tag">mini' not in frame


def test_who_left_the_project_is_refused_at_the_next_change(halfway: Launch, carol: User) -> None:
    page = live_page(carol, halfway)
    page.changes()
    carol.memberships.all().delete()
    with pytest.raises(Http404):
        page.changes()


def test_pages_without_a_socket_can_ask_for_all_parts(
    halfway: Launch, carol: User, client_of: Callable[[User], Any]
) -> None:
    url = f"/p/support-triage/runs/{halfway.number}/live/"
    assert set(parts_in(client_of(carol).get(url).content.decode())) == set(PARTS)


# --- Over the socket --------------------------------------------------------------------------


@asynccontextmanager
async def socket(user: User | AnonymousUser, path: str) -> AsyncIterator[Socket]:
    open_page = Socket(URLRouter(websocket_urlpatterns), path, user)
    assert await open_page.connect(QUICKLY)
    try:
        yield open_page
    finally:
        await open_page.disconnect()


@pytest.fixture
def path(transactional_db: None, halfway: Launch) -> str:
    return f"/ws/p/support-triage/runs/{halfway.number}/"


async def test_a_reader_gets_the_page_and_then_its_changes(
    path: str, halfway: Launch, carol: User
) -> None:
    async with socket(carol, path) as page:
        assert set(parts_in(await page.frame(QUICKLY))) == set(PARTS)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        await database_sync_to_async(controls.pause)(halfway.run_id)
        assert "Pausing" in await page.frame(QUICKLY)


async def test_rings_close_together_make_one_frame(path: str, halfway: Launch, carol: User) -> None:
    def ring_often() -> None:
        for calls in range(800, 820):
            Run.objects.filter(pk=halfway.run_id).update(used_calls=calls)
            doorbell.ring("run", halfway.run_id)

    async with socket(carol, path) as page:
        await page.frame(QUICKLY)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        await database_sync_to_async(ring_often)()
        frames = [await page.frame(QUICKLY)]
        while not await page.receive_nothing(1.2):
            frames.append(await page.frame(QUICKLY))
        assert len(frames) <= 2
        assert "<dd>819<i>" in frames[-1]


@pytest.mark.parametrize("who", ["nobody", "dave"])
async def test_strangers_are_turned_away_for_good(
    who: str, path: str, request: pytest.FixtureRequest, dave: User
) -> None:
    user = dave if who == "dave" else AnonymousUser()
    async with socket(user, path) as page:
        assert await page.close_code(QUICKLY) == NOT_ALLOWED


async def test_a_run_that_does_not_exist_is_closed(path: str, carol: User) -> None:
    async with socket(carol, "/ws/p/support-triage/runs/999/") as page:
        assert await page.close_code(QUICKLY) == NOT_ALLOWED


async def test_a_reader_who_lost_access_is_cut_off_at_the_next_ring(
    path: str, halfway: Launch, carol: User
) -> None:
    async with socket(carol, path) as page:
        await page.frame(QUICKLY)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        await database_sync_to_async(carol.memberships.all().delete)()
        await database_sync_to_async(doorbell.ring)("run", halfway.run_id)
        assert await page.close_code(QUICKLY) == NOT_ALLOWED


async def test_a_lost_doorbell_is_found_again_and_everyone_is_told(
    path: str, halfway: Launch, carol: User
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

    async with socket(carol, path) as page:
        await page.frame(QUICKLY)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        await database_sync_to_async(cut)()
        assert "<dd>888<i>" in await page.frame(QUICKLY)


async def test_one_connection_serves_all_readers_and_goes_with_the_last(
    path: str, halfway: Launch, carol: User, erin: User
) -> None:
    def listeners() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'promptlab doorbell'"
            )
            found: int = cursor.fetchone()[0]
            return found

    async with socket(carol, path) as one, socket(erin, path) as two:
        await one.frame(QUICKLY)
        await two.frame(QUICKLY)
        await asyncio.wait_for(hub().connected.wait(), QUICKLY)
        assert await database_sync_to_async(listeners)() == 1
    async with asyncio.timeout(QUICKLY):
        while await database_sync_to_async(listeners)():  # Postgres notices a moment later
            await asyncio.sleep(0.02)
