"""The downloaded Python file: stands alone, runs, and says what the run said."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply, Role
from optimizer.core.programs.parse import UnreadableReply, parse
from optimizer.core.programs.program import Program
from optimizer.core.programs.render import render
from optimizer.core.programs.signature import FieldType
from promptlab.releases.formats import FORMATS
from promptlab.releases.formats.python_file import python_file
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.steps import held
from tests.promptlab.releases.contents import PROGRAMS, content_of, one_choice, two_modules

FAKE_LITELLM = """
import json, os
from types import SimpleNamespace as Thing

def completion(**request):
    with open(os.environ["SAID"], "a", encoding="utf-8") as said:
        said.write(json.dumps(request) + "\\n")
    replies = json.loads(os.environ["REPLIES"])
    with open(os.environ["SAID"], encoding="utf-8") as said:
        reply = replies[sum(1 for _ in said) - 1]
    return Thing(choices=[Thing(message=Thing(content=reply))])
"""


def answer_of(prompt: Prompt, number: int) -> str:
    """A reply that fits the prompt's schema."""
    assert prompt.schema is not None
    made: dict[str, Any] = {}
    for name, schema in prompt.schema["properties"].items():
        by_type = {
            "string": schema.get("enum", [f"text {number} 「é」"])[-1],
            "integer": number + 2,
            "number": 0.25,
            "boolean": True,
            "array": ["a", "b"],
        }
        made[name] = by_type[schema["type"]]
    return f"```json\n{json.dumps(made, ensure_ascii=False)}\n```"


def conversation(
    program: Program, inputs: dict[str, str]
) -> tuple[list[Prompt], list[str], dict[str, Any]]:
    """What the core says, is told, and makes of it."""
    calls = predict(program, baseline_of(program), dict(inputs))
    said: list[Prompt] = []
    told: list[str] = []

    def answer(prompt: Prompt) -> Reply:
        told.append(answer_of(prompt, len(said)))
        said.append(prompt)
        return Reply(told[-1])

    return said, told, held(calls, answer).outputs


def run_file(
    folder: Path, source: str, inputs: dict[str, str], replies: list[str]
) -> tuple[Any, list[Any]]:
    (folder / "litellm.py").write_text(FAKE_LITELLM, encoding="utf-8")
    (folder / "prompt.py").write_text(source, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONUTF8": "1",
        "SAID": str(folder / "said.jsonl"), "REPLIES": json.dumps(replies),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", str(folder / "prompt.py"), json.dumps(inputs)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = (folder / "said.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads(done.stdout), [json.loads(line) for line in said]


@pytest.mark.parametrize("shape", PROGRAMS)
def test_it_says_the_very_messages_of_the_run_and_gives_the_same_outputs(
    shape: str, tmp_path: Path
) -> None:
    program = PROGRAMS[shape]()
    inputs = {f.name: f"Where is “{f.name}”?\nNow." for f in program.inputs}
    said, told, outputs = conversation(program, inputs)

    printed, requests = run_file(tmp_path, python_file(content_of(program), "0" * 64), inputs, told)

    assert printed == outputs
    for prompt, request in zip(said, requests, strict=True):
        assert request["messages"] == [
            {"role": m.role, "content": m.content} for m in prompt.messages
        ]
        assert request["response_format"]["json_schema"]["schema"] == prompt.schema
        assert (request["temperature"], request["max_tokens"]) == (0.0, 400)
        assert request["model"] == "openai/tiny"


@pytest.mark.parametrize("shape", PROGRAMS)
def test_it_is_the_same_each_time_and_knows_nothing_of_us(shape: str) -> None:
    source = python_file(content_of(PROGRAMS[shape]()), "0" * 64)
    assert source == python_file(content_of(PROGRAMS[shape]()), "0" * 64)
    imported = {
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"__future__", "json", "os", "re", "sys", "typing", "litellm"}
    assert all(len(line) <= 110 for line in source.splitlines())
    assert "\u202e" not in source


def test_a_provider_that_takes_no_schema_is_sent_none(tmp_path: Path) -> None:
    content = content_of(one_choice())
    task = replace(content.provenance.models[Role.TASK], constrains_replies=False)
    source = replace(content.provenance, models={Role.TASK: task})
    file = python_file(replace(content, provenance=source), "0" * 64)
    _printed, requests = run_file(tmp_path, file, {"message": "Hi"}, ["refund"])
    assert "response_format" not in requests[0]


def test_it_runs_with_the_real_litellm(tmp_path: Path) -> None:
    program = one_choice()
    (tmp_path / "prompt.py").write_text(
        python_file(content_of(program), "0" * 64), encoding="utf-8"
    )
    with OpenAIServer(script=lambda body: '{"intent": "delivery"}') as server:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUTF8": "1",
            "LITELLM_API_BASE": server.url, "OPENAI_API_KEY": "none",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(tmp_path / "prompt.py"), '{"message": "Where is it?"}'],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"intent": "delivery"}
    (request,) = server.requests
    said = render(
        program.modules[0], baseline_of(program).modules["classify"], {"message": "Where is it?"}
    )
    assert request["messages"] == [{"role": m.role, "content": m.content} for m in said.messages]
    assert request["response_format"]["json_schema"]["schema"] == said.schema


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="these inputs are missing: message"):
        run_file(tmp_path, python_file(content_of(one_choice()), "0" * 64), {}, [])


