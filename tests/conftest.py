"""What all tests share. tests/core runs without Django, so nothing here imports it at the top."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from promptlab.launch.home import home_from
from promptlab.launch.postgres import FAST_AND_FORGETFUL, running_server

pytest_plugins = ["tests.people"]

HERE = Path(__file__).parent
LONG = (
    "launch/test_clean_clone.py", "promptlab/test_odd_addresses.py", "optimizer/test_worker.py",
    "launch/test_model_server.py", "optimizer/test_upgrade.py", "api/test_hostile.py",
    "promptlab/test_permission_matrix.py", "optimizer/test_environment.py",
)  # fmt: skip
"""Files that take longest, in the order in which they begin."""

GARBAGE = 10_000
"""Objects that may be made before some are looked through; Python's own 700 are few for pages."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: one that begins last is waited for by processes that have nothing to do."""
    order = {HERE / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays to the end: to look through it for garbage again and again
    takes a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Who calls models takes variables away from its process, which is that of all tests here."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One embedded Postgres for the whole session, started by the first test that needs it."""
    with running_server(home_from(os.environ), options=FAST_AND_FORGETFUL) as server:
        yield server.url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    postgres_url: str, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Settings were read before the server had a port: tell Django now."""
    from django.db import connections

    from promptlab.environment import DatabaseAddress

    address = DatabaseAddress.from_url(postgres_url)
    connections["default"].settings_dict.update(
        USER=address.user, PASSWORD=address.password, HOST=address.host, PORT=address.port
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The tables, and in them the address of the models that tests call."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    from tests.allowance import allow_loopback

    with django_db_blocker.unblock():
        allow_loopback()
    # Tests that empty all tables say so by this signal.
    post_migrate.connect(allow_loopback, apps.get_app_config("optimizer"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that made the test home removes it, after its workers are gone."""
    home = os.environ.get("PROMPTLAB_TEST_HOME")
    if home and not hasattr(config, "workerinput"):
        shutil.rmtree(home, ignore_errors=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are made while tests are collected may hold the time: workers would not agree on
    the names of tests.
    """
    return argname if isinstance(val, bytes) else None
