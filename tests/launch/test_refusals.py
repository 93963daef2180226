"""Where promptlab cannot start, it says why and what helps, in one sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from promptlab.launch.account import server_account
from promptlab.launch.checks import (
    check_database,
    check_disk,
    check_python,
)
from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.ports import free_port
from promptlab.launch.refusals import CannotLaunch
from tests.launch.machine import empty_environment, launch, open_folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


def refused(said: subprocess.CompletedProcess[str]) -> str:
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1, said.stderr
    return said.stderr


def test_a_busy_port_is_named_and_another_is_proposed(home: Home) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]

        said = refused(launch(PORT=str(port), PROMPTLAB_HOME=str(home.path)))

    assert f"Port {port} is already in use" in said
    assert f"make run PORT={port + 1}" in said


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(port: str, home: Home) -> None:
    assert f"PORT is '{port}'" in refused(launch(PORT=port, PROMPTLAB_HOME=str(home.path)))


def test_an_unreachable_database_is_named_without_its_password(home: Home) -> None:
    url = f"postgresql://somebody:hush@127.0.0.1:{free_port()}/lab"

    said = refused(launch(DATABASE_URL=url, PORT=str(free_port()), PROMPTLAB_HOME=str(home.path)))

    assert "cannot be reached: Connection refused" in said
    assert "correct DATABASE_URL" in said
    assert "hush" not in said


def test_a_command_without_its_database_says_so_in_a_sentence(home: Home) -> None:
    url = f"postgresql://somebody:hush@127.0.0.1:{free_port()}/lab"
    environ = empty_environment(
        DATABASE_URL=url, PROMPTLAB_HOME=str(home.path), PROMPTLAB_TESTING="1"
    )
    command = [sys.executable, "manage.py", "api_token", "erin@example.org"]
    said = refused(
        subprocess.run(
            command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False
        )
    )
    assert "The database cannot be reached" in said


def test_a_database_address_that_is_none_is_refused() -> None:
    with pytest.raises(CannotLaunch, match="correct DATABASE_URL"):
        check_database("mysql://127.0.0.1/lab")


def test_an_old_python_is_named() -> None:
    with pytest.raises(CannotLaunch, match=r"3\.11 or newer is needed and this is 3\.9\.2"):
        check_python((3, 9, 2))


def test_make_says_in_a_sentence_that_no_python_is_new_enough() -> None:
    said = subprocess.run(
        ["make", "--silent", "setup", "PYTHON="],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode != 0
    assert "Python 3.11 or newer is needed and none is found" in said.stderr


def test_a_full_disk_is_told_before_anything_is_written(home: Home) -> None:
    with pytest.raises(CannotLaunch, match="Make room, or point PROMPTLAB_HOME at another disk"):
        check_disk(home, needed_mib=2**40)


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    said = refused(launch(PORT=str(free_port()), PROMPTLAB_HOME=str(tmp_path / "file" / "home")))

    assert "Point PROMPTLAB_HOME at a folder that you own" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights away")
def test_root_keeps_its_closed_home_closed_and_still_gets_a_server() -> None:
    with open_folder() as folder:
        closed = folder / "closed"
        inside = closed / "inside"
        inside.mkdir(parents=True)
        closed.chmod(0o700)

        account = server_account(inside)

        assert account.uid not in {None, 0}
        assert account.reaches(inside)
        assert closed.stat().st_mode & 0o777 == 0o700
