"""A version to read: all of it as YAML, and as a Markdown page for people."""

from __future__ import annotations

import json
import re

from optimizer.codec import to_json
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import NearestDemos, fixed_of
from optimizer.core.programs.program import Module
from optimizer.core.programs.render import input_text, reply_text, system_text
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.story import story
from promptlab.releases.formats.yaml_text import yaml_of
from promptlab.reviews.content import VersionContent


def whole_yaml(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """What the canonical JSON has, behind its digest."""
    return f"# SHA-256 of the canonical JSON: {sha256}\n{yaml_of(to_json(content))}"


def markdown(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """Who approved what, how good it is, and every prompt word for word."""
    title, _empty, *facts = story(content, sha256)
    parts = [f"# {_line(title.rstrip('.'))}", "\n".join(f"* {_line(fact)}" for fact in facts)]
    for module in content.program.modules:
        parts += _module(module)
    flow = [_call(call) for wave in content.program.waves() for call in wave]
    outputs = [f"* `{name}` is `{source}`" for name, source in content.program.outputs.items()]
    parts += ["## Steps", "\n".join(flow), "## Outputs", "\n".join(outputs)]
    return "\n\n".join(parts) + "\n"


def _call(call: Call) -> str:
    given = ", ".join(f"`{name}` from `{source}`" for name, source in call.inputs.items())
    return f"* `{call.name}` uses `{call.module}`{' with ' if given else ''}{given}"


def _module(module: Module) -> list[str]:
    parts = [f"## {_line(module.name)}"]
    if module.has_instruction:
        parts.append(_fenced(system_text(module, module.signature.instruction)))
    for number, demo in enumerate(fixed_of(module.demos), 1):
        parts += [f"### Demo {number}", _fenced(input_text(module, demo.values))]
        parts.append(_fenced(reply_text(module, demo), "json"))
    if isinstance(module.demos, NearestDemos):
        n, k = len(module.demos.pool.demos), module.demos.k
        parts.append(f"For every input the {k} demos that are most like it are chosen, of {n}.")
    if not module.has_instruction:
        parts.append(_fenced(json.dumps(to_json(module), ensure_ascii=False, indent=2), "json"))
    return parts


def _line(text: str) -> str:
    """One line in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _fenced(text: str, kind: str = "text") -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"
