"""A disk that takes nothing more is noticed, told once, and waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptlab.launch import disk as disks
from promptlab.launch.disk import DiskWatch, Kind, attempted, trouble_with
from promptlab.launch.home import Home
from promptlab.launch.telling import Teller
from tests.launch.disk import SmallDisk, small_disk, why_not_mountable

mounted = pytest.mark.skipif(bool(why_not_mountable()), reason=why_not_mountable() or "-")


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(96) as made:
        yield made


@pytest.fixture
def home(disk: SmallDisk) -> Home:
    return Home(disk.path / "home").prepare()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "LOOK_SECONDS", 0.0)


@mounted
def test_a_full_disk_is_told_once_and_so_is_its_end(
    disk: SmallDisk, home: Home, at_once: None, capfd: pytest.CaptureFixture[str]
) -> None:
    watch = DiskWatch(home, Teller())
    assert not watch.look()
    disk.fill(leave_mib=12)
    for left in (11, 9, 0):
        assert not watch.look()
        disk.fill(leave_mib=left)
    said = capfd.readouterr().out
    assert said.count("\n") == 1
    assert f"The disk of {home.path} is full: 1" in said
    assert "waits and goes on by itself when there is space" in said

    disk.free()
    assert watch.look()
    assert not watch.look()
    assert watch.trouble is None
    assert "can be written again" in capfd.readouterr().out


@mounted
def test_a_disk_at_the_edge_is_not_full_every_other_moment(
    disk: SmallDisk, home: Home, at_once: None, capfd: pytest.CaptureFixture[str]
) -> None:
    watch = DiskWatch(home, Teller())
    disk.fill(leave_mib=31)
    watch.look()
    disk.free()
    disk.fill(leave_mib=40)
    assert not watch.look()
    assert watch.trouble is not None
    assert capfd.readouterr().out.count("\n") == 1


@mounted
def test_a_disk_without_inodes_is_told_as_that(disk: SmallDisk, home: Home) -> None:
    disk.take_inodes()
    trouble = trouble_with(home)
    assert trouble is not None
    assert trouble.kind is Kind.NO_FILES
    assert "inodes" in trouble.sentence
    disk.give_inodes()
    assert trouble_with(home) is None


@mounted
def test_a_read_only_disk_is_told_as_that(disk: SmallDisk, home: Home) -> None:
    disk.forbid_writing()
    trouble = trouble_with(home)
    assert trouble is not None
    assert trouble.kind is Kind.READ_ONLY
    failed = attempted(home)
    assert failed is not None
    assert "Read-only file system" in failed.sentence


def test_a_data_folder_that_is_gone_is_told_and_not_made_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    trouble = trouble_with(home)
    assert trouble is not None
    assert trouble.kind is Kind.GONE
    assert "mounted" in trouble.sentence
    assert not home.path.exists()


def test_a_quota_is_found_by_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def over(*_: object) -> None:
        raise OSError(122, os.strerror(122))

    home = Home(tmp_path).prepare()
    assert attempted(home) is None
    monkeypatch.setattr(Path, "write_bytes", over)
    trouble = attempted(home)
    assert trouble is not None
    assert "quota" in trouble.sentence.lower()
    assert list(home.run.iterdir()) == []


@mounted
def test_a_fact_that_cannot_be_written_leaves_the_old_one_and_no_draft(
    disk: SmallDisk, home: Home
) -> None:
    home.write_fact("web", {"pid": 1})
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        home.write_fact("web", {"pid": 2})
    assert home.read_fact("web") == {"pid": 1}
    assert [path.name for path in home.run.iterdir()] == ["web.json"]
