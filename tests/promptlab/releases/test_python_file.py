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
from optimizer.core.programs.program import Program
from optimizer.core.programs.render import render
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
        choice = Thing(message=Thing(content=reply), finish_reason=os.environ["FINISH"])
    return Thing(choices=[choice])
"""


def answer_of(prompt: Prompt, number: int) -> str:
    """A reply that fits the prompt's schema."""
    assert prompt.schema is not None
    made = {
        name: value_of(schema, number + place)
        for place, (name, schema) in enumerate(prompt.schema["properties"].items())
    }
    return f"```json\n{json.dumps(made, ensure_ascii=False)}\n```"


def value_of(schema: dict[str, Any], number: int) -> Any:
    """Every other value that may be null is."""
    if "anyOf" in schema:
        return value_of(schema["anyOf"][0], number) if number % 2 else None
    if schema["type"] == "object":
        return {name: value_of(part, number) for name, part in schema["properties"].items()}
    if schema["type"] == "array":
        return [value_of(schema["items"], number), value_of(schema["items"], number + 1)]
    if schema.get("format") == "date":
        return "2024-02-29"
    plain = {"integer": number + 2, "number": 0.25, "boolean": True}
    return plain.get(schema["type"], schema.get("enum", [f"text {number} 「é」"])[-1])


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
    folder: Path, source: str, inputs: dict[str, str], replies: list[str], finish: str = "stop"
) -> tuple[Any, list[Any]]:
    (folder / "litellm.py").write_text(FAKE_LITELLM, encoding="utf-8")
    (folder / "prompt.py").write_text(source, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONUTF8": "1",
        "SAID": str(folder / "said.jsonl"), "REPLIES": json.dumps(replies),
        "FINISH": finish,
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
        heat = 0.0 if prompt.temperature is None else prompt.temperature
        assert (request["temperature"], request["max_tokens"]) == (heat, 400)
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
    assert imported - {"litellm", "json_repair"} <= sys.stdlib_module_names | {"collections.abc"}
    assert {"litellm", "json_repair"} <= imported
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


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_reply_that_is_no_answer_is_told_and_not_read(finish: str, tmp_path: Path) -> None:
    file = python_file(content_of(one_choice()), "0" * 64)
    with pytest.raises(AssertionError, match=rf"NoAnswer: the reply was .* \({finish}\)"):
        run_file(tmp_path, file, {"message": "Hi"}, ['{"intent": "refund"}'], finish)


def test_without_json_repair_what_is_almost_json_says_what_to_install(tmp_path: Path) -> None:
    source = python_file(content_of(one_choice()), "0" * 64)
    source = source.replace("import json_repair", "import no")
    told = "Almost JSON is read with json-repair: install it"
    with pytest.raises(AssertionError, match=f"UnreadableReply: {told}"):
        run_file(tmp_path, source, {"message": "Hi"}, ["{'intent': 'refund'}"])
    (tmp_path / "said.jsonl").unlink()
    assert run_file(tmp_path, source, {"message": "Hi"}, ["refund"])[0] == {"intent": "refund"}


def test_file_names_are_safe_on_any_system() -> None:
    content = content_of(two_modules())
    names = {name: f.file_name(content) for name, f in FORMATS.items()}
    assert names == {
        "json": "triage-draft-v4.json",
        "python": "triage_draft_v4.py",
        "prompts": "triage-draft-v4.prompts.json",
        "dspy": "triage-draft-v4.dspy.json",
        "dspy_module": "triage_draft_v4_dspy.py",
        "yaml": "triage-draft-v4.yaml",
        "markdown": "triage-draft-v4.md",
        "openai": "triage-draft-v4.openai.json",
        "anthropic": "triage-draft-v4.anthropic.json",
        "curl": "triage-draft-v4.sh",
        "langchain": "triage_draft_v4_langchain.py",
        "mlflow": "triage_draft_v4_mlflow.py",
        "dotprompt": "triage-draft-v4.prompt",
        "prompty": "triage-draft-v4.prompty",
        "promptfoo": "triage-draft-v4.promptfoo.yaml",
    }
