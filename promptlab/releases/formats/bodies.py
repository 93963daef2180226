"""A version as the body of a call: OpenAI's, Anthropic's, and a shell's with curl and jq."""

from __future__ import annotations

import json
import shlex
from typing import Any

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.render import reply_schema
from optimizer.lm.traits import ReplyForm
from promptlab.releases.formats.literals import comment_safe
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.story import story
from promptlab.releases.formats.templated import (
    Place,
    Said,
    messages_of,
    not_a_template,
    places_of,
    task_of,
)
from promptlab.reviews.content import VersionContent


def not_a_body(content: VersionContent) -> list[Problem]:
    """Why no body of a call, with {{input}} where inputs belong, says what the run said."""
    found = not_a_template(content)
    if found:
        return found
    texts = [text for said in messages_of(content) for text in said.texts]
    marks = [_mark(name) for name in places_of(content.program).values()]
    taken = [mark for mark in marks if any(mark in text for text in texts)]
    return [problem("template.mark", mark=mark) for mark in taken]


def openai_messages(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """A request of chat completions; {{name}} stands where an input belongs."""
    reach = reach or Reach.of(content)
    return _json(openai_body(content, reach, _marked))


def openai_body(content: VersionContent, reach: Reach, written: Any) -> dict[str, Any]:
    """What is sent, each message as `written` writes it."""
    module = content.program.module(content.program.calls[0].module)
    schema = {"name": "reply", "schema": reply_schema(module), "strict": True}
    forms: dict[ReplyForm, dict[str, Any]] = {
        ReplyForm.SCHEMA: {"response_format": {"type": "json_schema", "json_schema": schema}},
        ReplyForm.JSON: {"response_format": {"type": "json_object"}},
        ReplyForm.FREE: {},
    }
    return {
        "model": task_of(content).model,
        "messages": [
            {"role": said.role, "content": written(said)} for said in messages_of(content, reach)
        ],
        **settings_of(content, reach),
        **forms[reach.traits.replies],
    }


def settings_of(content: VersionContent, reach: Reach) -> dict[str, Any]:
    """The limit and the temperature of the only prompt."""
    module = content.program.module(content.program.calls[0].module)
    own: dict[str, Any] = module.python_constant().get("settings", {})
    return reach.sent(task_of(content)) | own


def anthropic_messages(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """A request of Anthropic's messages; {{name}} stands where an input belongs."""
    reach = reach or Reach.of(content)
    said, sent = messages_of(content, reach), settings_of(content, reach)
    system = [_marked(each) for each in said if each.role == "system"]
    told = {"temperature": sent["temperature"]} if "temperature" in sent else {}
    return _json(
        {
            "model": task_of(content).model,
            "max_tokens": sent.get("max_tokens", sent.get("max_completion_tokens", 1024)),
            **told,
            **({"system": "\n\n".join(system)} if system else {}),
            "messages": [
                {"role": each.role, "content": _marked(each)}
                for each in said
                if each.role != "system"
            ],
        }
    )


def curl_script(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """A shell script that takes the inputs as arguments, in their order."""
    reach = reach or Reach.of(content)
    names = [f.name for f in content.program.inputs]
    body = openai_body(content, reach, lambda said: _Jq(_expression(said)))
    told = " ".join(f'--arg {name} "${{{n}}}"' for n, name in enumerate(names, 1))
    usage = " ".join(name.upper() for name in names)
    return _SCRIPT.format(
        story="\n".join(f"# {comment_safe(line)}".rstrip() for line in story(content, sha256)),
        where=comment_safe(reach.told(task_of(content))),
        base=shlex.quote(_base(reach)),
        count=len(names),
        usage=usage,
        told=told,
        program=shlex.quote(_program(body)),
    )


_SCRIPT = """#!/bin/sh
{story}
# {where}
# It needs curl and jq, takes the inputs as arguments, and prints the model's reply.
set -eu
if [ $# -ne {count} ]; then
    echo "usage: $0 {usage}" >&2
    exit 2
fi
BASE={base}
jq -n {told} {program} |
    curl -sS --fail-with-body "${{LITELLM_API_BASE:-$BASE}}/chat/completions" \\
        -H "Authorization: Bearer ${{LITELLM_API_KEY:-none}}" \\
        -H "Content-Type: application/json" --data-binary @- |
    jq -r ".choices[0].message.content"
"""


class _Jq(str):
    """An expression, and no text."""


def _expression(said: Said) -> str:
    parts = (
        f"${part.name}" if isinstance(part, Place) else json.dumps(part) for part in said.parts
    )
    return f"({' + '.join(parts)})"


def _program(value: Any, indent: int = 0) -> str:
    """JSON with expressions in it, as jq reads it."""
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, _Jq):
        return str(value)
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(k)}: {_program(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{pad}}}" if rows else "{}"
    if isinstance(value, list):
        rows = [f"{inner}{_program(part, indent + 2)}" for part in value]
        return "[\n" + ",\n".join(rows) + f"\n{pad}]" if rows else "[]"
    return json.dumps(value)


def _base(reach: Reach) -> str:
    return (reach.api_base or "https://api.openai.com/v1").rstrip("/")


def _mark(name: str) -> str:
    return f"{{{{{name}}}}}"


def _marked(said: Said) -> str:
    return said.written(str, _mark)


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
