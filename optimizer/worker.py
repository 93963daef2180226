"""The worker process: takes jobs, lives through restarts of the database, and stops in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.db.backends.signals import connection_created
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from optimizer import ownership, tasks
from optimizer.reaping import reap
from optimizer.runner import STOPPING

logger = logging.getLogger(__name__)

QUICK_AT_ONCE = 4
REAP_SECONDS = 1.5
RECONNECT_SECONDS = 2.0
POOL_SECONDS = 5.0
DATABASE_GONE = (ConnectorException, DatabaseError, psycopg.Error, OSError)


class Worker:
    """Runs on one queue and short jobs on another, so that nobody waits behind a long run."""

    def __init__(self, runs_at_once: int) -> None:
        self._runs_at_once = runs_at_once
        self._stop = asyncio.Event()

    async def work(self) -> None:
        """Take jobs until the process is told to stop (SIGTERM, SIGINT).

        What runs then gets some seconds to come home and goes on in the next worker.
        """
        connection_created.connect(ownership.bound)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_all)
        loop.set_default_executor(ThreadPoolExecutor(self._runs_at_once + QUICK_AT_ONCE + 4, "job"))
        reaping = asyncio.create_task(self._reap_for_ever())
        while not self._stop.is_set():
            try:
                await self._take_jobs()
            except DATABASE_GONE as error:
                logger.warning("the worker waits for the database: %s", first_line(error))
            await self._pause(RECONNECT_SECONDS)
        reaping.cancel()

    def _stop_all(self) -> None:
        logger.info("the worker stops: runs are left where they are")
        STOPPING.set()
        self._stop.set()

    async def _take_jobs(self) -> None:
        """Both queues until we stop, or until the database is gone."""
        # Where nobody answers, a pool waits ever longer between attempts; we ask evenly.
        await sync_to_async(_answers, thread_sensitive=False)()
        here = _app_for_workers()
        async with here.open_async():
            queues = {tasks.RUNS: self._runs_at_once, tasks.QUICK: QUICK_AT_ONCE}
            workers = [
                asyncio.create_task(
                    here.run_worker_async(
                        queues=[queue],
                        name=queue,
                        concurrency=at_once,
                        fetch_job_polling_interval=2.0,
                        install_signal_handlers=False,
                        delete_jobs="successful",
                    )
                )
                for queue, at_once in queues.items()
            ]
            logger.info("the worker is ready")
            await self._until_one_ends(workers)

    async def _until_one_ends(self, workers: list[asyncio.Task[None]]) -> None:
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait([stop, *workers], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for worker in workers:
            worker.cancel()  # procrastinate lets its jobs finish
        ends = await asyncio.gather(*workers, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _reap_for_ever(self) -> None:
        while True:
            try:
                await sync_to_async(_with_connection(reap), thread_sensitive=False)()
            except DATABASE_GONE as error:
                logger.warning("the worker waits for the database: %s", first_line(error))
            await asyncio.sleep(REAP_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return


def _app_for_workers() -> App:
    """Procrastinate with connections of its own; our tasks go on deferring through Django's, so
    that a job commits with its row.
    """
    # Given up soon and asked for anew: a pool's own waits between attempts double.
    connector = PsycopgConnector(
        kwargs=connector_params(), timeout=POOL_SECONDS, reconnect_timeout=RECONNECT_SECONDS
    )
    here = App(connector=connector, worker_defaults=app.worker_defaults)
    here.tasks = app.tasks
    return here


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
