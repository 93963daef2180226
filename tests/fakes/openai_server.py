"""An OpenAI-compatible server on 127.0.0.1 that answers by script, with every way to misbehave.

In a test: `with OpenAIServer(script) as server: … server.url … server.requests`. As a process of
its own: `python -m tests.fakes.openai_server --port 8099 --seconds 0.5`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.fakes.rewriting import rewritten
from tests.fakes.scripted_lm import schema_properties
from tests.fakes.world import chance

Body = dict[str, Any]
Script = Callable[[Body], str]
Fault = Callable[[Body, int], str]
"""Names a way to misbehave for a request and its number (from 1), "" for none."""

FAULTS = (
    "429", "500", "503", "401", "404", "400", "hang", "drip", "garbage", "truncated", "empty",
    "null", "huge", "redirect", "reset", "no_schema",
)  # fmt: skip


def by_schema(body: Body) -> str:
    """A reply that keeps to the request's schema, its choices made by the last message."""
    wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
    said = body["messages"][-1]["content"]
    properties = schema_properties(wanted)
    if not properties:
        return rewritten(said) or f"Look at it closely, in way {int(chance(said) * 1000)}."
    return json.dumps({name: _value(kind, said) for name, kind in properties.items()})


def _value(kind: dict[str, Any], said: str) -> object:
    if kind.get("enum"):
        return kind["enum"][int(chance(said) * len(kind["enum"]))]
    return {"integer": 1, "number": 1.5, "boolean": True, "array": ["a"]}.get(
        kind.get("type", ""), "a text"
    )


@dataclass
class OpenAIServer:
    """`script` writes replies; `fault` chooses requests that go wrong; `key` is asked for if set.

    `constrains=False` refuses response_format as some servers do. `requests` holds the bodies of
    all chat completions that arrived, `served` those answered whole.
    """

    script: Script = by_schema
    seconds: float = 0.0
    fault: Fault = lambda body, number: ""
    key: str = ""
    constrains: bool = True
    models: tuple[str, ...] = ("scripted",)
    usage: bool = True
    requests: list[Body] = field(default_factory=list)
    served: list[Body] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def sent(self) -> Counter[str]:
        """How often each distinct request arrived."""
        return Counter(json.dumps(body, sort_keys=True) for body in self.requests)

    def __enter__(self) -> OpenAIServer:
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self.serve(started.set))
        self._loop.close()

    async def serve(self, started: Callable[[], object]) -> None:
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=50_000_000)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/health", _healthy)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        started()
        await self._stopping.wait()
        await runner.cleanup()

    async def _list_models(self, request: web.Request) -> web.Response:
        if self._forbidden(request):
            return self._refused(request)
        return web.json_response({"data": [{"id": name} for name in self.models]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        number = len(self.requests)
        if self._forbidden(request):
            return self._refused(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if "response_format" in body and not self.constrains:
                return _error(400, "response_format is not supported by this model")
            fault = self.fault(body, number)
            if fault:
                return await self._misbehave(fault, request, body)
            self.served.append(body)
            return web.json_response(self._completion(body, self.script(body)))
        finally:
            self.at_once -= 1

    def _forbidden(self, request: web.Request) -> bool:
        return bool(self.key) and request.headers.get("Authorization") != f"Bearer {self.key}"

    def _refused(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        return _error(401, f"Incorrect API key provided: {given}. Find your key in your account.")

    def _completion(self, body: Body, text: str) -> Body:
        said = sum(len(m["content"]) for m in body["messages"])
        prompt, completion = said // 4 + 1, len(text) // 4 + 1
        found: Body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
        }
        if self.usage:
            total = {"prompt_tokens": prompt, "completion_tokens": completion}
            found["usage"] = {**total, "total_tokens": prompt + completion}
        return found

    async def _misbehave(self, fault: str, request: web.Request, body: Body) -> web.StreamResponse:
        if fault == "429":
            return _error(429, "Rate limit reached", {"Retry-After": "0.05"})
        if fault.isdigit():
            return _error(int(fault), f"scripted failure {fault}")
        if fault == "no_schema":
            return _error(400, "json_schema is not supported")
        if fault == "redirect":
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{self.port}/health")
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
        if fault == "drip":
            return await self._drip(request)
        if fault == "huge":
            return web.Response(body=b'{"choices": "' + b"x" * 30_000_000 + b'"}')
        null = self._completion(body, "")
        null["choices"][0]["message"]["content"] = None
        whole = json.dumps(self._completion(body, "text"))
        answers = {
            "garbage": "<html>not JSON</html>",
            "truncated": whole[: len(whole) // 2],
            "empty": "{}",
            "null": json.dumps(null),
        }
        return web.Response(text=answers.get(fault, ""), content_type="application/json")

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(3600):
            await response.write(b" ")
            await asyncio.sleep(0.2)
        return response


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.5)
    given = parser.parse_args()
    server = OpenAIServer(seconds=given.seconds, port=given.port)
    asyncio.run(server.serve(lambda: print(server.url, flush=True)))  # noqa: T201


if __name__ == "__main__":
    main()
