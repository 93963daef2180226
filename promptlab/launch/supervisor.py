"""`make run`: everything promptlab needs is started, kept running, and stopped in order."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import psycopg

from promptlab.launch import preparation
from promptlab.launch.child import Child
from promptlab.launch.commands import Command, Commands, StepFailed
from promptlab.launch.disk import LOOK_SECONDS, DiskWatch, Kind
from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.keeping import ChildKeeper, Notes, PostgresKeeper
from promptlab.launch.logs import rotate
from promptlab.launch.model_weights import (
    Weights,
    find_weights,
    has_engine,
    own_weights,
    wished_weights,
)
from promptlab.launch.ports import free_port
from promptlab.launch.postgres import Cluster
from promptlab.launch.programs import PostgresFailed
from promptlab.launch.refusals import CannotLaunch
from promptlab.launch.telling import Teller, say

BOOT_SECONDS = 90.0
BOOT_TRIES = 3
GLANCE = 0.2  # seconds between two looks at the children
NO_MODEL = "No embedded model: this platform has no wheel of its engine. Connect one in the pages."

Found = TypeVar("Found")


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class Supervisor:
    """The processes of one instance on one machine."""

    def __init__(self, home: Home, listener: socket.socket, environ: Mapping[str, str]) -> None:
        self.home = home
        self.listener = listener
        port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            **environ,
            "PORT": str(port),
            "PROMPTLAB_HOME": str(home.path),
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
            # Without it litellm fetches a price list from the network while it is imported.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
        }
        self.teller = Teller()
        self.disk = DiskWatch(home, self.teller)
        self.notes = Notes(home)
        self.keepers: dict[str, ChildKeeper] = {}
        self.postgres: PostgresKeeper | None = None
        self.weights: Weights | None = None
        self.model_file = ""
        self.commands = Commands(home, self.environ, self._pause)
        self.stopping = False
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(name) is not signal.SIG_IGN:  # as nohup has it
                signal.signal(name, self._note_signal)

    def run(self, database_url: str, cluster: Cluster | None) -> None:
        """Start everything, tell where it is, and watch until somebody stops us.

        Args:
            database_url: of the embedded server or of somebody's own.
            cluster: the embedded server to watch, or None.
        """
        self.environ["DATABASE_URL"] = database_url
        if cluster:
            self.postgres = PostgresKeeper(cluster, database_url, self.teller, self._move_postgres)
        try:
            self._start_model()
            self.patiently(lambda: self._prepare(database_url))
            self._start_web_and_worker()
            link = self.patiently(self._first_link)
            self._wait_for_web()
            self._tell(link)
            self._watch()
        finally:
            self.stop()

    def patiently(self, step: Callable[[], Found]) -> Found:
        """Do a step of the start; where the disk or Postgres is what fails it, again once both are
        well.

        Raises:
            Stopped, and what the step raises for another reason.
        """
        while True:
            try:
                return step()
            except (OSError, psycopg.OperationalError, PostgresFailed, StepFailed):
                self.commands.end()
                self._pause(LOOK_SECONDS)  # by then it is seen what is missing
                self._look()
                if not self._lacks_ground():
                    raise
            self.await_ground()

    def await_ground(self) -> None:
        """Wait as long as the disk takes nothing or Postgres is gone, and say so."""
        self._look()
        while self._lacks_ground():
            self._pause(GLANCE)
            self._look()

    def _lacks_ground(self) -> bool:
        return self.disk.trouble is not None or (self.postgres is not None and self.postgres.lost)

    def stop(self) -> None:
        """Web first, so that nobody asks for more; then the worker, and what it calls last."""
        self.commands.end()
        for name in ("web", "worker", "model"):
            if name in self.keepers:
                self.keepers[name].stop()

    # --- start ----------------------------------------------------------------------------------

    def _start_model(self) -> None:
        self.weights = self._find_model()
        if self.weights is None:
            say(NO_MODEL)
            return
        self._add("model", [], {}, patience=3, prepare=self._place_model)

    def _find_model(self) -> Weights | None:
        """The model file that somebody named, as long as it can be used; the one that came along
        otherwise.
        """
        self.model_file = wished_weights(self.environ, self.home)
        if self.model_file and has_engine():
            try:
                return own_weights(self.model_file)
            except CannotLaunch as trouble:
                self.teller.tell("model", f"{trouble} The model that came along runs instead.")
        path = find_weights()
        return Weights(path) if path else None

    def _place_model(self) -> None:
        """Where the model listens: where it did, also before the last end, as downloaded files say
        so; unless somebody else has taken its port. And what it is called.
        """
        assert self.weights is not None
        model = self.keepers["model"]
        last = model.fact.get("url", "").removesuffix("/v1").rpartition(":")[2]
        known = int(last) if last else self.home.read_fact("model-port").get("port")
        port = free_port(preferred=known)
        with suppress(OSError):
            self.home.write_fact("model-port", {"port": port})
        fact = {"url": f"http://127.0.0.1:{port}/v1", "name": self.weights.name}
        command = ["-m", "promptlab.launch.model_server", "--port", str(port)]
        if not self.weights.came_along:
            command += ["--gguf", str(self.weights.path)]
        model.child.command = [sys.executable, *command]
        if fact == model.fact:
            return
        model.fact = fact
        self.environ["PROMPTLAB_MODEL_URL"] = fact["url"]
        self.environ["PROMPTLAB_MODEL_NAME"] = fact["name"]
        self._restart("web", "worker")

    def _see_to_model_file(self) -> None:
        """Have the engine run another file as soon as one is chosen on the pages."""
        if self.model_file == wished_weights(self.environ, self.home):
            return
        before, self.weights = self.weights, self._find_model()
        if "model" in self.keepers and self.weights not in (None, before):
            say(f"The engine runs {self.weights.name} from now on.")
            self.keepers["model"].restart()

    def _prepare(self, database_url: str) -> None:
        begun: list[Command] = []
        migrate = not preparation.tables_are_current(self.home, database_url)
        if migrate:
            say("Preparing the tables.")
            begun.append(self.commands.begin("migrate", "--verbosity", "0"))
        if not preparation.static_is_current(self.home):
            options = ("--no-input", "--verbosity", "0")
            begun.append(self.commands.begin("collectstatic", *options))
        for command in begun:
            self.commands.finish(command)
        if migrate and preparation.has_command("load_demo"):
            say("Loading the demo project.")
            self.commands.do("load_demo")
        with suppress(OSError):  # only to be quicker the next time
            preparation.note_static(self.home)
            preparation.note_tables(self.home, database_url)

    def _start_web_and_worker(self) -> None:
        proxy = self.environ.get("PROMPTLAB_TRUST_PROXY") == "1"
        web = [
            *("-m", "uvicorn", "promptlab.asgi:application", "--fd", str(self.listener.fileno())),
            *("--lifespan", "off", "--timeout-graceful-shutdown", "3", "--log-level", "warning"),
            "--proxy-headers" if proxy else "--no-proxy-headers",
        ]
        self._add("web", web, {"url": self.url}, sockets=[self.listener.fileno()])
        if preparation.has_command("worker"):
            self._add("worker", ["manage.py", "worker"], {}, patience=15)

    def _add(
        self,
        name: str,
        arguments: list[str],
        fact: Mapping[str, str],
        *,
        sockets: list[int] | None = None,
        patience: float = 10,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        log = self.home.logs / f"{name}.log"
        child = Child(
            name, [sys.executable, *arguments], log=log, sockets=sockets or [], patience=patience
        )
        keeper = ChildKeeper(child, self.environ, self.notes, self.teller, fact, prepare)
        self.keepers[name] = keeper
        keeper.start()

    def _first_link(self) -> str:
        """Where the first administrator signs in, as long as there is none."""
        name = "first_admin_link"
        return self.commands.do(name) if preparation.has_command(name) else ""

    def _wait_for_web(self) -> None:
        """Until it says that all is well. What ends meanwhile is started again; without a reason
        that may pass, ending again and again at the start is a failure.
        """
        deadline = time.monotonic() + BOOT_SECONDS
        web = self.keepers["web"]
        while not _answers(f"{self.url}/healthz"):
            if self._lacks_ground():
                deadline = time.monotonic() + BOOT_SECONDS
            elif web.ends >= BOOT_TRIES or time.monotonic() > deadline:
                raise StepFailed("The web server", web.child.log, web.child.last_words())
            self._look()
            self._pause(0.1)

    def _tell(self, link: str) -> None:
        say(f"\npromptlab is ready: {link or self.url}\n")
        say(f"Stop it with Ctrl-C. Data: {self.home.path}  Logs: {self.home.logs}")

    # --- watch ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            self._pause(GLANCE)
            self._look()

    def _look(self) -> None:
        """See to everything; what fails one look must not end us all."""
        try:
            self._see_to_all()
        except Exception as error:  # noqa: BLE001 - told, and looked at again in a moment
            self.teller.tell("supervisor", f"A look failed: {type(error).__name__}: {error}")

    def _see_to_all(self) -> None:
        if self.disk.look():
            self._hurry()
        if self.disk.trouble and self.disk.trouble.kind is Kind.GONE:
            return  # whoever starts now would begin a new life beside the old data
        if self.postgres:
            self.postgres.look(excused=self.disk.trouble is not None)
        for keeper in self.keepers.values():
            keeper.look()
        self._see_to_model_file()
        self.notes.catch_up()
        rotate([*self.home.logs.glob("*.log"), self.home.postgres / "server.log"])

    def _hurry(self) -> None:
        for keeper in (self.postgres, *self.keepers.values()):
            if keeper:
                keeper.backoff.hurry()

    def _move_postgres(self, url: str) -> None:
        """Its port was lost to somebody: everybody learns the new one."""
        self.environ["DATABASE_URL"] = url
        self._restart("web", "worker")

    def _restart(self, *names: str) -> None:
        for name in names:
            if name in self.keepers:
                self.keepers[name].restart()

    # --- signals --------------------------------------------------------------------------------

    def _note_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _pause(self, seconds: float) -> None:
        if not self.stopping:
            time.sleep(seconds)
        if self.stopping:
            say("Stopping.")
            raise Stopped


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return bool(json.load(reply)["status"] == "ok")
    except (urllib.error.URLError, OSError, ValueError):
        return False
