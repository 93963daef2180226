"""A wire to a server on 127.0.0.1 that can be cut, or go silent while both ends believe in it.

In a test: `with Wire(5432) as wire: … wire.port … wire.silence() … wire.mend()`.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType


class Wire:
    """Carries bytes both ways between whoever connects to `port` and the server at `to`."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._carries = asyncio.Event()
        self._cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Wire:
        self._thread.start()
        self._do(self._begin())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """End all connections, and every new one at once."""
        self._do(self._cut_all())

    def silence(self) -> None:
        """Carry nothing; connections stay, and new ones are taken."""
        self._do(self._set(carries=False))

    def mend(self) -> None:
        """Carry again, also what came meanwhile."""
        self._do(self._set(carries=True))

    def _do(self, what: object) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)  # type: ignore[arg-type]

    async def _begin(self) -> None:
        self._carries.set()
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        await self._cut_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _set(self, carries: bool) -> None:
        self._cut = False
        if carries:
            self._carries.set()
        else:
            self._carries.clear()

    async def _cut_all(self) -> None:
        self._cut = True
        for end in self._ends:
            end.transport.abort()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends |= {writer, back}
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._carries.wait()
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass  # the other side is told below
        finally:
            target.close()
            self._ends.discard(target)
