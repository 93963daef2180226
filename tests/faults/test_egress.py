"""Who is reached by a call, and with what: never a metadata address, never with a key of others."""

from __future__ import annotations

import socket

import pytest

from optimizer.lm.failures import ProviderRefused
from tests.fakes.faults import REDIRECTS
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, outcome_of
from tests.faults import table
from tests.optimizer.test_transport import ODD, never

KEY = "sk-CANARY-0123456789"


def test_no_spelling_of_an_address_that_is_never_a_model_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with table.row("addresses", f"{len(ODD)} spellings of what is never a model") as row:
        with monkeypatch.context() as patched:
            patched.setattr(socket.socket, "connect", never)
            for way in WAYS:
                for host in ODD:
                    client = way.client(f"http://{host}", KEY, deadline=3.0)
                    assert type(outcome_of(client, way.call())) is ProviderRefused, (way.name, host)
                    row.tries += 1
        row.result = f"none connected to, by {len(WAYS)} ways to call"


def test_no_redirect_is_followed_with_or_without_a_key() -> None:
    with table.row("redirects", ", ".join(map(str, REDIRECTS))) as row:
        for way in WAYS:
            for status in REDIRECTS:
                for key in ("", KEY):
                    with OpenAIServer(fault=lambda body, n, s=str(status): s) as server:
                        outcome = outcome_of(way.client(server.root, key), way.call())
                        assert type(outcome) is ProviderRefused, (way.name, status)
                        assert (len(server.requests), server.followed) == (1, 0)
                    row.tries += 1
        row.result = f"none followed, by {len(WAYS)} ways to call"
