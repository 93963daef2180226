"""What scripts stand on: a home of its own, durable Postgres, Django in this process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.postgres import running_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@contextmanager
def empty_home() -> Iterator[Home]:
    """A data folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="promptlab-ground-") as folder:
        Path(folder).chmod(0o755)  # as root, Postgres runs as another user, who must get in
        yield Home(Path(folder)).prepare()


@contextmanager
def database(home: Home) -> Iterator[str]:
    """The embedded Postgres with its durable settings; returns its address.

    Django is set up in this process and uses it, with the tables made.
    """
    with running_server(home) as server:
        ours = ("PROMPTLAB_", "DJANGO_")
        for name in [name for name in os.environ if name.startswith(ours)]:
            del os.environ[name]
        os.environ |= {
            "PROMPTLAB_HOME": str(home.path),
            "DATABASE_URL": server.url,
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LOG_LEVEL": "WARNING",
        }
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield server.url
        finally:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # Postgres has pools


@contextmanager
def local_model(seconds: float) -> Iterator[str]:
    """An OpenAI-compatible server in a process of its own; every reply takes so long."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.openai_server", "--seconds", str(seconds)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, or a sentence on how to get one."""
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import FLAGS, HOW_TO_GET_ONE, find_chromium

    path = find_chromium()
    if path is None:
        sys.exit(HOW_TO_GET_ONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()
