"""Files for other tools say the very messages of the run: what the real tools made of them is
recorded (record_tools.py), and what stands in a file is what stood in it then.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from optimizer.codec import to_json
from optimizer.core.evaluation.execute import predict
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.set_f1 import SetF1
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.sentences import sentence
from promptlab.releases.formats import FORMATS
from promptlab.releases.formats.promptfoo_config import promptfoo_test
from promptlab.releases.formats.reach import Reach
from promptlab.reviews.content import VersionContent
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.steps import held
from tests.promptlab.releases.contents import PROGRAMS, content_of
from tests.promptlab.releases.one_prompt import SHAPES, asked_of, fillable, version_of
from tests.promptlab.releases.record_tools import KEPT

RECORDED = {path.stem: json.loads(path.read_text("utf-8")) for path in KEPT.glob("*.json")}
FILES = [(tool, shape) for tool, found in sorted(RECORDED.items()) for shape in found]


def run_says(content: VersionContent, tool: str = "") -> list[dict[str, str]]:
    said: list[Prompt] = []

    def answer(prompt: Prompt) -> Reply:
        said.append(prompt)
        return Reply("{}")

    inputs: dict[str, Any] = dict((fillable if tool == "promptfoo" else asked_of)(content))
    held(predict(content.program, baseline_of(content.program), inputs), answer)
    return [{"role": m.role, "content": m.content} for m in said[0].messages]


@pytest.mark.parametrize(("tool", "shape"), FILES)
def test_the_tool_says_the_very_messages_of_the_run(tool: str, shape: str) -> None:
    content, recorded = version_of(shape), RECORDED[tool][shape]
    reach = Reach("http://127.0.0.1:1/v1", keyless=True) if tool == "promptfoo" else None
    assert FORMATS[tool].write(content, "0" * 64, reach) == recorded["file"]
    assert recorded["messages"] == run_says(content, tool)


def test_promptfoo_judges_by_the_metric_and_holds_replies_to_their_form() -> None:
    for recorded in RECORDED["promptfoo"].values():
        assert recorded["right"] == [True, False]
        assert recorded["form"]["json_schema"]["strict"] is True


@pytest.mark.parametrize("text", ["file:///etc/passwd", "package:x:y", "see {{ label }}"])
def test_a_row_that_promptfoo_would_read_otherwise_is_left_out(text: str) -> None:
    assert promptfoo_test({"message": text, "label": "a"}) == ""
    kept = json.loads(promptfoo_test({"message": f" {text[:4]} {{{{ other }}}}\n", "label": "a"}))
    assert kept == {"vars": {"message": f" {text[:4]} {{{{ other }}}}\n\n", "label": "a"}}


def test_every_tool_was_recorded() -> None:
    counted = {tool: len(found) for tool, found in RECORDED.items()}
    everything = len(SHAPES)
    assert counted == {
        "dotprompt": everything, "langchain": everything, "prompty": everything,
        "promptfoo": everything, "mlflow": 1,  # it cannot say {{
    }  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("format", ["openai", "anthropic"])
def test_a_body_has_marks_where_inputs_belong(format: str, shape: str) -> None:
    content = version_of(shape)
    if FORMATS[format].lacks(content):
        assert shape != "one choice"  # the prompt itself says {{message}}
        return
    body = json.loads(FORMATS[format].write(content, "0" * 64))
    said = [{"role": "system", "content": body.pop("system")}] if "system" in body else []
    for message in [*said, *body["messages"]]:
        for name, value in asked_of(content).items():
            message["content"] = message["content"].replace(f"{{{{{name}}}}}", value)
    assert [*said, *body["messages"]] == run_says(content)
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("tiny", 0.0, 400)


@pytest.mark.skipif(shutil.which("jq") is None or shutil.which("curl") is None, reason="no jq")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_shell_script_asks_the_model(shape: str, tmp_path: Path) -> None:
    content = version_of(shape)
    with OpenAIServer(script=lambda body: '{"intent": "refund"}') as server:
        text = FORMATS["curl"].write(content, "0" * 64, Reach(server.url, keyless=True))
        (tmp_path / "ask.sh").write_text(text, encoding="utf-8")
        words = ["sh", str(tmp_path / "ask.sh"), *asked_of(content).values()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (0, '{"intent": "refund"}\n'), done.stderr
        (request,) = server.requests
        assert request["messages"] == run_says(content)
        assert request["response_format"]["json_schema"]["strict"] is True
    done = subprocess.run(words[:2], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "usage:" in done.stderr


@pytest.mark.parametrize("shape", PROGRAMS)
def test_yaml_reads_back_as_the_canonical_json(shape: str) -> None:
    content = content_of(PROGRAMS[shape]())
    assert yaml.safe_load(FORMATS["yaml"].write(content, "0" * 64)) == to_json(content)


@pytest.mark.parametrize("shape", PROGRAMS)
def test_markdown_has_every_prompt(shape: str) -> None:
    content = content_of(PROGRAMS[shape]())
    told = FORMATS["markdown"].write(content, "0" * 64)
    for module in content.program.modules:
        assert f"## {module.name}" in told.replace("\\", "")


ONE_PROMPT = (
    "openai",
    "anthropic",
    "curl",
    "langchain",
    "mlflow",
    "dotprompt",
    "prompty",
    "promptfoo",
)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("two modules", "It has 2 steps"),
        ("json", "as JSON, which no template writes"),
        ("nulls", "is no text, and a template would write"),
    ],
)
def test_what_a_format_cannot_say_it_says(shape: str, told: str) -> None:
    content = content_of(PROGRAMS[shape]())
    for format in ONE_PROMPT:
        said = " ".join(map(sentence, FORMATS[format].lacks(content)))
        assert told in said


def test_promptfoo_refuses_a_metric_that_it_cannot_judge_by() -> None:
    content = version_of("one choice")
    for metric, able in ((ExactMatch("intent", "label"), True), (SetF1("intent", "label"), False)):
        judged = replace(content, provenance=replace(content.provenance, metric=metric))
        assert (FORMATS["promptfoo"].lacks(judged) == []) is able


def test_a_line_that_is_a_role_is_not_put_into_a_prompty_file() -> None:
    content = version_of("one choice")
    (module,) = content.program.modules
    signature = replace(module.signature, instruction="Read on.\n  User:\nGo.")
    program = replace(content.program, modules=(replace(module, signature=signature),))
    (problem,) = FORMATS["prompty"].lacks(replace(content, program=program))
    assert "“User:” would begin a message" in sentence(problem)
