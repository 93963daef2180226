"""Routing by input: offered where it is proved, the same in the file as in the product."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from optimizer.codec import from_json
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.routing import Router, routed
from optimizer.core.search.router import Table
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.releases import routers
from promptlab.releases.routers import Finalists, finalists_of
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.evidence import Evaluated
from tests.promptlab.releases.test_python_file import run_file

ClientOf = Callable[[User], Client]
PAGE = "/p/support-triage/versions/router/1/"


def suited(finalists: Finalists) -> Table:
    """The same inputs as if the first candidate were right on two intents, the second else."""
    rng = random.Random(3)
    scores = []
    for example in finalists.examples:
        first = example.expected["intent"] in ("refund", "exchange")
        right = (1.0, 0.0) if first else (0.0, 1.0)
        more = [0.2] * (len(finalists.candidates) - 2)
        scores.append([float(rng.random() < chance) for chance in (*right, *more)])
    return replace(finalists.table, scores=np.array(scores))


@pytest.fixture
def proved(finished: ProjectRun, monkeypatch: pytest.MonkeyPatch) -> Finalists:
    """Finalists of which each suits one kind of input, whatever they scored."""
    finalists = finalists_of(finished)
    table = suited(finalists)
    vars(finalists).pop("table")
    monkeypatch.setattr(Finalists, "table", table)
    assert finalists.routing is not None
    assert finalists.routing.offered
    return finalists


def test_finalists_are_the_best_that_were_fully_evaluated(finished: ProjectRun) -> None:
    finalists = finalists_of(finished)
    means = [found.estimate.mean for found in finalists.candidates if found.estimate]
    assert 2 <= len(means) <= routers.MOST
    assert means == sorted(means, reverse=True)
    assert len(finalists.examples) >= 30
    sealed = {row["id"] for row in finished.run.test.examples}
    assert not sealed & {example.id for example in finalists.examples}


def test_a_candidate_whose_calls_mostly_failed_is_no_finalist(
    finished: ProjectRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, found_of = finalists_of(finished), routers.evaluated
    failing = max(found.number for found in before.candidates)

    def failed(run: Run, numbers: Iterable[int]) -> list[Evaluated]:
        return [_failing(e) if e.number == failing else e for e in found_of(run, numbers)]

    monkeypatch.setattr(routers, "evaluated", failed)
    after = finalists_of(finished)
    assert failing not in [found.number for found in after.candidates]
    assert len(after.examples) >= len(before.examples)


def _failing(found: Evaluated) -> Evaluated:
    """As if all but two of its examples had failed."""
    outcomes = {
        key: seen if number < 2 else replace(seen, score=None, error="The model was busy.")
        for number, (key, seen) in enumerate(found.outcomes.items())
    }
    return replace(found, outcomes=outcomes)


def test_a_run_whose_candidates_do_alike_everywhere_is_offered_none(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    routing = finalists_of(finished).routing
    assert routing is not None
    assert not routing.offered
    client = client_of(carol)
    page = client.get(PAGE).content.decode()
    assert "No router is offered" in page
    assert "Python file that routes" not in page
    assert client.get(f"{PAGE}python/").status_code == 404
    assert client.get(f"{PAGE}json/").status_code == 404
    assert client.get(f"{PAGE}nothing/").status_code == 404


def test_the_log_has_a_line_for_each_prompt_on_each_query(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    answer = client_of(carol).get(f"{PAGE}log/")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    finalists = finalists_of(finished)
    assert len(lines) == len(finalists.examples) * len(finalists.candidates)
    first = lines[0]
    assert first["query"] == finalists.examples[0].inputs
    assert first["prompt_id"] == finalists.candidates[0].number
    assert 0 <= first["reward"] <= 1
    assert from_json(Candidate, first["prompt"]) == finalists.candidates[0].candidate


def test_json_and_python_route_as_the_product_does_and_hold_no_row(
    proved: Finalists, carol: User, client_of: ClientOf, tmp_path: Path
) -> None:
    client = client_of(carol)
    assert "Routing is better" in client.get(PAGE).content.decode()
    told = json.loads(client.get(f"{PAGE}json/").content)
    source = client.get(f"{PAGE}python/").content.decode()
    router = proved.routing.router  # type: ignore[union-attr]
    assert router is not None
    assert told["format"] == "promptlab/router@1"
    assert set(told["prompts"]) == {str(n) for n in router.candidates}
    for number, prompts in told["prompts"].items():
        assert from_json(Candidate, prompts) == baseline_of(proved.programs[int(number)])
    said = [str(example.inputs["message"]) for example in proved.examples]
    assert not any(text in json.dumps(told["router"]) for text in said)
    asked = [*said, "", "🙂", "返金してください"]
    wanted = [routed(router, {"message": text}) for text in asked]
    again = Router(**told["router"])
    assert [routed(again, {"message": text}) for text in asked] == wanted
    assert len(set(wanted)) > 1
    (tmp_path / "routed_file.py").write_text(source, encoding="utf-8")
    (tmp_path / "litellm.py").write_text("", encoding="utf-8")
    driver = (
        "import json, sys, routed_file as f\n"
        "asked = json.load(sys.stdin)\n"
        "print(json.dumps([f.routed(f.ROUTER, {'message': m}) for m in asked]))\n"
        "print(json.dumps(sorted(f.FIND_CLUES) == sorted(f.CLASSIFY_INTENT)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", driver], input=json.dumps(asked), text=True, encoding="utf-8",
        capture_output=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    picked, same = ran.stdout.strip().splitlines()
    assert json.loads(picked) == wanted
    assert json.loads(same) is True
    for number in dict.fromkeys(wanted):
        text, folder = asked[wanted.index(number)], tmp_path / str(number)
        folder.mkdir()
        replies = ['{"reasoning": "So.", "clues": "money"}', '{"intent": "refund"}']
        _, requests = run_file(folder, source, {"message": text}, replies)
        prompts = baseline_of(proved.programs[routed(router, {"message": text})])
        systems = [request["messages"][0]["content"] for request in requests]
        for module, system in zip(("find_clues", "classify_intent"), systems, strict=True):
            assert prompts.modules[module].instruction.replace("{message}", "`message`") in system


def test_too_few_examples_are_told(
    finished: ProjectRun, carol: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizer.core.search.router.FEWEST", 10_000)
    assert "too little to learn from" in client_of(carol).get(PAGE).content.decode()
