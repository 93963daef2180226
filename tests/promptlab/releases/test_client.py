"""promptlab_client.py, as people have it: one file that fetches, keeps and runs prompts."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from promptlab.releases.client import NAME, client_file
from promptlab.releases.formats import FORMATS
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.ready_prompts import not_ready, ready_prompts
from tests.fakes.openai_server import OpenAIServer
from tests.promptlab.releases.contents import PROGRAMS, content_of
from tests.promptlab.releases.test_python_file import conversation
from tests.promptlab.releases.test_reach import PICKY, wants

READY = [shape for shape, make in PROGRAMS.items() if not not_ready(content_of(make()))]


def loaded(folder: Path) -> ModuleType:
    (folder / NAME).write_text(client_file(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("promptlab_client", folder / NAME)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return loaded(tmp_path_factory.mktemp("client"))


def told_of(shape: str = "one choice", reach: Reach | None = None) -> Any:
    return json.loads(ready_prompts(content_of(PROGRAMS[shape]()), "0" * 64, reach))


# --- Running ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", READY)
def test_it_says_the_very_messages_of_the_run_and_gives_the_same_outputs(
    shape: str, client: Any
) -> None:
    program = PROGRAMS[shape]()
    inputs = {f.name: f"Where is “{f.name}”?\nNow." for f in program.inputs}
    said, told, outputs = conversation(program, inputs)
    replies, requests = iter(told), []

    def create(**request: Any) -> Any:
        requests.append(request)
        return {"choices": [{"message": {"content": next(replies)}, "finish_reason": "stop"}]}

    prompt = client.Prompt(told_of(shape))
    assert prompt.run(inputs, client=create) == outputs
    for asked, request in zip(said, requests, strict=True):
        messages = [{"role": m.role, "content": m.content} for m in asked.messages]
        assert request["messages"] == messages
        assert request["response_format"]["json_schema"]["schema"] == asked.schema
        assert request["temperature"] == (asked.temperature or 0.0)
    assert prompt.messages(inputs) == requests[0]["messages"]


def test_most_programs_are_ready_and_the_others_say_what_to_take() -> None:
    assert {"one choice", "two modules", "nearest demos", "nulls", "opinions", "branches"} <= {
        *READY
    }
    (problem, *_more) = FORMATS["prompts"].lacks(content_of(PROGRAMS["tidied"]()))
    assert problem.code == "ready.needs_code"


def test_any_openai_client_will_do(client: Any) -> None:
    made = SimpleNamespace(message=SimpleNamespace(content="refund"), finish_reason="stop")
    heard: list[Any] = []

    def create(**request: Any) -> Any:
        heard.append(request)
        return SimpleNamespace(choices=[made])

    openai = SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))
    prompt = client.Prompt(told_of())
    assert prompt.run({"message": "Hi"}, client=openai) == {"intent": "refund"}
    prompt.run({"message": "Hi"}, client=openai, model="other")
    assert [request["model"] for request in heard] == ["tiny", "other"]
    made.finish_reason = "length"
    with pytest.raises(client.NoAnswer, match="cut off"):
        prompt.run({"message": "Hi"}, client=openai)
    with pytest.raises(KeyError, match="missing: message"):
        prompt.run({}, client=openai)


def test_without_a_client_it_asks_the_endpoint_that_it_was_scored_at(client: Any) -> None:
    with OpenAIServer(script=lambda body: '{"intent": "delivery"}', wants=wants) as server:
        reach = Reach(server.url, keyless=True, traits=PICKY)
        prompt = client.Prompt(told_of(reach=reach))
        assert prompt.run({"message": "Where is it?"}) == {"intent": "delivery"}
        assert server.requests[0]["max_completion_tokens"] == 90


def test_it_takes_no_other_file(client: Any) -> None:
    with pytest.raises(ValueError, match="no file of ready prompts"):
        client.Prompt({"format": "promptlab/version@1"})
    told = told_of()
    told["modules"]["classify"]["class"] = "Agent"
    with pytest.raises(ValueError, match="fetch a newer one"):
        client.Prompt(told)


# --- Fetching -----------------------------------------------------------------------------------


class Lab:
    """A server of one prompt: `status` is what it answers with, `asked` what it was asked."""

    def __init__(self) -> None:
        self.status, self.version, self.asked = 200, 1, []  # type: ignore[var-annotated]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        told = told_of() | {"version": self.version}
        tag, seen = f'"v{self.version}"', request.headers.get("If-None-Match")
        self.asked.append((request.path, seen, request.headers.get("Authorization")))
        status = 304 if self.status == 200 and seen == tag else self.status
        body = {200: json.dumps(told), 304: ""}.get(status, json.dumps({"detail": "Not so."}))
        request.send_response(status)
        request.send_header("ETag", tag)
        request.end_headers()
        request.wfile.write(body.encode())


@pytest.fixture
def lab() -> Iterator[tuple[Lab, str, ThreadingHTTPServer]]:
    state = Lab()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_told: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state, f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_was_fetched_is_kept_and_asked_for_with_its_tag(
    client: Any, lab: Any, tmp_path: Path
) -> None:
    state, url, _server = lab

    def fetched(fresh: float = 0) -> Any:
        made = client.Promptlab(url, "plab_x", "support", cache=tmp_path, fresh=fresh)
        return made.prompt("返金 1", "canary").version

    assert [fetched(), fetched()] == [1, 1]
    assert fetched(fresh=60) == 1
    state.version = 2
    assert fetched() == 2
    assert [seen for _path, seen, _token in state.asked] == [None, '"v1"', '"v1"']
    path, _seen, token = state.asked[0]
    assert path == (
        "/api/v1/prompts/%E8%BF%94%E9%87%91%201?format=prompts&project=support&label=canary"
    )
    assert token == "Bearer plab_x"


@pytest.mark.parametrize("status", [500, 503, 429, 401, "away"])
def test_while_the_server_is_away_it_goes_on_with_the_last_good_one(
    status: Any, client: Any, lab: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state, url, server = lab
    made = client.Promptlab(url, "plab_x", cache=tmp_path, fresh=0)
    assert not made.prompt("a").stale
    if status == "away":
        server.shutdown()
        server.server_close()
    state.status = status
    found = client.Promptlab(url, "plab_x", cache=tmp_path, fresh=0).prompt("a")
    assert (found.stale, found.version) == (True, 1)
    assert "fetched before is used" in caplog.text
    with pytest.raises(client.Refused if status == 401 else client.Away):
        client.Promptlab(url, "plab_x", cache=tmp_path / "empty", fresh=0).prompt("a")


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_refusal_is_told_in_the_servers_words(
    status: int, client: Any, lab: Any, tmp_path: Path
) -> None:
    state, url, _server = lab
    made = client.Promptlab(url, "plab_x", cache=tmp_path, fresh=0)
    made.prompt("a")
    state.status = status
    with pytest.raises(client.Refused, match="Not so"):
        made.prompt("a")


def test_a_spoilt_file_in_the_cache_is_fetched_anew(client: Any, lab: Any, tmp_path: Path) -> None:
    _state, url, _server = lab
    made = client.Promptlab(url, "plab_x", cache=tmp_path, fresh=60)
    made.prompt("a")
    (kept,) = tmp_path.iterdir()
    kept.write_text('{"tag": "x", "at"', encoding="utf-8")
    assert made.prompt("a").version == 1


def test_a_cache_that_cannot_be_written_only_warns(
    client: Any, lab: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _state, url, _server = lab
    (tmp_path / "file").write_text("")
    made = client.Promptlab(url, "plab_x", cache=tmp_path / "file" / "below", fresh=60)
    assert made.prompt("a").version == 1
    assert "cannot be kept" in caplog.text


# --- The file -----------------------------------------------------------------------------------


def test_it_is_a_command_that_stands_on_the_standard_library(lab: Any, tmp_path: Path) -> None:
    _state, url, _server = lab
    (tmp_path / NAME).write_text(client_file(), encoding="utf-8")
    words = ["--url", url, "--token", "plab_x", "get", "a", "--format", "prompts"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", str(tmp_path / NAME), *words],
        env={"XDG_CACHE_HOME": str(tmp_path)}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == told_of() | {"version": 1}


def test_what_went_wrong_is_in_the_exit_code(
    client: Any, lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    state, url, _server = lab
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path))
    state.status = 404
    assert client.main(["--url", url, "get", "a"]) == client.WRONG
    state.status = 503
    assert client.main(["--url", url, "get", "a"]) == client.AWAY
    assert capsys.readouterr().err == "promptlab: Not so.\npromptlab: Not so.\n"


def test_nothing_in_it_is_defined_twice() -> None:
    made = [
        n for n in ast.parse(client_file()).body if isinstance(n, ast.FunctionDef | ast.ClassDef)
    ]
    assert [name for name, n in Counter(node.name for node in made).items() if n > 1] == []
