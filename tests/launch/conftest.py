"""Data folders, empty ones and such with a database in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from promptlab.launch.home import Home
from promptlab.launch.programs import Programs
from tests.launch.machine import open_folder


@pytest.fixture
def home() -> Iterator[Home]:
    with open_folder() as folder:
        yield Home(folder).prepare()


@pytest.fixture(scope="session")
def initialised() -> Iterator[Home]:
    """Postgres' data are made once and copied, which takes a tenth of the time."""
    with open_folder() as folder:
        home = Home(folder).prepare()
        Programs(home, {}).make_data()
        yield home


@pytest.fixture
def data_made(home: Home, initialised: Home) -> None:
    shutil.copytree(initialised.path, home.path, dirs_exist_ok=True)
