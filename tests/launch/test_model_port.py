"""Where the embedded model listens stays the same: files that were downloaded name the address."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from promptlab.launch.home import Home
from promptlab.launch.keeping import ChildKeeper
from promptlab.launch.model_weights import Weights
from promptlab.launch.supervisor import Supervisor


@pytest.fixture(autouse=True)
def own_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)


def placed(home: Home) -> str:
    """The address of the model in a new life of the product."""
    keeper: Any = SimpleNamespace(fact={}, child=SimpleNamespace(command=[]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        supervisor = Supervisor(home, listener, {})
        supervisor.weights = Weights(home.path / "model.gguf")
        supervisor.keepers["model"] = cast(ChildKeeper, keeper)
        supervisor._place_model()
        supervisor._place_model()
    url: str = keeper.fact["url"]
    return url


def test_it_is_where_it_was_before_the_last_end(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    assert placed(home) == placed(home)


def test_a_port_that_somebody_else_has_taken_is_given_up(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    before = placed(home)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(before.removesuffix("/v1").rpartition(":")[2])))
        other.listen()
        assert placed(home) != before
