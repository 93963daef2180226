from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp.test_utils import TestServer

from benchmarks.answers import Answers
from benchmarks.model_server import TASK as PROGRAM
from benchmarks.model_server import CountingFront, grammar_of_this_build
from benchmarks.tasks import TASKS, dealt
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.candidate import baseline_of
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp
from promptlab.launch.model_server import Engine, Engines, compact_json_grammar
from tests.fakes.openai_server import OpenAIServer

TASK = TASKS["two_steps"]
EXAMPLES = dealt(TASK, seed=1).test[:5]


def replied(body: object) -> str:
    return '{"request": "tomorrow", "date": "tomorrow"}'


def asked_of_a_server(kept: Path) -> tuple[list[float], int, int]:
    """Scores of the baseline, calls that were new, and calls that the server counted."""

    async def ask(engine: str) -> tuple[list[float], int, int]:
        front = CountingFront(Engines([Engine(engine, None)]), "key")
        async with TestServer(front.application()) as server:
            client = OpenAIHttp(str(server.make_url("/v1")), egress=EVERYWHERE)
            answers = Answers(client, ModelRef(0, front.name), kept)
            outcomes = await answers.outcomes(
                TASK.program, TASK.metric, baseline_of(TASK.program), EXAMPLES
            )
            await client.aclose()
        scores = [o.score.value for o in outcomes if o.score]
        return scores, answers.asked, front.meters[PROGRAM].counts.calls

    with OpenAIServer(script=replied) as engine:
        return asyncio.run(ask(engine.url.removesuffix("/v1")))


def test_the_server_counts_every_call_of_every_module(tmp_path: Path) -> None:
    scores, asked, counted = asked_of_a_server(tmp_path / "kept")
    assert len(scores) == len(EXAMPLES)
    assert asked == counted == 2 * len(EXAMPLES)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ('root ::= "{" space "}"\nspace ::= | " "', 'root ::= "{" space "}"\nspace ::= ""'),
        ("%llguidance {}\nstart: %json {}", compact_json_grammar({})),
    ],
    ids=["plain", "llguidance"],
)
def test_grammars_leave_no_room_for_blanks_in_whatever_language(
    told: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SimpleNamespace(json_schema_to_grammar=lambda schema: told)
    monkeypatch.setitem(sys.modules, "xllamacpp", engine)
    assert grammar_of_this_build({}) == wanted


def test_a_table_that_was_broken_off_asks_only_what_is_missing(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = asked_of_a_server(kept)
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:7]) + lines[7][:20])  # the process died in the middle of a line
    again = asked_of_a_server(kept)
    assert again[0] == first[0]
    assert again[1] == 3
    assert asked_of_a_server(kept)[1] == 0
