"""Logs: their owner's only, bounded, rotated under whoever writes them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from promptlab.launch import logs
from promptlab.launch.child import Child
from promptlab.launch.logs import keep_private, last_words, open_log, rotate
from tests.launch.machine import wait_until

LINE = b"a line of a log that says what happened\n"


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_log_is_its_owners_only_whatever_the_umask(log: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with open_log(log) as output:
            output.write(LINE * 10)
        rotate([log], largest=10)
    finally:
        os.umask(before)

    assert {path.name: mode_of(path) for path in log.parent.iterdir()} == {
        "web.log": 0o600,
        "web.log.1": 0o600,
    }


def test_logs_of_an_older_version_are_closed_to_others(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    folder.mkdir(mode=0o755)
    elsewhere.touch(mode=0o644)
    for name in ("web.log", "web.old.log"):
        (folder / name).touch(mode=0o644)
    (folder / "link").symlink_to(elsewhere)

    keep_private(folder)

    assert mode_of(folder) == 0o700
    assert {mode_of(folder / name) for name in ("web.log", "web.old.log")} == {0o600}
    assert mode_of(elsewhere) == 0o644


def test_whoever_writes_goes_on_in_the_same_file_and_no_line_is_lost(log: Path) -> None:
    with open_log(log) as output:
        for number in range(40):
            output.write(b"%03d %s" % (number, LINE))
            output.flush()
            if number % 10 == 9:
                rotate([log], largest=200)

    kept = [log.with_name("web.log.2"), log.with_name("web.log.1"), log]
    text = b"".join(path.read_bytes() for path in kept)
    assert [int(line[:3]) for line in text.splitlines()] == list(range(20, 40))
    assert sorted(path.name for path in log.parent.iterdir()) == [
        "web.log",
        "web.log.1",
        "web.log.2",
    ]


def test_a_log_within_its_bound_is_left_alone(log: Path) -> None:
    log.write_bytes(LINE)
    rotate([log, log.with_name("none.log")])
    assert log.read_bytes() == LINE
    assert not log.with_name("web.log.1").exists()


def test_without_room_for_a_copy_the_bound_counts(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logs.shutil, "copyfileobj", full)
    log.write_bytes(LINE * 100)
    rotate([log], largest=100)
    assert log.stat().st_size == 0
    assert not log.with_name("web.log.1").exists()


def test_a_link_in_the_place_of_a_log_is_not_followed(log: Path) -> None:
    elsewhere = log.with_name("elsewhere")
    elsewhere.write_bytes(LINE * 100)
    log.symlink_to(elsewhere)
    rotate([log], largest=1)
    with open_log(log) as output:
        output.write(LINE)
    assert elsewhere.read_bytes() == LINE * 100


def test_a_process_runs_without_its_log_where_there_can_be_none(tmp_path: Path) -> None:
    child = Child("x", [sys.executable, "-c", "print(1)"], log=tmp_path / "none" / "x.log")
    child.start({})
    assert child.process is not None
    assert child.process.wait(20) == 0
    assert child.last_words() == ""


def test_a_process_goes_on_writing_to_the_log_that_was_rotated(log: Path) -> None:
    says = "import sys, time\nwhile True: print('word ' * 20, flush=True); time.sleep(0.001)"
    child = Child("x", [sys.executable, "-c", says], log=log)
    child.start(dict(os.environ))
    try:
        wait_until(lambda: log.exists() and log.stat().st_size > 2000, 20, "its words")
        rotate([log], largest=1000)
        assert log.with_name("web.log.1").stat().st_size > 1000
        wait_until(lambda: "word" in last_words(log), 20, "its words after")
        assert not child.has_died()
    finally:
        child.stop()
    assert not log.read_bytes().startswith(b"\0")


def test_last_words_are_read_from_the_end_only(log: Path) -> None:
    with log.open("wb") as output:
        output.seek(2**30)
        output.write(b"\n\xffone\ntwo\n")
    assert last_words(log, 2).splitlines()[-1] == "two"
