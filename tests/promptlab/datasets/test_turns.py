"""As many readers at once as the machine bears. No database."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from promptlab.datasets.sandboxed_reader import Limits
from promptlab.datasets.turns import READERS, Busy, turn

BOUND = 1.2e9  # bytes; docs/configuration.md says 1 GB


def all_turns(folder: Path) -> ExitStack:
    held = ExitStack()
    for _ in range(READERS):
        held.enter_context(turn(folder, patience=0))
    return held


def test_readers_together_stay_within_one_bound() -> None:
    assert READERS * Limits().memory <= BOUND


def test_one_more_is_told_that_others_are_read(tmp_path: Path) -> None:
    with (
        all_turns(tmp_path),
        pytest.raises(Busy, match=f"{READERS} other files are being read"),
        turn(tmp_path, patience=0.1),
    ):
        pass


def test_a_turn_is_free_again_after_success_and_failure(tmp_path: Path) -> None:
    for _ in range(READERS + 1):
        with pytest.raises(ZeroDivisionError), turn(tmp_path, patience=0):
            _ = 1 / 0
    all_turns(tmp_path).close()
    all_turns(tmp_path).close()


def test_who_waits_a_little_gets_the_turn_of_who_ends(tmp_path: Path) -> None:
    held = all_turns(tmp_path)
    timer = threading.Timer(0.2, held.close)
    timer.start()
    with turn(tmp_path, patience=30):
        pass
    timer.join()


def test_a_reader_whose_web_process_is_gone_still_counts(tmp_path: Path) -> None:
    code = "import sys; sys.stdin.read()"
    with turn(tmp_path, patience=0) as lock:
        reader = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, pass_fds=[lock]
        )
    with ExitStack() as others:  # our own hold on it has ended, the reader's has not
        for _ in range(READERS - 1):
            others.enter_context(turn(tmp_path, patience=0))
        with pytest.raises(Busy), turn(tmp_path, patience=0):
            pass
        reader.communicate()
        with turn(tmp_path, patience=0):
            pass
