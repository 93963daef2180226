"""kill -9 amid each ready example's program on its own data: the same end, nothing paid twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.jobs import starting
from optimizer.models import Provider, Run
from promptlab.demo.examples import ReadyExample, ready_examples, with_corpus
from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.memory import Watch
from tests.faults.workers import (
    Undisturbed,
    Workers,
    books_are_right,
    ended,
    forget,
    told,
    until,
    workers,
)
from tests.promptlab.demo.test_optimizing_examples import rows

EXAMPLES = ready_examples()
FEW = ("grid_world", "hotpotqa")
"""Those of the short set: steps of code, and two hops through a corpus."""
ROWS = 16
AT_ONCE = 8 + 2  # the provider's places, and what waits for the books


def on_its_data(spec: RunSpec, example: ReadyExample) -> RunSpec:
    """The example's program as it stands, and one candidate beside it, on its first rows."""
    program = with_corpus(spec.namespace, example)
    own = baseline_of(program).modules
    name = next(m.name for m in program.modules if m.has_instruction)
    other = replace(own[name], instruction=f"{own[name].instruction} Look twice.")
    given = (Candidate({**own, name: other}),)
    data = rows(example, "validation", ROWS)
    changed = replace(spec, program=program, metric=example.metric, given=given)
    return as_evaluation(replace(changed, train=(), validation=data, test=()))


def carried_out(run: Run, crew: Workers, what: str) -> None:
    process = crew.start()
    until(lambda: ended(run) or run.status == "paused", what=what)
    crew.kill(process)
    assert run.status == "finished", (run.stop_reason, run.message, crew.words())


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda e: e.name)
def test_an_example_that_is_killed_ends_as_if_nothing_had_happened(
    example: ReadyExample, whole: bool, spec: RunSpec, provider: Provider,
    watch: Watch, tmp_path: Path,
) -> None:  # fmt: skip
    if not whole and example.name not in FEW:
        pytest.skip("in the whole set")
    with (
        table.row("worker", f"kill -9 amid {example.name}") as row,
        OpenAIServer(seconds=0.1) as server,
        workers(tmp_path / "worker.log", watch) as crew,
    ):
        provider.api_base = server.url
        provider.save()
        wanted = on_its_data(spec, example)
        starting.checked(wanted)
        run = starting.enqueue_run(wanted)
        carried_out(run, crew, f"an undisturbed {example.name}")
        expected = Undisturbed(told(run), len(server.requests))
        assert expected.calls >= ROWS
        forget(run)
        server.requests.clear()
        run, process = starting.enqueue_run(wanted), crew.start()
        until(lambda: len(server.requests) >= expected.calls // 2 or ended(run))
        assert not ended(run)
        crew.kill(process)
        carried_out(run, crew, f"the end of {example.name}")
        assert told(run) == expected.told, crew.words()
        twice = books_are_right(run, server, expected.calls, 1, AT_ONCE)
        row.tries = 1
        row.result = f"same scores and outcomes; {twice} calls sent twice, all of them in doubt"
