"""A reply is read the same in a run, in a try-out and in the files of a version."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from typing import Any, cast

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.running.evaluator import run_example
from optimizer.running.role_client import RoleClient
from promptlab.releases.formats.carried import chooser, copied, names_in, reader
from promptlab.releases.formats.literals import identifiers
from promptlab.releases.formats.python_file import python_file
from tests.fakes.replies import Said, cases, program_of, siblings
from tests.promptlab.releases.contents import content_of

SAID = [*cases(), *siblings()]
MODULES = list({said.module.name: said.module for said in SAID}.values())

# The downloaded file, without LiteLLM: each reply goes through its own `parse`.
DRIVER = """
import json, sys, types
sys.modules["litellm"] = types.ModuleType("litellm")
import prompt

for line in sys.stdin.buffer.read().decode().split("\\n"):
    constant, reply = json.loads(line)
    try:
        print(json.dumps(prompt.parse(getattr(prompt, constant), reply)))
    except prompt.UnreadableReply as error:
        print(json.dumps(str(error)))
"""


def read_in_a_run(said: Said) -> dict[str, Any] | str:
    """The outputs, or why there are none, of a program that is this module."""
    program = program_of([said.module])
    steps = predict(program, baseline_of(program), {"message": "Hi"})
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send((Reply(said.reply),))
    (call,) = end.value.value.trace
    return call.problem or call.outputs


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("downloaded")
    source = python_file(content_of(program_of(MODULES)), "0" * 64)
    (folder / "prompt.py").write_text(source, encoding="utf-8")
    constants = identifiers((module.name for module in MODULES), (), "upper")
    asked = "\n".join(json.dumps([constants[said.module.name], said.reply]) for said in SAID)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRIVER],
        cwd=folder, input=asked.encode(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_downloaded_python_file_reads_every_reply_as_the_run_does(downloaded: Any) -> None:
    assert len(SAID) > 400
    differing = [
        (said.reply, here, there)
        for said, there in zip(SAID, downloaded, strict=True)
        if (here := read_in_a_run(said)) != there
    ]
    assert differing == []


class Saying:
    """A client of the model that the program runs on, which has one thing to say."""

    def __init__(self, reply: str) -> None:
        self.reply = reply

    async def say(self, prompt: Prompt, temperature: float | None = None) -> Reply:
        return Reply(self.reply)


def test_a_try_out_reads_every_reply_as_the_run_does() -> None:
    async def tried(said: Said) -> Outcome:
        program = program_of([said.module])
        example = Example("1", {"message": "Hi"}, {})
        line = cast(RoleClient, Saying(said.reply))
        return await run_example(program, baseline_of(program), example, None, line)

    for said in SAID:
        outcome = asyncio.run(tried(said))
        (call,) = outcome.trace
        assert (call.problem or call.outputs) == read_in_a_run(said)


def test_its_text_is_the_run_s_own() -> None:
    source = python_file(content_of(program_of(MODULES)), "0" * 64)
    assert source.count(reader()) == 1


@pytest.mark.parametrize("user", ["standalone.py", "dspy_adapter.py"])
def test_no_two_parts_of_what_is_carried_have_one_name(user: str) -> None:
    carried = f"{reader()}\n{chooser()}\n{copied('promptlab.releases.formats', user)}"
    heads = re.findall(r"^(?:def |class )?(\w+)(?=[(:,]| =)", carried, re.MULTILINE)
    assert [name for name, times in Counter(heads).items() if times > 1] == []
    assert {"spoken", "read_reply", "read_value"} <= names_in(reader())
