"""The whole product as people start it, on a data folder of a test's own, with its words kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.ports import free_port
from tests.launch.machine import empty_environment, health, wait_until

BOOT_SECONDS = 120.0


class Product:
    """`python -m promptlab.launch`; what it prints goes to a file outside its data folder."""

    def __init__(self, home: Path, output: Path, **environ: str) -> None:
        self.home = Home(home)
        self.output = output
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = empty_environment(PORT=str(self.port), PROMPTLAB_HOME=str(home), **environ)

    def begin(self) -> None:
        """Start, and return at once."""
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "promptlab.launch"],
                cwd=CHECKOUT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start, and return when pages are served and a worker is seen."""
        self.begin()
        self.await_said("is ready", BOOT_SECONDS)
        wait_until(lambda: self.health().get("workers"), 60, "the worker being seen")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # SIGINT is ignored behind some shells
        self.process.wait(60)

    def said(self) -> str:
        return self.output.read_text()

    def await_said(self, words: str, seconds: float) -> None:
        wait_until(lambda: words in self.said() or self.process.poll() is not None, seconds, words)
        assert words in self.said(), self.said()

    def health(self) -> Mapping[str, Any]:
        return health(self.port)

    def fact(self, name: str) -> dict[str, Any]:
        """What the supervisor noted about one of its processes."""
        return self.home.read_fact(name)

    def pid_of(self, name: str) -> int:
        return int(self.fact(name)["pid"])

    @property
    def database_url(self) -> str:
        return str(self.fact("postgres")["url"])

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT, env=self.environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()


@contextmanager
def running_product(home: Path, output: Path, **environ: str) -> Iterator[Product]:
    """Started and ready; at the end stopped, by force if it does not listen."""
    product = Product(home, output, **environ)
    try:
        product.start()
        yield product
    finally:
        _end(product)


def _end(product: Product) -> None:
    try:
        product.stop()
    except subprocess.TimeoutExpired:
        os.killpg(product.process.pid, signal.SIGKILL)
        product.process.wait()
