"""A state that DSPy saved is read onto a program whose modules are called like its predictors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optimizer.core.problems import Refused
from optimizer.core.programs.demo import fixed_of
from optimizer.files.program_file import read_file
from tests.core.programs import ONE_STEP, TWO_STEPS


def predictor(instructions: str = "Say it.", **demo: Any) -> dict[str, Any]:
    return {
        "traces": [], "train": [], "demos": [demo] if demo else [], "lm": None,
        "signature": {"instructions": instructions, "fields": []},
    }  # fmt: skip


def state(**predictors: dict[str, Any]) -> str:
    return json.dumps({**predictors, "metadata": {"dependency_versions": {"dspy": "3.0"}}})


def test_instructions_and_demos_are_taken_by_the_names_of_predictors() -> None:
    name = ONE_STEP.modules[0].name
    row = {f.name: "x" for f in (*ONE_STEP.modules[0].signature.inputs, *ONE_STEP.modules[0].gives)}
    data = state(**{f"{name}.predict": predictor("Choose well.", augmented=True, **row)})
    made = read_file(data, ONE_STEP)
    (module,) = made.program.modules
    assert module.signature.instruction == "Choose well."
    (demo,) = fixed_of(module.demos)
    assert (demo.values, demo.augmented) == (row, True)
    assert made.told == ()


def test_the_state_of_a_single_predictor_belongs_to_the_only_module() -> None:
    made = read_file(json.dumps(predictor("Alone.")), ONE_STEP)
    assert made.program.modules[0].signature.instruction == "Alone."


def test_what_is_not_taken_is_told_and_the_rest_stays() -> None:
    first, second = TWO_STEPS.modules
    data = state(**{first.name: predictor("New.", nothing="x"), "other": predictor("Lost.")})
    made = read_file(data, TWO_STEPS)
    assert [p.code for p in made.told] == ["file.demos_left", "file.no_module_for"]
    assert made.program.modules[0].signature.instruction == "New."
    assert made.program.modules[1] == second


@pytest.mark.parametrize("onto", [None, TWO_STEPS])
def test_a_state_that_fits_nothing_is_refused(onto: Any) -> None:
    with pytest.raises(Refused) as refused:
        read_file(state(elsewhere=predictor()), onto)
    code = "file.no_predictor_fits" if onto else "file.dspy_state"
    assert [p.code for p in refused.value.problems] == [code]


@pytest.mark.parametrize(
    "part",
    [
        {"signature": None, "demos": None},
        {"signature": {"instructions": 3}, "demos": [1, None, {}]},
        {"signature": {"instructions": "\x00"}, "demos": {}},
    ],
)
def test_an_odd_state_changes_nothing_and_breaks_nothing(part: dict[str, Any]) -> None:
    module = ONE_STEP.modules[0]
    made = read_file(json.dumps({module.name: part}), ONE_STEP)
    assert made.program.modules[0].signature == module.signature
