"""A promptfoo configuration, as JSON: its prompt as a program, its assertions as a metric."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from optimizer import codec
from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics import METRIC_KINDS, combined
from optimizer.core.metrics.parts import MOST_PARTS, Part
from optimizer.core.modules import standard_kind
from optimizer.core.problems import Problem, Refused, warning
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature
from optimizer.datasets.columns import field_names

OUTPUT, EXPECTED = "output", "expected"
"""What the program's answer is called, and the column that its tests become (datasets.exports)."""
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_][\w.\-]*)\s*(?:\|[^}]*)?-?\}\}")
_LOGIC = re.compile(r"\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True)
class AssertedMetric:
    """What assertions say, and the kinds of those that are not carried over."""

    metric: Metric
    told: tuple[Problem, ...]


def is_promptfoo(data: dict[str, Any]) -> bool:
    beside = {"providers", "tests", "defaultTest"}
    return "modules" not in data and "prompts" in data and not beside.isdisjoint(data)


def program_data(data: dict[str, Any]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The JSON of a program of one step whose instruction is the first prompt, and what is left.

    Raises:
        Refused: there is no prompt in it.
    """
    prompts = data["prompts"] if isinstance(data["prompts"], list) else [data["prompts"]]
    texts = list(filter(None, map(_text_of, prompts)))
    if not texts:
        raise Refused.because("file.promptfoo_empty", "prompts")
    prompt = _LOGIC.sub("", texts[0])
    found = list(dict.fromkeys(_PLACEHOLDER.findall(prompt)))
    names = dict(zip(found, field_names(found), strict=True))
    instruction = _PLACEHOLDER.sub(lambda match: f"{{{names[match[1]]}}}", prompt).strip()
    inputs = tuple(map(Field, names.values())) or (Field("input"),)
    signature = Signature(inputs, (Field(OUTPUT),), instruction)
    call = Call("answer", "answer", {field.name: f"input.{field.name}" for field in inputs})
    title = str(data.get("description") or "promptfoo")[:80]
    module, outputs = standard_kind()("answer", signature), {OUTPUT: f"answer.{OUTPUT}"}
    program = Program(title, inputs, (module,), (call,), outputs)
    left = [f"{len(prompts) - 1} prompts"] if len(prompts) > 1 else []
    left += ["{% … %}"] if _LOGIC.search(texts[0]) else []
    left += [name for name in ("providers", "tests", "defaultTest") if data.get(name)]
    told = (warning("file.promptfoo_left", parts=tuple(left)),) if left else ()
    return codec.to_json(program), told


def asserted_metric(data: dict[str, Any]) -> AssertedMetric:
    """What the assertions of all tests, and of `defaultTest`, say of the output: one part a kind.

    Raises:
        Refused: none of them can be said here.
    """
    parts: dict[Metric, Part] = {}
    lost: dict[str, None] = {}
    for said, weight in _assertions(data):
        metric = _metric_of(said)
        if metric is None:
            lost[said.kind] = None
        else:
            parts.setdefault(metric, Part(said.kind, metric, weight))
    if not parts:
        raise Refused.because("file.promptfoo_no_assert", "tests")
    told = (warning("file.promptfoo_left", parts=tuple(lost)),) if lost else ()
    named = tuple(_each_once(list(parts.values())[:MOST_PARTS]))
    return AssertedMetric(named[0].metric if len(named) == 1 else combined(named), told)


def _assertions(data: dict[str, Any]) -> Iterator[tuple[Assertion, float]]:
    """Each with its weight. Those of `defaultTest` hold for every test, and so are rules."""
    tests = data.get("tests")
    holders = [(data.get("defaultTest"), True)]
    holders += [(test, False) for test in tests] if isinstance(tests, list) else []
    for holder, is_rule in holders:
        for one in (holder.get("assert") or ()) if isinstance(holder, dict) else ():
            if isinstance(one, dict):
                weight = one.get("weight", 1)
                fits = isinstance(weight, int | float) and weight > 0
                kind, value = str(one.get("type")), one.get("value")
                said = Assertion(kind, value, one.get("threshold"), is_rule, OUTPUT, EXPECTED)
                yield said, float(weight) if fits else 1.0


def _metric_of(said: Assertion) -> Metric | None:
    """None where no kind says the same."""
    found = (kind.of_assertion(said) for kind in METRIC_KINDS.values())
    return next((metric for metric in found if metric is not None), None)


def _each_once(parts: Iterable[Part]) -> Iterator[Part]:
    taken: dict[str, int] = {}
    for part in parts:
        taken[part.name] = taken.get(part.name, 0) + 1
        again = taken[part.name]
        yield Part(f"{part.name} {again}" if again > 1 else part.name, part.metric, part.weight)


def _text_of(prompt: Any) -> str:
    """The text of a prompt: as it is, of an object, or of messages one after the other."""
    if isinstance(prompt, dict):
        prompt = prompt.get("raw") or prompt.get("content") or ""
    if isinstance(prompt, list):
        said = [turn.get("content") for turn in prompt if isinstance(turn, dict)]
        return "\n\n".join(text for text in said if isinstance(text, str))
    if not isinstance(prompt, str) or prompt.startswith("file://"):
        return ""
    return prompt
