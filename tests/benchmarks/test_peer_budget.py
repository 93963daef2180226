"""One owner of the budget, and rows that are measured once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from benchmarks import page, peer, peer_others
from benchmarks.measured import Measured
from benchmarks.metering import Counts, Meter
from benchmarks.miprov2 import MODES, evaluations_of
from benchmarks.model_server import CountingFront
from benchmarks.peer import allowed_for, arms_for, seeds_of
from benchmarks.peer_figures import summed_up
from benchmarks.tasks import SHORT, TASKS
from promptlab.launch.model_server import Engine, Engines
from tests.fakes.openai_server import OpenAIServer

BODY = {"messages": [{"role": "user", "content": "a question"}]}


def statuses(allowed: int | None, paths: list[str]) -> tuple[list[int], CountingFront]:
    """What calls to these paths are answered where so many of the program's are allowed."""

    async def ask(engine: str) -> tuple[list[int], CountingFront]:
        front = CountingFront(Engines([Engine(engine, None)]), "key")
        async with TestServer(front.application()) as server, ClientSession() as session:
            await session.post(server.make_url("/allowance"), json={"calls": allowed})
            found = []
            for path in paths:
                async with session.post(server.make_url(path), json=BODY) as reply:
                    found.append(reply.status)
        return found, front

    with OpenAIServer(script=lambda body: "an answer") as engine:
        return asyncio.run(ask(engine.url.removesuffix("/v1")))


TASK_CALL, WRITER_CALL = "/v1/chat/completions", "/writer/v1/chat/completions"


def test_calls_beyond_the_allowance_are_refused_and_counted() -> None:
    found, front = statuses(2, [TASK_CALL] * 4)
    assert found == [200, 200, 403, 403]
    counts = front.meters[""].counts
    assert (counts.calls, counts.refused) == (2, 2)


def test_what_writes_instructions_is_counted_apart_and_takes_nothing_off() -> None:
    found, front = statuses(1, [WRITER_CALL, WRITER_CALL, TASK_CALL, TASK_CALL])
    assert found == [200, 200, 200, 403]
    assert {role: m.counts.calls for role, m in front.meters.items()} == {"": 1, "/writer": 2}


def test_without_an_allowance_everything_is_answered() -> None:
    found, front = statuses(None, [TASK_CALL] * 3)
    assert found == [200] * 3
    assert front.meters[""].counts.refused == 0


def test_a_call_that_was_not_answered_takes_nothing_off() -> None:
    meter = Meter(left=1)
    assert meter.admit()
    meter.note(502, b"{}")
    assert meter.admit()
    meter.note(200, b'{"usage": {"prompt_tokens": 7, "completion_tokens": 2}}')
    assert not meter.admit()
    assert meter.counts == Counts(1, 7, 2, refused=1)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_an_arm_that_optimizes_one_prompt_is_left_out_of_programs_with_more(name: str) -> None:
    program = TASKS[name].program
    ran = arms_for(TASKS[name], ["racing", "capo", "miprov2"])
    one = len(program.modules) == 1
    assert ran == (["miprov2", "capo", "racing"] if one else ["miprov2", "racing"])


def row_of(seed: int, arm: str, evaluations: int) -> dict[str, Any]:
    return {
        "task": "people", "seed": seed, "arm": arm, "evaluations": evaluations, "test": [1.0],
        "baseline_test": [0.0], "reported": None, "calls": 1, "seconds": 1.0, "refused": 0,
        "prompt_tokens": 1, "completion_tokens": 1,
    }  # fmt: skip


def test_others_may_make_as_many_evaluations_as_the_yardstick_made_or_plans(
    tmp_path: Path,
) -> None:
    measured = Measured(tmp_path / "rows.jsonl")
    measured.row(("people", 1, "miprov2"), lambda: row_of(1, "miprov2", 543))
    allowed = [allowed_for(TASKS["people"], s, SHORT, "light", measured) for s in (1, 2)]
    planned = evaluations_of(MODES["light"], 2, SHORT[1])
    assert allowed == [543, planned]
    assert 400 < planned < 800


@pytest.mark.parametrize(("given", "wanted"), [(None, [1, 2]), ([3], [1, 2, 3]), ([2, 4], [2, 4])])
def test_seeds_are_so_many_or_these(given: list[int] | None, wanted: list[int]) -> None:
    assert seeds_of(given, 2) == wanted


class NoBench:
    """Measures nothing; keeps what it was asked for."""

    asked: list[tuple[str, int, str, int]]

    def __init__(self, *_: object) -> None:
        pass

    def measured(self, cell: peer.Cell, allowed: int) -> dict[str, Any]:
        NoBench.asked.append((cell.task.name, cell.seed, cell.arm, allowed))
        if len(NoBench.asked) == 4:
            raise KeyboardInterrupt
        row = row_of(cell.seed, cell.arm, 500 if cell.arm == "miprov2" else allowed)
        return {**row, "task": cell.task.name}


@contextmanager
def nothing(*_: object, **__: object) -> Iterator[tuple[None, None]]:
    yield None, None


def test_a_contest_that_was_broken_off_goes_on_with_the_next_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "rows.jsonl"
    for name, stand_in in (("Bench", NoBench), ("_models", nothing), ("worker", nothing)):
        monkeypatch.setattr(peer, name, stand_in)
    words = ["peer", "--short", "--arms", "racing", "miprov2", "--out", str(kept)]
    monkeypatch.setattr("sys.argv", words)
    NoBench.asked = []
    with pytest.raises(KeyboardInterrupt):
        peer.main()
    assert len(kept.read_text().splitlines()) == 3
    peer.main()
    assert NoBench.asked[:4] == [
        ("dates", 1, "miprov2", evaluations_of(MODES["light"], 2, SHORT[1])),
        ("dates", 1, "racing", 500),
        ("people", 1, "miprov2", evaluations_of(MODES["light"], 2, SHORT[1])),
        ("people", 1, "racing", 500),
    ]
    assert NoBench.asked[4] == NoBench.asked[3]
    assert len(NoBench.asked) == 9
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {task["task"] for task in figures["tasks"]} == {"dates", "people"}
    assert figures["tasks"][0]["arms"]["racing"]["seeds"] == [1, 2]


def test_the_page_has_a_table_for_each_pair_of_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(page.PAGE.read_text())
    monkeypatch.setattr(page, "PAGE", copy)
    for model, form in (("small", ""), ("large", ""), ("small", "-short")):
        figures = {"model": model, "writer": "a writer", **summed_up([row_of(1, "gepa", 9)])}
        (tmp_path / f"peer-{model}{form}.json").write_text(json.dumps(figures))
    for short in (False, True):
        peer.publish(short, tmp_path)
    whole, _, rest = copy.read_text().partition("<!-- end of peer -->")
    assert "Programs on small; a writer writes instructions:\n\n| |" in whole
    assert whole.count("Programs on ") == 2
    assert rest.count("Programs on ") == 1


def test_a_library_that_fails_ends_the_contest_and_makes_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_others, "PYTHON", Path(sys.executable))
    with pytest.raises(SystemExit, match=r"ended with an error, told at the end of a\.log"):
        peer_others.optimized("benchmarks.no_such_module", [], tmp_path / "a.log")
    assert "no_such_module" in (tmp_path / "a.log").read_text()


def test_without_the_other_libraries_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_others, "PYTHON", tmp_path / "python")
    with pytest.raises(SystemExit, match="run this with `make bench-peer`"):
        peer_others.optimized("benchmarks.peer_dspy_run", [], tmp_path / "a.log")
