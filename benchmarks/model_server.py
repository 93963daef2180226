"""A local model that counts its calls: `python -m benchmarks.model_server [--gguf FILE]`.

The product's own embedded server (`promptlab.launch.model_server`), with any GGUF file, and with
`/counts`: how many calls it has answered and how many tokens these were; and `/allowance`: how many
more it answers. Under `/writer` the same model is counted apart, for those who write instructions
with it. `--slots 8` has one engine answer so many calls together, on all cores: which pays with a
llama.cpp that was built for the machine (AVX-512, AMX), and not with the wheel's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from benchmarks.metering import Counts, Meter
from promptlab.launch.home import CHECKOUT
from promptlab.launch.model_server import (
    CONTEXT_TOKENS,
    Engine,
    Engines,
    Front,
    Grammar,
    compact_json_grammar,
    engine_of,
    engine_params,
    engines_for_this_machine,
    refusal,
    start_engine,
    weights_of,
)
from promptlab.launch.model_weights import MODEL_NAME, own_weights
from promptlab.launch.ports import free_port
from promptlab.launch.refusals import CannotLaunch

TASK, WRITER = "", "/writer"
"""Before `/v1`: who asks, the program or who writes its instructions."""


class CountingFront(Front):
    """The product's front, which also says how much it was used, and owns what may be used."""

    def __init__(
        self,
        engines: Engines,
        key: str,
        grammar: Grammar = compact_json_grammar,
        name: str = MODEL_NAME,
    ) -> None:
        super().__init__(engines, key, grammar, name)
        self.meters = {TASK: Meter(), WRITER: Meter()}

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get(f"{WRITER}/v1/models", self.models)
        app.router.add_post(f"{WRITER}/v1/chat/completions", self.chat)
        for role in self.meters:
            app.router.add_get(f"{role}/counts", self.tell_counts)
            app.router.add_post(f"{role}/allowance", self.set_allowance)
        return app

    async def tell_counts(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self._meter(request).counts))

    async def set_allowance(self, request: web.Request) -> web.Response:
        self._meter(request).left = (await request.json())["calls"]
        return web.json_response({})

    async def chat(self, request: web.Request) -> web.Response:
        meter = self._meter(request)
        if not meter.admit():
            return refusal(403, "The calls that this arm is allowed are used up.")
        reply = await super().chat(request)
        meter.note(reply.status, reply.body)
        return reply

    def _meter(self, request: web.Request) -> Meter:
        return self.meters[WRITER if request.path.startswith(f"{WRITER}/") else TASK]


def grammar_of_this_build(schema: dict[str, Any]) -> str:
    """Without blanks, in the language of the llama.cpp that is installed: one that was built for
    the machine may lack llguidance.
    """
    import xllamacpp

    found = xllamacpp.json_schema_to_grammar(schema)
    if found.startswith("%llguidance"):
        return compact_json_grammar(schema)
    rules = found.splitlines()
    return "\n".join('space ::= ""' if r.startswith("space ::=") else r for r in rules)


@dataclass(frozen=True)
class LocalModel:
    """A running server: its OpenAI-compatible address, and the name of what it runs."""

    url: str
    name: str
    at_once: int
    """Calls that it answers at a time."""

    def as_writer(self) -> LocalModel:
        """The same model as the one that writes instructions: counted apart."""
        return replace(self, url=f"{self.url.removesuffix('/v1')}{WRITER}/v1")

    def counts(self) -> Counts:
        return Counts(**self._asked("counts"))

    def allow(self, calls: int | None) -> None:
        """Answer so many calls from now on and refuse what follows; None: any number."""
        self._asked("allowance", json.dumps({"calls": calls}).encode())

    def _asked(self, what: str, body: bytes | None = None) -> dict[str, int]:
        request = urllib.request.Request(f"{self.url.removesuffix('/v1')}/{what}", body)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as reply:
            found: dict[str, int] = json.loads(reply.read())
        return found


@contextmanager
def local_model(gguf: str = "", engines: int = 0, slots: int = 0) -> Iterator[LocalModel]:
    """The server in a process of its own, for as long as the block runs: several engines with one
    slot each, or one with several slots.
    """
    command = [sys.executable, "-m", "benchmarks.model_server"]
    command += ["--gguf", gguf] if gguf else []
    command += ["--engines", str(engines)] if engines else []
    command += ["--slots", str(slots)] if slots else []
    server = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        if not url:
            sys.exit("The model server did not start.")
        at_once = slots or engines or engines_for_this_machine()
        yield LocalModel(url, own_weights(gguf).name if gguf else MODEL_NAME, at_once)
    finally:
        server.terminate()
        server.wait()


def batching_engine(weights: Path, key: str, slots: int) -> Engine:
    """One engine that answers several calls in a batch, on every core."""
    import xllamacpp

    params = engine_params(weights, key)
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = engines_for_this_machine()
    params.n_threads_http = slots + 1
    # Without AMX kernels of its own, flash attention would take a third of the time.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return engine_of(params)


async def serve(port: int, front: Front) -> None:
    runner = web.AppRunner(front.application(), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=1).start()
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--engines", type=int, default=engines_for_this_machine())
    parser.add_argument("--slots", type=int, default=0, help="calls together, in one engine")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    arguments = parser.parse_args()
    try:
        weights = weights_of(arguments.gguf)
    except CannotLaunch as trouble:
        sys.exit(str(trouble))
    key = secrets.token_urlsafe()
    if arguments.slots:
        engine = batching_engine(weights.path, key, arguments.slots)
        slots = Engines([engine] * arguments.slots)
        front = CountingFront(slots, key, grammar_of_this_build, weights.name)
    else:
        engines = [start_engine(weights.path, key) for _ in range(arguments.engines)]
        front = CountingFront(Engines(engines), key, name=weights.name)
    try:
        asyncio.run(serve(arguments.port or free_port(), front))
    except KeyboardInterrupt:
        os._exit(0)


if __name__ == "__main__":
    main()
