"""The worker process: takes jobs, lives through restarts of the database, and stops in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.backends.signals import connection_created
from procrastinate import App, JobContext
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.middleware import AsyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker as JobWorker

from optimizer import hints, ownership
from optimizer.jobs.embedded import offer_what_runs
from optimizer.jobs.reaping import reap
from optimizer.running.runner import STOPPING

logger = logging.getLogger(__name__)

SHORT_AT_ONCE = 4
REAP_SECONDS = 1.5
RECONNECT_SECONDS = 2.0
POOL_SECONDS = 5.0
DATABASE_GONE = (ConnectorException, DatabaseError, psycopg.Error, OSError)


class Jobs(JobManager):
    """The queue, which says when the database is `lost`: a worker of procrastinate ends by that as
    soon as its jobs have, and takes no new ones until then.
    """

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self.lost = asyncio.Event()

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        with self._noticing():
            return await super().fetch_job(queues, worker_id)

    async def update_heartbeat(self, worker_id: int) -> None:
        with self._noticing():
            await super().update_heartbeat(worker_id)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        with self._noticing():
            await super().listen_for_jobs(on_notification=on_notification, queues=queues)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except DATABASE_GONE:
            self.lost.set()
            raise


class Worker:
    """Optimizations on one queue and short runs on another, so that nobody
    waits behind a long one."""

    def __init__(self, runs_at_once: int) -> None:
        self._at_once = {hints.RUNS: max(runs_at_once, 1), hints.SHORT: SHORT_AT_ONCE}
        self._places = {queue: asyncio.Semaphore(n) for queue, n in self._at_once.items()}
        self._stop = asyncio.Event()
        self._shifts: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Take jobs until the process is told to stop (SIGTERM, SIGINT).

        What runs then gets some seconds to come home and goes on in the next worker.
        """
        connection_created.connect(ownership.bound)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_all)
        threads = sum(self._at_once.values()) + 4
        loop.set_default_executor(ThreadPoolExecutor(threads, "job"))
        reaping = asyncio.create_task(self._reap_for_ever())
        while not self._stop.is_set():
            try:
                await self._take_jobs()
            except DATABASE_GONE as error:
                logger.warning("the worker waits for the database: %s", first_line(error))
            await self._pause(RECONNECT_SECONDS)
        await asyncio.gather(*self._shifts)
        reaping.cancel()

    def _stop_all(self) -> None:
        logger.info("the worker stops: runs are left where they are")
        STOPPING.set()
        self._stop.set()

    async def _take_jobs(self) -> None:
        """Both queues until we stop, or until the database is lost: then what was begun goes on
        beside the next shift.
        """
        # Where nobody answers, a pool waits ever longer between attempts; we ask evenly.
        await sync_to_async(_answers, thread_sensitive=False)()
        await sync_to_async(_with_connection(offer_what_runs), thread_sensitive=False)()
        here = _App()
        await here.open_async()
        workers = [asyncio.create_task(self._serve(here, queue)) for queue in self._at_once]
        shift = asyncio.create_task(_end_of_shift(here, workers))
        self._shifts.add(shift)
        shift.add_done_callback(self._shifts.discard)
        logger.info("the worker is ready")
        waits = [asyncio.create_task(event.wait()) for event in (self._stop, here.job_manager.lost)]
        await asyncio.wait([*waits, *workers], return_when=asyncio.FIRST_COMPLETED)
        if here.job_manager.lost.is_set():
            logger.warning("the worker lost the database: what was begun goes on by itself")
        for task in (*waits, *workers):
            task.cancel()  # procrastinate lets its jobs finish

    async def _serve(self, here: _App, queue: str) -> None:
        await here.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=self._at_once[queue],
            fetch_job_polling_interval=2.0,
            install_signal_handlers=False,
            delete_jobs="successful",
            worker_middleware=[self._in_its_place],
        )

    async def _in_its_place(
        self, call_next: AsyncCallNext, context: JobContext, _worker: JobWorker
    ) -> object:
        """Jobs of earlier shifts have places, too. A hint that waits here is no loss: what nobody
        holds is asked for again.
        """
        async with self._places[context.job.queue]:
            return None if self._stop.is_set() else await call_next()

    async def _reap_for_ever(self) -> None:
        away = False
        while True:
            try:
                if away:
                    # Nobody could be heard meanwhile: whoever holds replies that were paid gets the
                    # time of a lease to say so.
                    await sync_to_async(_answers, thread_sensitive=False)()
                    await asyncio.sleep(settings.LEASE_SECONDS)
                    away = False
                await sync_to_async(_with_connection(reap), thread_sensitive=False)()
            except DATABASE_GONE as error:
                if not away:
                    logger.warning("the worker waits for the database: %s", first_line(error))
                away = True
            except Exception:
                logger.exception("what nobody holds could not be looked for")
            await asyncio.sleep(REAP_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return


async def _end_of_shift(here: _App, workers: list[asyncio.Task[None]]) -> None:
    """Wait for the last of its jobs."""
    for end in await asyncio.gather(*workers, return_exceptions=True):
        if isinstance(end, DATABASE_GONE):
            logger.info("an earlier shift is over: %s", first_line(end))
        elif isinstance(end, Exception):
            logger.error("a queue is no longer served", exc_info=end)
    await here.close_async()


class _App(App):
    """Procrastinate with connections of its own; our tasks go on deferring through Django's, so
    that a job commits with its row.
    """

    def __init__(self) -> None:
        # Given up soon and asked for anew: a pool's own waits between attempts double.
        connector = PsycopgConnector(
            kwargs=connector_params(), timeout=POOL_SECONDS, reconnect_timeout=RECONNECT_SECONDS
        )
        super().__init__(connector=connector, worker_defaults=app.worker_defaults)
        self.tasks = app.tasks
        self.job_manager: Jobs = Jobs(connector)


def _answers() -> None:
    """Raises OperationalError while the database does not answer."""
    ownership.connect().close()


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _with_connection(job: Callable[[], object]) -> Callable[[], object]:
    def done() -> object:
        close_old_connections()
        try:
            return job()
        finally:
            close_old_connections()

    return done