REPLIES = [
    '{"intent": "Refund."}', "refund", "intent: delivery", '{"intent": "nonsense"}', "", "{}",
    'Sure: {"intent": "refund"} there', '{"intent": null}', "別の件",
]  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
def test_it_reads_replies_as_the_run_does(reply: str) -> None:
    program = one_choice()
    space = standalone_space(program)
    try:
        expected = parse(program.modules[0], reply)
    except UnreadableReply:
        with pytest.raises(space["UnreadableReply"]):
            space["parse"](space["CLASSIFY"], reply)
    else:
        assert space["parse"](space["CLASSIFY"], reply) == expected


VALUES: dict[FieldType, list[object]] = {
    FieldType.INTEGER: [3, "3", "1,200", 2.5, True, "x", None],
    FieldType.NUMBER: [3, "0.5", "nan", "inf", [], None],
    FieldType.BOOLEAN: [True, "yes", "No", 0, "maybe", None],
    FieldType.LIST: [["a", 1], "a; b\nc", '["x", "y"]', "[broken", 4, None],
    FieldType.TEXT: ["x", 4, ["a"], None],
}


@pytest.mark.parametrize("type_", VALUES)
def test_it_reads_values_as_the_run_does(type_: FieldType) -> None:
    module = next(m for m in two_modules().modules if m.name == "draft reply")
    field = next(f for f in module.signature.outputs if f.type is type_)
    space = standalone_space(two_modules())
    for value in VALUES[type_]:
        try:
            expected = field.read(value)
        except ValueError:
            with pytest.raises(space["UnreadableReply"]):
                space["read"](field.name, type_.value, value)
        else:
            assert space["read"](field.name, type_.value, value) == expected, value


def standalone_space(program: Program) -> dict[str, Any]:
    """The generated module's names, without its import of LiteLLM."""
    source = python_file(content_of(program), "0" * 64).replace("import litellm\n", "")
    space: dict[str, Any] = {"__name__": "prompt"}
    exec(compile(source, "prompt.py", "exec"), space)
    return space


def test_file_names_are_safe_on_any_system() -> None:
    content = content_of(two_modules())
    names = {name: f.file_name(content) for name, f in FORMATS.items()}
    assert names == {
        "json": "triage-draft-v4.json",
        "python": "triage_draft_v4.py",
        "dspy": "triage-draft-v4.dspy.json",
        "dspy_module": "triage_draft_v4_dspy.py",
    }
