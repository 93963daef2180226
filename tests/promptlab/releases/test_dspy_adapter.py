"""The downloaded DSPy module says what the run said, and reads every reply as the run did."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import Program
from promptlab.releases.formats.dspy_files import Names, dspy_module, dspy_state
from tests.fakes.replies import program_of
from tests.fakes.steps import held
from tests.promptlab.releases.contents import PROGRAMS, content_of
from tests.promptlab.releases.test_one_reader import MODULES, SAID, read_in_a_run

# One process, as DSPy takes seconds to import. A model that keeps what it is told and says what it
# is to say; each reply goes through the adapter of its module.
DRIVER = """
import json, sys
from pathlib import Path
import dspy
from dspy.utils.exceptions import AdapterParseError

class Said(dspy.BaseLM):
    def __init__(self):
        super().__init__("said")
        self.heard = []

    @property
    def supports_response_schema(self):
        return True

    def forward(self, prompt=None, messages=None, **settings):
        self.heard.append([messages, settings.get("response_format")])
        return {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}],
                "usage": {}, "model": "said"}

asked = json.loads(sys.stdin.read())
found = {"read": [], "heard": {}}
space = {"__name__": "made"}
exec(compile(asked["source"], "made.py", "exec"), space)
for constant, reply in asked["said"]:
    adapter = space[constant]
    own = {name: name_ for name_, name in adapter.names.items()}
    try:
        read = adapter.parse(dspy.Signature("message -> x"), reply)
        found["read"].append({own[name]: value for name, value in read.items()})
    except AdapterParseError as error:
        found["read"].append(str(error))
for shape, made in asked["programs"].items():
    space = {"__name__": "made"}
    exec(compile(made["source"], "made.py", "exec"), space)
    program, lm = space[made["name"]](), Said()
    for loaded in (False, True):
        if loaded:
            Path("state.json").write_text(made["state"])
            program.load("state.json")
        with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
            try:
                program(**made["inputs"])
            except AdapterParseError:
                pass
        found["heard"].setdefault(shape, []).append(lm.heard[0])
        lm.heard.clear()
print(json.dumps(found))
"""


def made(program: Program) -> dict[str, Any]:
    content, names = content_of(program), Names.of(program)
    return {
        "source": dspy_module(content, "0" * 64),
        "state": dspy_state(content, "0" * 64),
        "name": names.program,
        "inputs": {names.fields[f.name]: f"a {f.name}" for f in program.inputs},
    }


@pytest.fixture(scope="module")
def through_dspy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    program = program_of(MODULES)
    adapters = Names.of(program).adapters
    asked = {
        "source": dspy_module(content_of(program), "0" * 64),
        "said": [[adapters[said.module.name], said.reply] for said in SAID],
        "programs": {shape: made(make()) for shape, make in PROGRAMS.items()},
    }
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], input=json.dumps(asked), text=True, encoding="utf-8",
        cwd=tmp_path_factory.mktemp("dspy"), capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_reads_every_reply_as_the_run_does(through_dspy: Any) -> None:
    differing = []
    for said, there in zip(SAID, through_dspy["read"], strict=True):
        here = read_in_a_run(said)
        same = here in there if isinstance(here, str) and isinstance(there, str) else here == there
        if not same:
            differing.append((said.reply, here, there))
    assert differing == []


@pytest.mark.parametrize("shape", PROGRAMS)
def test_it_says_the_very_messages_of_the_run(shape: str, through_dspy: Any) -> None:
    program = PROGRAMS[shape]()
    first: list[Prompt] = []

    def answer(prompt: Prompt) -> Reply:
        first.append(prompt)
        return Reply("{}")

    held(
        predict(program, baseline_of(program), {f.name: f"a {f.name}" for f in program.inputs}),
        answer,
    )
    told = first[0]
    alone, with_its_state = through_dspy["heard"][shape]
    messages, form = alone
    assert messages == [{"role": m.role, "content": m.content} for m in told.messages]
    assert form["json_schema"]["schema"] == told.schema
    assert with_its_state == alone
