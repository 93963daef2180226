"""The DSPy files, loaded and run by the real library."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.program import Program
from promptlab.releases.formats.dspy_files import Names, dspy_module, dspy_state, instruction_of
from tests.promptlab.releases.contents import PROGRAMS, content_of

# DSPy takes seconds to import, so that one process loads all programs.
LOADER = """
import importlib.util, json, sys, warnings
from pathlib import Path
import dspy

found = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    made = importlib.util.spec_from_file_location(folder.name, folder / "made.py")
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    program = getattr(module, (folder / "name").read_text())()
    program.load(str(folder / "state.json"))
    predictors = dict(program.named_predictors())
    replies = json.loads((folder / "replies.json").read_text())
    lm = dspy.utils.DummyLM(replies)
    with dspy.context(lm=lm):
        outputs = program(**json.loads((folder / "inputs.json").read_text()))
    found[folder.name] = {
        "predictors": {
            name: {
                "instruction": p.signature.instructions,
                "demos": [dict(d) for d in p.demos],
                "fields": {n: [str(f.annotation), f.json_schema_extra["desc"]]
                           for n, f in p.signature.fields.items()},
            }
            for name, p in predictors.items()
        },
        "outputs": dict(outputs),
        "saved": program.dump_state(),
    }
print(json.dumps(found))
"""


def replies_of(program: Program, names: Names) -> list[dict[str, Any]]:
    """One readable reply for each call, in order."""
    found = []
    for wave in program.waves():
        for call in wave:
            outputs = program.module(call.module).signature.outputs
            values: dict[str, Any] = {
                "text": f"from {call.name}", "boolean": "True", "integer": "2", "number": "0.5",
                "list": '["a", "b"]', "date": "2024-02-29",
                "object": '{"name": "a", "made on": "2024-02-29", "weight": 1}',
            }  # fmt: skip
            reply = {
                names.fields[f.name]: f.choices[0] if f.choices else values[f.single.value]
                for f in outputs
            }
            found.append({"reasoning": "so", **reply})
    return found


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("dspy")
    for shape, make in PROGRAMS.items():
        content, room = content_of(make()), folder / shape
        names = Names.of(content.program)
        room.mkdir()
        (room / "made.py").write_text(dspy_module(content, "0" * 64), encoding="utf-8")
        (room / "state.json").write_text(dspy_state(content, "0" * 64), encoding="utf-8")
        (room / "name").write_text(names.program)
        inputs = {names.fields[f.name]: f"a {f.name}" for f in content.program.inputs}
        (room / "inputs.json").write_text(json.dumps(inputs))
        (room / "replies.json").write_text(json.dumps(replies_of(content.program, names)))
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(folder)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shape", PROGRAMS)
def test_dspy_loads_the_state_into_the_module_with_the_same_prompts(
    shape: str, loaded: dict[str, Any]
) -> None:
    program = PROGRAMS[shape]()
    names = Names.of(program)
    predictors = loaded[shape]["predictors"]
    prompts = [module for module in program.modules if module.is_prompt]
    for module, predictor in zip(prompts, predictors.values(), strict=True):
        # DSPy cleans indentation whenever it reads an instruction.
        assert predictor["instruction"] == inspect.cleandoc(instruction_of(module))
        assert predictor["demos"] == [
            ({"augmented": True} if d.augmented else {})
            | {names.fields.get(n, n): v for n, v in d.values.items()}
            for d in fixed_of(module.demos)
        ]


@pytest.mark.parametrize("shape", PROGRAMS)
def test_what_dspy_would_save_is_what_we_wrote(shape: str, loaded: dict[str, Any]) -> None:
    ours = json.loads(dspy_state(content_of(PROGRAMS[shape]()), "0" * 64))
    ours.pop("metadata")
    for predictor in ours.values():
        said = predictor["signature"]["instructions"]
        predictor["signature"]["instructions"] = inspect.cleandoc(said)
    assert loaded[shape]["saved"] == ours


def test_types_and_choices_travel_in_the_module(loaded: dict[str, Any]) -> None:
    fields = loaded["two modules"]["predictors"]["draft_reply.predict"]["fields"]
    assert list(fields)[:3] == ["message", "intent", "reasoning"]
    assert fields["topics"][0] == "list[str]"
    assert fields["mood"] == ["<class 'float'>", "from 0 to 1"]
    choice = loaded["one choice"]["predictors"]["classify"]["fields"]["intent"]
    assert choice[0].startswith("typing.Literal['refund', 'delivery'")


@pytest.mark.parametrize("shape", PROGRAMS)
def test_the_module_runs(shape: str, loaded: dict[str, Any]) -> None:
    assert set(loaded[shape]["outputs"]) == set(PROGRAMS[shape]().outputs)
    if shape == "shared module":
        assert loaded[shape]["outputs"] == {"answer": "from run"}
