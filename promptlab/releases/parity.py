"""Whether a version's files say and find what was scored: its rows are run from the files, each
call of the model answered with the reply that was recorded for these messages. Nothing is paid.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.programs.signature import Value
from promptlab.releases.client import client_file
from promptlab.releases.formats import FORMATS, bodies
from promptlab.releases.formats.ready_prompts import not_ready
from promptlab.releases.formats.system_less import without_system
from promptlab.releases.scored import ScoredRow, exchanged, scored_rows
from promptlab.releases.services import reach_of
from promptlab.reviews.models import Version

USUAL, MOST = 20, 200
SECONDS = 60


@dataclass(frozen=True)
class Difference:
    """The first thing that was otherwise on a row: `what` is messages, answer or error."""

    example: str
    what: str
    told: str = ""


@dataclass(frozen=True)
class Checked:
    """One file on the rows: how many had the same messages and the same answer, and the mean score
    of its answers (0–1; None where a metric would have to ask somebody).
    """

    format: str
    title: str
    same_messages: int
    same_answers: int | None
    score: float | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Parity:
    """`scored` is the mean of what was scored on these `n` rows."""

    n: int
    scored: float
    files: tuple[Checked, ...]
    left_out: tuple[str, ...] = ()
    """Formats that cannot be checked here."""


def parity_of(version: Version, most: int = USUAL) -> Parity:
    """Runs the Python file and the ready prompts, and fills in the body for OpenAI."""
    rows = scored_rows(version, min(most, MOST))
    if not rows:
        return Parity(0, 0.0, ())
    scored = fmean(row.score for row in rows)
    if not_ready(version.content):
        return Parity(len(rows), scored, (), ("python", "prompts", "openai"))
    reach, content = reach_of(version), version.content
    told = [[_message(m) for m in e.messages] for row in rows for e in exchanged(version, row)]
    sent = told if reach.traits.system else [without_system(messages) for messages in told]
    calls = iter(sent)
    asked = [
        {
            "inputs": row.example.inputs,
            "said": [[next(calls), e.call.reply] for e in exchanged(version, row)],
        }
        for row in rows
    ]
    files = {
        name: FORMATS[name].write(content, version.sha256, reach) for name in ("python", "prompts")
    }
    ran = _run(files, asked)
    checked = [_checked(version, name, rows, ran[name]) for name in files]
    if not bodies.not_a_body(content):
        checked.append(_filled(version, rows, asked))
    return Parity(len(rows), scored, tuple(checked))


def _checked(
    version: Version, name: str, rows: list[ScoredRow], ran: list[dict[str, Any]]
) -> Checked:
    differences = []
    same_messages = same_answers = 0
    scores: list[float | None] = []
    for row, made in zip(rows, ran, strict=True):
        said = not made["unknown"] and not made["left"]
        same_messages += said
        same = made["outputs"] == row.outputs
        same_answers += same
        scores.append(row.score if same else _score(version, row, made["outputs"]))
        if not said or not same:
            what = "messages" if not said else "error" if made["error"] else "answer"
            differences.append(Difference(row.example.id, what, made["error"] or ""))
    mean = None if None in scores else fmean(score for score in scores if score is not None)
    title = str(FORMATS[name].title)
    return Checked(name, title, same_messages, same_answers, mean, tuple(differences))


def _filled(version: Version, rows: list[ScoredRow], asked: list[dict[str, Any]]) -> Checked:
    """The body as people fill it in."""
    text = bodies.openai_messages(version.content, version.sha256, reach_of(version))
    differences = []
    for row, told in zip(rows, asked, strict=True):
        messages = json.loads(text)["messages"]
        for message in messages:
            for name, value in row.example.inputs.items():
                shown = "null" if value is None else str(value)
                message["content"] = message["content"].replace(f"{{{{{name}}}}}", shown)
        if told["said"] and messages != told["said"][0][0]:
            differences.append(Difference(row.example.id, "messages"))
    same, title = len(rows) - len(differences), str(FORMATS["openai"].title)
    return Checked("openai", title, same, None, None, tuple(differences))


def _score(version: Version, row: ScoredRow, outputs: dict[str, Value] | None) -> float | None:
    """What the metric says of another answer, where it asks nobody."""
    if outputs is None:
        return 0.0
    judging = version.content.provenance.metric.score(row.example, Prediction(outputs, row.trace))
    try:
        next(judging)
    except StopIteration as end:
        return float(end.value.value)
    return None


def _message(message: Any) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


def _run(files: Mapping[str, str], rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The files run in a process of their own, where LiteLLM is what answers from the record."""
    told = json.dumps({"files": dict(files), "client": client_file(), "rows": rows})
    done = subprocess.run(
        [sys.executable, "-I", "-c", _DRIVER],
        input=told, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=True,
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


_DRIVER = """
import json, sys, types
told = json.loads(sys.stdin.read())

class Record:
    def __init__(self, said):
        self.left, self.unknown = {}, 0
        for messages, reply in said:
            self.left.setdefault(json.dumps(messages), []).append(reply)

    def __call__(self, **request):
        replies = self.left.get(json.dumps(request["messages"]))
        if not replies:
            self.unknown += 1
            raise LookupError("the run said nothing like this")
        message = {"content": replies.pop(0)}
        return types.SimpleNamespace(choices=[
            types.SimpleNamespace(message=types.SimpleNamespace(**message), finish_reason="stop")])

def loaded(name, source):
    module = types.ModuleType(name)
    module.__dict__["__name__"] = sys.modules.setdefault(name, module).__name__
    exec(compile(source, name, "exec"), module.__dict__)
    return module

record = None
sys.modules["litellm"] = types.ModuleType("litellm")
sys.modules["litellm"].completion = lambda **request: record(**request)
file = loaded("made", told["files"]["python"])
ready = loaded("promptlab_client", told["client"]).Prompt(json.loads(told["files"]["prompts"]))
runs = {"python": lambda row: file.run(row["inputs"]),
        "prompts": lambda row: ready.run(row["inputs"], client=record)}
found = {name: [] for name in runs}
for name, run in runs.items():
    for row in told["rows"]:
        record = Record(row["said"])
        outputs = error = None
        try:
            outputs = run(row)
        except Exception as broken:
            error = f"{type(broken).__name__}: {broken}"[:300]
        found[name].append({"outputs": outputs, "error": error, "unknown": record.unknown,
                            "left": sum(map(len, record.left.values()))})
print(json.dumps(found))
"""
