"""Carrying a run on from a command line, or watching the worker that was faster."""

from __future__ import annotations

import threading
import time

from django.db import connection, connections

from optimizer import ownership
from optimizer.core.problems import Conflict
from optimizer.files.progress import POLL_SECONDS, follow
from optimizer.jobs import controls
from optimizer.models import Run


def carry_on(run_id: int, show: bool) -> Run:
    """Bring the run to where it rests; Ctrl-C pauses it.

    Raises:
        Exception: what ended the run, when it was an error of ours.
    """
    done = threading.Event()
    failures: list[Exception] = []
    worker = threading.Thread(target=_carry, args=(run_id, done, failures), name="run")
    worker.start()
    try:
        if show:
            follow(run_id, done, lambda: _pause(run_id))
        _wait(run_id, worker)
    finally:
        worker.join()
    if failures:
        raise failures[0]
    return Run.objects.select_related("best_candidate").get(pk=run_id)


def _carry(run_id: int, done: threading.Event, failures: list[Exception]) -> None:
    from optimizer.running import runner  # its optimizer libraries take seconds to import

    try:
        ownership.bound(connection)
        runner.run(run_id)
        while Run.objects.get(pk=run_id).active:
            # Another worker holds it: it is watched, and taken over when that one is gone.
            time.sleep(POLL_SECONDS)
            runner.run(run_id)
    except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
        failures.append(error)
    finally:
        done.set()
        connections.close_all()


def _wait(run_id: int, worker: threading.Thread) -> None:
    while worker.is_alive():
        try:
            worker.join(1.0)
        except KeyboardInterrupt:
            _pause(run_id)


def _pause(run_id: int) -> None:
    try:
        controls.pause(run_id)
    except Conflict:
        return  # it rests already
