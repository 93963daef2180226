"""kill -9 amid an agent's turns, and amid a judge's verdicts: the same end, nothing paid twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import FRAME, LlmJudge
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import CodeTool
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import OwnModel
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.jobs import starting
from optimizer.models import Provider, Run
from tests.fakes.agents import ADD, turn
from tests.fakes.completions import Body
from tests.fakes.openai_server import OpenAIServer, by_schema
from tests.fakes.world import one_module_program
from tests.faults import table
from tests.faults.memory import Watch
from tests.faults.workers import Undisturbed, books_are_right, ended, forget, told, until, workers

KILLS = 2
AT_ONCE = 8 + 2  # the provider's places, and what waits for the books


def agent() -> Program:
    """The program whose only step adds first and says what it thinks then."""
    program = one_module_program()
    (module,) = program.modules
    tools = (CodeTool("add", "Adds whole numbers.", source=ADD),)
    step = ReAct(module.name, module.signature, tools=tools, max_turns=3)
    return replace(program, modules=(step,))


def taking_turns(body: Body) -> str:
    """Two turns, then the answer."""
    wanted = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    if wanted and "tool" not in wanted["properties"]:
        return by_schema(body)
    turns = sum(m["content"].startswith("Observation:") for m in body["messages"])
    return turn("finish") if turns == 2 else turn("add", a=turns)


def judging(body: Body) -> str:
    if FRAME not in body["messages"][0]["content"]:
        return by_schema(body)
    good = "spam" in body["messages"][-1]["content"]
    return json.dumps({"reason": "So it is.", "verdict": "good" if good else "poor"})


def asked(spec: RunSpec, provider: Provider, which: str) -> RunSpec:
    """The program as it stands, and one candidate beside it."""
    program, metric = spec.program, spec.metric
    if which == "agent":
        program = agent()
    else:
        levels = (Level("good", 1.0), Level("poor", 0.0))
        model = OwnModel(provider.pk, "scripted")
        metric = LlmJudge("label", "label", model=model, rubric="Is it right?", levels=levels)
    (name,) = baseline_of(program).modules
    given = (Candidate({name: ModulePrompt("Say whether it is spam.")}),)
    changed = replace(spec, program=program, metric=metric, given=given, test=())
    return as_evaluation(changed)


@pytest.mark.parametrize("which", ["agent", "judge"])
def test_what_is_killed_amid_it_ends_as_if_nothing_had_happened(
    which: str, spec: RunSpec, provider: Provider, watch: Watch, tmp_path: Path
) -> None:
    script = taking_turns if which == "agent" else judging
    with (
        table.row("worker", f"kill -9 amid {which}s") as row,
        OpenAIServer(script, seconds=0.03) as server,
        workers(tmp_path / "worker.log", watch) as crew,
    ):
        provider.api_base = server.url
        provider.save()
        wanted = asked(spec, provider, which)
        starting.checked(wanted)

        def begin() -> Run:
            return starting.enqueue_run(wanted)

        run, process = begin(), crew.start()
        until(lambda: ended(run) or run.status == "paused", what=f"an undisturbed {which}")
        assert run.status == "finished", (run.stop_reason, run.message, server.requests[-1])
        crew.kill(process)
        expected = Undisturbed(told(run), len(server.requests))
        assert expected.told["status"] == "finished", crew.words()
        assert expected.calls > 32, "an answer takes several calls"
        forget(run)
        server.requests.clear()
        run = begin()
        for number in range(1, KILLS + 1):
            target = number * expected.calls // (KILLS + 1)
            process = crew.start()
            until(lambda target=target: len(server.sent()) >= target or ended(run))
            crew.kill(process)
        crew.start()
        until(lambda: ended(run), what=f"the end of the {which}")
        assert told(run) == expected.told, crew.words()
        twice = books_are_right(run, server, expected.calls, KILLS, AT_ONCE)
        row.tries = KILLS
        row.result = f"same scores and outcomes; {twice} calls sent twice, all of them in doubt"
