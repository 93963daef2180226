"""A server that takes its time: `python -m benchmarks.slow_server --seconds 0.5`.

It answers in the form that each client asks for: JSON where a schema is sent, DSPy's marked
sections otherwise.
"""

from __future__ import annotations

import argparse
import asyncio

from tests.fakes.openai_server import Body, OpenAIServer, by_schema


def reply(body: Body) -> str:
    if "response_format" in body:
        return by_schema(body)
    return "[[ ## label ## ]]\nham\n\n[[ ## completed ## ]]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5)
    server = OpenAIServer(script=reply, seconds=parser.parse_args().seconds)
    asyncio.run(server.serve(lambda: print(server.url, flush=True)))


if __name__ == "__main__":
    main()
