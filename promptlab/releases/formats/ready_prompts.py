"""A version as JSON that is ready to be said: the very messages of the run, and how replies are
read. The client in `promptlab.releases.client` carries it out.
"""

from __future__ import annotations

import json
from typing import Any

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.calls import Call, owner_of
from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import FieldType
from optimizer.core.programs.values import ListOf, Nullable, ObjectOf
from promptlab.releases.formats.reach import Reach
from promptlab.reviews.content import VersionContent

FORM = "promptlab/prompts@1"
CARRIED = ("Module", "MostFrequent", "Picking")
"""The classes of steps that are data alone: others need code, which a file in Python brings."""


def not_ready(content: VersionContent) -> list[Problem]:
    """What of a version is more than texts to say."""
    return [
        problem("ready.needs_code", module=module.name)
        for module in content.program.modules
        if module.python_class not in CARRIED or _by_meaning(module)
    ]


def ready_prompts(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """JSON of all that is said and of where each value goes."""
    program, task = content.program, content.provenance.models[Role.TASK]
    reach = reach or Reach.of(content)
    told = {
        "format": FORM,
        "name": content.name,
        "version": content.version,
        "sha256": sha256,
        "model": {
            "name": task.model,
            "litellm": task.litellm_model,
            "api_base": reach.api_base,
            "settings": reach.sent(task),
            "replies": reach.traits.replies.value,
            "system": reach.traits.system,
        },
        "inputs": [f.name for f in program.inputs],
        "modules": {m.name: _module(content, m) for m in program.modules},
        "calls": [_call(program, call) for wave in program.waves() for call in wave],
        "outputs": program.outputs,
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _module(content: VersionContent, module: Module) -> dict[str, Any]:
    told = plain(module.python_constant())
    nearest = module.python_nearest()
    if nearest is not None:
        told["nearest"] = plain(nearest)
    own = content.provenance.module_models.get(module.name)
    if own is not None:
        sent = {"model": own.model, "temperature": own.temperature, "max_tokens": own.max_tokens}
        told["settings"] = sent | told.get("settings", {})
    return {"class": module.python_class, **told}


def _call(program: Program, call: Call) -> dict[str, Any]:
    module = program.module(call.module)
    texts = {f.name: f.nullable for f in module.signature.inputs if f.type is FieldType.TEXT}
    owners = {name: owner_of(source) for name, source in call.inputs.items() if source}
    must = [f.name for f in module.signature.inputs if not f.nullable and f.name in owners]
    needs = owners.values() if module.takes_missing else (owners[name] for name in must)
    told: dict[str, Any] = {
        "name": call.name,
        "module": call.module,
        "inputs": {f.name: call.inputs.get(f.name, "") for f in module.signature.inputs},
        "constants": module.constants_of(call),
        "texts": {} if module.takes_missing else texts,
        "needs": list(dict.fromkeys(needs)),
        "needs_all": not module.takes_missing,
    }
    if call.when:
        told["when"] = {"source": call.when.source, "values": list(call.when.values)}
    if call.repeat:
        repeat = call.repeat
        told["repeat"] = {"times": repeat.times, "until": repeat.until, "feeds": repeat.feeds}
    return told


def plain(value: Any) -> Any:
    """What a module's file is made of, as JSON data; kinds of values as objects."""
    if isinstance(value, Nullable):
        return {"nullable": plain(value.kind)}
    if isinstance(value, ListOf):
        return {"list": plain(value.kind)}
    if isinstance(value, ObjectOf):
        return {"object": plain(value.kinds)}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def _by_meaning(module: Module) -> bool:
    return isinstance(module.demos, NearestDemos) and module.demos.embedding is not None
