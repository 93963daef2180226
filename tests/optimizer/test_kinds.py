"""A new kind of module and of metric needs its own file and nothing else: in a file, in an
estimate, and in a run that a worker carries out.
"""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.problems import Refused
from optimizer.core.programs.program import Program
from optimizer.files.program_file import read, schema, write
from optimizer.models import Outcome
from optimizer.running import snapshots
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.toy_kinds import Again, Verdict, toy_kinds
from tests.fakes.world import one_module_program
from tests.optimizer.conftest import Create, carry_on

__all__ = ["toy_kinds"]


@pytest.fixture
def program(toy_kinds: None) -> Program:
    standard = one_module_program()
    (module,) = standard.modules
    return replace(standard, modules=(Again(module.name, module.signature, times=3),))


JUDGED = Verdict("label", "label", question="Will it do?")


def test_a_program_file_holds_it_and_the_schema_knows_it(program: Program) -> None:
    text = write(program)
    assert read(text) == program
    assert json.loads(text)["modules"][0] | {"signature": {}} == {
        "name": "classify", "signature": {}, "kind": "again", "demos": [], "description": "",
        "locked": [], "frozen_instruction": False, "frozen_demos": False, "times": 3,
    }  # fmt: skip
    jsonschema.validate(json.loads(text), schema())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"times": "often"}, "modules[0].times"),
        ({"tiems": 3}, "modules[0].tiems"),
        ({"kind": "agian"}, "modules[0].kind"),
        ({"kind": "predict"}, "modules[0].times"),
    ],
)
def test_what_is_wrong_with_it_in_a_file_is_told_at_its_place(
    program: Program, change: dict[str, object], place: str
) -> None:
    data = json.loads(write(program))
    data["modules"][0] |= change
    with pytest.raises(Refused) as refusal:
        read(json.dumps(data))
    assert [problem.place for problem in refusal.value.problems] == [place]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())


def test_the_estimate_counts_what_it_asks(program: Program, spec: RunSpec) -> None:
    before = estimate(spec)
    after = estimate(replace(spec, program=program, metric=JUDGED))
    assert after.baseline_calls == (3 + 1) * before.baseline_calls
    assert after.task_calls[1] == (3 + 1) * before.task_calls[1]


def test_a_worker_runs_it_and_pays_for_what_it_asks(program: Program, create: Create) -> None:
    lm = ScriptedLM()
    run = create(program=program, metric=JUDGED)
    assert snapshots.thaw(run).program == program
    assert snapshots.thaw(run).metric == JUDGED
    run = carry_on(run, lm)

    assert run.status == "finished"
    assert run.best_score["n"] == 16
    assert run.used_calls == len(lm.calls)
    said = [call.messages[0].content for call in lm.calls]
    assert any(text.endswith("You are asked 3 times.") for text in said)
    assert any(text.startswith("Will it do?\nGiven: ") for text in said)
    scores = Outcome.objects.filter(exchange__run=run).values_list("data__score__reason", flat=True)
    assert set(scores) == {'Will it do? {"verdict": true}'}
