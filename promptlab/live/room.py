"""Everybody who has one page open in one role and language: it is read and drawn once for all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils import translation

from promptlab.accounts.admission import Admission, renewed
from promptlab.accounts.roles import Role
from promptlab.live.hub import hub
from promptlab.live.page import LivePage, Ring

log = logging.getLogger(__name__)

HEARTBEAT = 5.0
"""Seconds after which the page is looked at again without a ring: silence is news, too, and
whoever may not read it any more is sent away then at the latest."""
FINISHED = 1000
"""Close code after which the page does not connect again: nothing more will come."""
NOT_ALLOWED = 4403
"""The same for who may not read it any more; 1000 would look like an end."""
BROKEN = 1011
TRY_AGAIN = 1013
"""Close codes after which the page does."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
"""Seconds between attempts while the database is away."""
MOST_WAITING = 8
"""Frames that a slow reader may be behind; then they are dropped, and the whole page follows."""

NO_DATABASE = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Opened:
    """A page as one reader asked for it; `key` is the same for all who asked for the same."""

    key: Hashable
    page: LivePage
    rings: tuple[Ring, ...]
    language: str


class Watcher:
    """One open socket. Frames wait here until it takes them, so that nobody waits for the slow."""

    def __init__(self, admission: Admission, again: Callable[[Role], Opened]) -> None:
        self.admission = admission
        self.again = again
        """Opens the same page for another role."""
        self.behind = True
        """Whether it must get the whole page before changes mean anything to it."""
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()

    def offer(self, frame: str) -> None:
        if self._frames.qsize() >= MOST_WAITING:
            self._forget()
            self.behind = True
            return
        self._frames.put_nowait(frame)

    def close(self, code: int) -> None:
        """After what it was offered; at once where it may not read that any more."""
        if code == NOT_ALLOWED:
            self._forget()
        self._frames.put_nowait(code)

    def _forget(self) -> None:
        while not self._frames.empty():
            self._frames.get_nowait()

    async def deliver(
        self, send: Callable[[str], Awaitable[None]], close: Callable[[int], Awaitable[None]]
    ) -> None:
        """Until it is closed."""
        while True:
            frame = await self._frames.get()
            if isinstance(frame, int):
                await close(frame)
                return
            await send(frame)


@dataclass(frozen=True)
class Look:
    """What there is to tell after one reading: what changed, and the admissions as they are now."""

    changed: str
    whole: str
    admissions: dict[Admission, Admission | None]
    over: bool


class Room:
    """The readers of one page. It lives as long as there is one; it belongs to one event loop."""

    def __init__(self, opened: Opened, role: Role, empty: Callable[[Room], None]) -> None:
        self._page, self._rings, self._language = opened.page, opened.rings, opened.language
        self._role, self._empty = role, empty
        self._watchers: set[Watcher] = set()
        self._wake = asyncio.Event()
        self._living: asyncio.Task[None] | None = None

    def enter(self, watcher: Watcher) -> None:
        watcher.behind = True
        self._watchers.add(watcher)
        self._wake.set()
        if self._living is None:
            self._living = asyncio.create_task(self._live())

    async def leave(self, watcher: Watcher) -> None:
        """The last one ends it."""
        self._watchers.discard(watcher)
        if not self._watchers and self._living is not None:
            self._empty(self)
            living, self._living = self._living, None
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living

    async def _live(self) -> None:
        try:
            async with contextlib.AsyncExitStack() as ears:
                for topic, ref in self._rings:
                    await ears.enter_async_context(hub().hearing(topic, ref, self._wake))
                await self._watch()
        except (Http404, PermissionDenied):
            self._close_all(NOT_ALLOWED)
        except Exception:
            log.exception("A live page broke")
            self._close_all(BROKEN)

    async def _watch(self) -> None:
        """First the whole page; then what changed, gathered into few frames."""
        rang, wait = True, FIRST_WAIT
        while self._watchers:
            self._wake.clear()
            watchers = tuple(self._watchers)
            try:
                look = await database_sync_to_async(self._look)(rang, watchers)
            except NO_DATABASE as error:
                log.warning("A live page waits %.1f s for the database: %s", wait, error)
                self._page.forget()
                for watcher in watchers:
                    watcher.behind = True
                await asyncio.sleep(wait)
                rang, wait = True, min(2 * wait, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            for watcher in watchers:
                self._tell(watcher, look)
            await asyncio.sleep(self._page.gather)
            rang = await self._is_woken(within=HEARTBEAT - self._page.gather)
        self._empty(self)

    async def _is_woken(self, within: float) -> bool:
        """Whether the doorbell rings, or somebody comes, in that many seconds."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._wake.wait(), within)
        return False

    def _look(self, rang: bool, watchers: tuple[Watcher, ...]) -> Look:
        """Whether its readers may see it is asked last, right before it is sent."""
        behind = any(watcher.behind for watcher in watchers)
        changed = ""
        with translation.override(self._language):
            if rang or behind or self._page.goes_on:
                changed = self._page.changes(self._role)
            whole = self._page.whole() if behind else ""
        known = [watcher.admission for watcher in watchers]
        return Look(changed, whole, dict(zip(known, renewed(known), strict=True)), self._page.over)

    def _tell(self, watcher: Watcher, look: Look) -> None:
        if watcher not in self._watchers:  # left meanwhile
            return
        before = watcher.admission
        now = look.admissions[before]
        if now is None:
            self._close(watcher, NOT_ALLOWED)
        elif now.role is not before.role:
            watcher.admission = now
            self._watchers.discard(watcher)
            rooms().enter(watcher.again(now.role), watcher)
        else:
            watcher.admission = now
            frame = look.whole if watcher.behind else look.changed
            watcher.behind = False
            if frame:
                watcher.offer(frame)
            if look.over:
                self._close(watcher, FINISHED)

    def _close_all(self, code: int) -> None:
        for watcher in tuple(self._watchers):
            self._close(watcher, code)
        self._empty(self)

    def _close(self, watcher: Watcher, code: int) -> None:
        self._watchers.discard(watcher)
        watcher.close(code)


class Rooms:
    """All pages that are open in a process. It belongs to one event loop."""

    def __init__(self) -> None:
        self._rooms: dict[Hashable, Room] = {}
        self._of: dict[Watcher, Room] = {}

    def enter(self, opened: Opened, watcher: Watcher) -> None:
        """Have the watcher told of the page from now on: first all of it."""
        role = watcher.admission.role
        key = (opened.key, role)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(opened, role, self._forget)
        self._of[watcher] = room
        room.enter(watcher)

    async def leave(self, watcher: Watcher) -> None:
        room = self._of.pop(watcher, None)
        if room is not None:
            await room.leave(watcher)

    def _forget(self, room: Room) -> None:
        self._rooms = {key: known for key, known in self._rooms.items() if known is not room}


_rooms: dict[asyncio.AbstractEventLoop, Rooms] = {}


def rooms() -> Rooms:
    """The rooms of the running event loop; a web process has one loop."""
    loop = asyncio.get_running_loop()
    for old in [known for known in _rooms if known.is_closed()]:
        del _rooms[old]
    return _rooms.setdefault(loop, Rooms())
