"""A version as a prompt file of other tools: Dotprompt's `.prompt` and Prompty's `.prompty`."""

from __future__ import annotations

import re
from typing import Any

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.render import reply_schema
from promptlab.releases.formats.bodies import settings_of
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.story import story
from promptlab.releases.formats.templated import Said, messages_of, not_a_template, task_of
from promptlab.releases.formats.yaml_text import yaml_of
from promptlab.reviews.content import VersionContent

_ROLE_LINE = re.compile(
    r"^\s*#?\s*(?:system|user|assistant|developer|tool|function)(?:\[[^\]]*\])?\s*:\s*$",
    re.IGNORECASE | re.MULTILINE,
)


def not_in_dotprompt(content: VersionContent) -> list[Problem]:
    """Why a `.prompt` file would say something else."""
    return not_a_template(content)


def not_in_prompty(content: VersionContent) -> list[Problem]:
    """Why a `.prompty` file would say something else: a line that is a role begins a message."""
    found = not_a_template(content) or _edges(content)
    if found:
        return found
    texts = [text for said in messages_of(content) for text in said.texts]
    lines = [line[0].strip() for text in texts if (line := _ROLE_LINE.search(text))]
    return [problem("template.role_line", line=line) for line in lines[:1]]


def dotprompt(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """For Genkit and every other runtime of Dotprompt: Handlebars between marks of roles."""
    reach = reach or Reach.of(content)
    said = messages_of(content, reach)
    names = [f.name for f in content.program.inputs]
    module = content.program.module(content.program.calls[0].module)
    head = {
        "model": task_of(content).litellm_model,
        "config": _config(settings_of(content, reach)),
        "input": {"schema": dict.fromkeys(names, "string")},
        "output": {"format": "json", "schema": reply_schema(module)},
        "metadata": {"promptlab": _about(content, sha256)},
    }
    body = "".join(
        f'{{{{role "{_DOTPROMPT[each.role]}"}}}}{each.written(_handlebars, _triple)}'
        for each in said
    )
    return _with_head(head, body)


_BRACES = "\ue000"
_DOTPROMPT = {"system": "system", "user": "user", "assistant": "model"}


def prompty(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """For Prompty 2: Jinja below lines that name the role."""
    reach = reach or Reach.of(content)
    task = task_of(content)
    base = reach.api_base or "${env:OPENAI_BASE_URL:https://api.openai.com/v1}"
    connection = {"kind": "key", "endpoint": base, "apiKey": "${env:OPENAI_API_KEY:none}"}
    head = {
        "name": content.name,
        "description": " ".join(story(content, sha256)[2:]),
        "metadata": {"promptlab": _about(content, sha256)},
        "model": {
            "id": task.model,
            "provider": "openai",
            "apiType": "chat",
            "connection": connection
            if reach.api_base
            else {**connection, "endpoint": "${env:OPENAI_BASE_URL:https://api.openai.com/v1}"},
            "options": _config(settings_of(content, reach)),
        },
        "inputs": [{"name": f.name, "kind": "string"} for f in content.program.inputs],
        "template": {"format": {"kind": "jinja2"}, "parser": {"kind": "prompty"}},
    }
    body = "\n".join(f"{each.role}:\n{jinja(each)}\n" for each in messages_of(content, reach))
    return _with_head(head, body)


def jinja(said: Said) -> str:
    """A message for Jinja, or for Nunjucks, which reads this the same."""
    return said.written(escaped, lambda name: f"{{{{ {name} }}}}")


def escaped(text: str) -> str:
    """A text in which they find nothing to do, not even a comment that ends."""
    return re.sub(r"\{[{%#]|#\}", lambda found: f'{{{{ "{found[0]}" }}}}', text)


def _handlebars(text: str) -> str:
    """Two braces are said by a backslash before them; one that stands there itself is said by two,
    and a comment behind them.
    """
    kept = text.replace("{{", _BRACES)
    kept = re.sub(rf"\\(?={_BRACES}|\Z)", lambda _found: r"\\{{!}}", kept)
    return kept.replace(_BRACES, r"\{{")


def _triple(name: str) -> str:
    return f"{{{{{{{name}}}}}}}"


def _edges(content: VersionContent) -> list[Problem]:
    """Files of this kind take spaces at the edges of a message away."""
    for said in messages_of(content):
        first, last = said.parts[0], said.parts[-1]
        if isinstance(first, str) and first != first.lstrip():
            return [problem("template.edges")]
        if isinstance(last, str) and last != last.rstrip():
            return [problem("template.edges")]
    return []


def _config(sent: dict[str, Any]) -> dict[str, Any]:
    names = {"max_tokens": "maxOutputTokens", "max_completion_tokens": "maxOutputTokens"}
    return {names.get(name, name): value for name, value in sent.items()}


def _about(content: VersionContent, sha256: str) -> dict[str, Any]:
    return {"name": content.name, "version": content.version, "sha256": sha256}


def _with_head(head: dict[str, Any], body: str) -> str:
    return f"---\n{yaml_of(head)}---\n{body}"
