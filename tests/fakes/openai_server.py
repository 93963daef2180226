"""A provider on 127.0.0.1 that answers by script, with every way to misbehave (tests.fakes.faults).

It speaks OpenAI's format at `url`, and those of Anthropic and Gemini at `root`. In a test:
`with OpenAIServer(script) as server: … server.url … server.requests`. As a process of its own:
`python -m tests.fakes.openai_server --port 8099 --seconds 0.5 --fault gzip_bomb --every 3`.
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

from tests.fakes.by_schema import value_by
from tests.fakes.completions import Body, completion, embeddings, said_in
from tests.fakes.faults import FAULTS, Play, error
from tests.fakes.rewriting import rewritten
from tests.fakes.scripted_lm import schema_properties
from tests.fakes.world import chance

Script = Callable[[Body], str]
Fault = Callable[[Body, int], str]
"""Names a way to misbehave for a request and its number (from 1), "" for none."""


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
    return value_by(kind)


@dataclass
class OpenAIServer:
    """`script` writes replies; `fault` chooses requests that go wrong; `key` is asked for if set.

    `constrains=False` refuses response_format as some servers do; `wants` says what is answered to
    requests that the server does not want so. `requests` holds the bodies of
    all calls that arrived, `headers` and `paths` (with queries) what came with them, `served` the
    bodies answered whole, `followed` how often a redirect of ours was followed. `spoil` writes the
    completions down.
    """

    script: Script = by_schema
    seconds: float = 0.0
    fault: Fault = lambda body, number: ""
    key: str = ""
    constrains: bool = True
    wants: Callable[[Body], web.Response | None] = lambda body: None
    models: tuple[str, ...] = ("scripted",)
    usage: bool = True
    spoil: Callable[[Body], str] = json.dumps
    coding: str = ""
    requests: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    served: list[Body] = field(default_factory=list)
    followed: int = 0
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
        self._loop.run_until_complete(_end_of_the_rest())
        self._loop.close()

    async def serve(self, started: Callable[[], object]) -> None:
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=50_000_000)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/health", _healthy)
        app.router.add_route("*", "/elsewhere", self._follow)
        app.router.add_post("/{path:.*}", self._complete)
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
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.paths.append(request.path_qs)
        number = len(self.requests)
        if self._forbidden(request):
            return self._refused(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if "response_format" in body and not self.constrains:
                return error(400, "response_format is not supported by this model")
            unwanted = self.wants(body)
            if unwanted is not None:
                return unwanted
            fault = self.fault(body, number)
            if fault:
                return await _played(fault, Play(request, body, f"{self.root}/elsewhere"))
            self.served.append(body)
            told = self.spoil(self._completion(request.path, body))
            response = web.Response(text=told, content_type="application/json")
            if self.coding:
                response.enable_compression(web.ContentCoding(self.coding))
            return response
        finally:
            self.at_once -= 1

    async def _follow(self, request: web.Request) -> web.Response:
        self.followed += 1
        return web.json_response({"secret": "an internal page"})

    def _forbidden(self, request: web.Request) -> bool:
        return bool(self.key) and request.headers.get("Authorization") != f"Bearer {self.key}"

    def _refused(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        return error(401, f"Incorrect API key provided: {given}. Find your key in your account.")

    def _completion(self, path: str, body: Body) -> Body:
        """OpenAI's own bodies go to the script as they are, others in that shape."""
        if path.endswith("/embeddings"):
            return embeddings(body)
        said = said_in(path, body)
        shaped = body if path.endswith("/chat/completions") else _shaped(said)
        text = self.script(shaped)
        long = sum(len(m["content"]) for m in shaped["messages"])
        tokens = (long // 4 + 1, len(text) // 4 + 1) if self.usage else None
        return completion(path, body.get("model", "scripted"), text, tokens=tokens)


async def _played(fault: str, play: Play) -> web.StreamResponse:
    try:
        return await FAULTS[fault](play)
    except ConnectionError:  # the client has heard enough
        return web.Response()


async def _end_of_the_rest() -> None:
    """Faults that never end are ended, so that nobody is told of them later."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _shaped(said: str) -> Body:
    return {"model": "scripted", "messages": [{"role": "user", "content": said}]}


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--fault", choices=sorted(FAULTS), default="", metavar="NAME")
    parser.add_argument("--every", type=int, default=1, help="the n-th request goes wrong")
    parser.add_argument("--after", type=int, default=0, help="requests that go well first")
    given = parser.parse_args()

    def fault(body: Body, number: int) -> str:
        late = number > given.after and (number - given.after) % given.every == 0
        return given.fault if late else ""

    server = OpenAIServer(seconds=given.seconds, port=given.port, fault=fault)
    asyncio.run(server.serve(lambda: print(server.url, flush=True)))  # noqa: T201


if __name__ == "__main__":
    main()
