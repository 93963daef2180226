"""Random programs give the same in a run, in their Python file and in their DSPy module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.passages import passage_text
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import (
    Fetch,
    Fetched,
    LmCall,
    Passages,
    RunCode,
    Search,
    StepAnswer,
)
from optimizer.retrieval.lookup import PassageIndex
from optimizer.sandbox.jail import jail
from promptlab.releases.formats.dspy_files import Names, dspy_module, not_in_dspy
from promptlab.releases.formats.python_file import python_file
from tests.promptlab.releases.contents import content_of
from tests.promptlab.releases.random_programs import CORPUS, PASSAGES, REPLIES, Made, lines

SEEDS = range(60)
MODEL: dict[str, Any] = {}
exec(REPLIES, MODEL)
INDEX = PassageIndex.of(map(passage_text, PASSAGES))

DRIVER = (
    REPLIES
    + """
import sys
from types import ModuleType, SimpleNamespace as Thing

asked = json.loads(sys.stdin.read())
if asked["dspy"]:
    import dspy

    class Said(dspy.BaseLM):
        supports_response_schema = True

        def __init__(self):
            super().__init__("said")

        def forward(self, prompt=None, messages=None, **settings):
            schema = settings["response_format"]["json_schema"]["schema"]
            message = {"content": reply_to(messages, schema)}
            return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {},
                    "model": "said"}

    dspy.configure(lm=Said())
else:
    def completion(messages, response_format, **settings):
        said = reply_to(messages, response_format["json_schema"]["schema"])
        choice = Thing(message=Thing(content=said), finish_reason="stop")
        return Thing(choices=[choice])

    sys.modules["litellm"] = ModuleType("litellm")
    sys.modules["litellm"].completion = completion

import io
import urllib.request

def urlopen(asked, timeout):
    return io.BytesIO(found_at(asked.full_url, (asked.data or b"").decode()).encode())

urllib.request.urlopen = urlopen

told = []
out, sys.stdout = sys.stdout, sys.stderr
for made in asked["programs"]:
    space = {"__name__": "made", "__file__": asked["here"]}
    exec(compile(made["source"], "made.py", "exec"), space)
    try:
        if asked["dspy"]:
            given = {made["names"][name]: value for name, value in made["inputs"].items()}
            found = dict(space[made["name"]]()(**given).items())
        else:
            found = space["run"](made["inputs"])
        told.append(json.dumps(found))
    except Exception as error:
        told.append(f"{type(error).__name__}: {error}")
out.write(json.dumps(told))
out.flush()
"""
)


def in_a_run(made: Made, inputs: dict[str, Value]) -> Prediction:
    steps = predict(made.program, baseline_of(made.program), dict(inputs))
    try:
        asked = next(steps)
        while True:
            asked = steps.send(tuple(map(_answer, asked)))
    except StopIteration as end:
        found: Prediction = end.value
        return found


def _answer(request: Any) -> StepAnswer:
    if isinstance(request, RunCode):
        return jail().run(request)
    if isinstance(request, Search):
        return Passages(tuple(PASSAGES[p] for p in INDEX.best(request.query, request.k)))
    if isinstance(request, Fetch):
        return Fetched(200, MODEL["found_at"](request.url, request.body))
    assert isinstance(request, LmCall)
    return Reply(_said(request.prompt))


def _said(prompt: Prompt) -> str:
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    said: str = MODEL["reply_to"](messages, prompt.schema)
    return said


def in_a_file(folder: Path, made: list[tuple[Made, dict[str, Value]]], dspy: bool) -> list[str]:
    (folder / f"corpus-{CORPUS[:12]}.jsonl").write_text(lines(), encoding="utf-8")
    source = dspy_module if dspy else python_file
    programs = [
        {
            "source": source(content_of(each.program), "0" * 64),
            "inputs": inputs,
            "name": Names.of(each.program).program,
            "names": Names.of(each.program).fields,
        }
        for each, inputs in made
    ]
    told = {"dspy": dspy, "programs": programs, "here": str(folder / "made.py")}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], input=json.dumps(told), text=True, encoding="utf-8",
        cwd=folder, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout, done.stderr[-2000:]
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("dspy", [False, True], ids=["python", "dspy"])
def test_a_program_gives_the_same_wherever_it_runs(dspy: bool, tmp_path: Path) -> None:
    programs = [each for each in map(Made, SEEDS) if not each.program.problems()]
    if dspy:  # what it would not say as the run did is not written for it
        programs = [each for each in programs if not not_in_dspy(content_of(each.program))]
    made = [(each, each.values()) for each in programs for _ in range(2)]
    assert len(made) >= 30
    ran = [in_a_run(*each) for each in made]
    assert sum(not each.problem for each in ran) > len(ran) / 3
    differing = []
    for (each, inputs), here, there in zip(made, ran, in_a_file(tmp_path, made, dspy), strict=True):
        same = not there.startswith("{") if here.problem else there == json.dumps(here.outputs)
        if not same:
            differing.append((each.program, inputs, here.problem or here.outputs, there))
    assert differing == []
