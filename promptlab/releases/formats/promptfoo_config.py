"""A version as a promptfoo configuration that runs it again and judges it by its metric."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from optimizer.core.problems import Problem, problem
from promptlab.releases.formats.bodies import openai_body
from promptlab.releases.formats.naming import TESTS, file_name
from promptlab.releases.formats.prompt_files import jinja
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.story import story
from promptlab.releases.formats.templated import not_a_template, task_of
from promptlab.releases.formats.yaml_text import yaml_of
from promptlab.reviews.content import VersionContent


def not_in_promptfoo(content: VersionContent) -> list[Problem]:
    """Why promptfoo would say, or judge, something else."""
    found, metric = not_a_template(content), content.provenance.metric
    if not found and metric.as_assertion() is None:
        found.append(problem("promptfoo.metric", name=content.provenance.metric_name))
    return found


def promptfoo_config(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """YAML for `promptfoo eval -c`; its tests are a file of their own, which lies beside it."""
    reach = reach or Reach.of(content)
    body = openai_body(content, reach, jinja)
    messages, model = body.pop("messages"), body.pop("model")
    base = {"apiBaseUrl": reach.api_base} if reach.api_base else {}
    key = {"apiKey": "none"} if reach.keyless else {}
    config = {
        "description": f"{content.name}, version {content.version}",
        "prompts": [
            {
                "label": f"{content.name} v{content.version}",
                "raw": json.dumps(messages, ensure_ascii=False, indent=2),
            }
        ],
        "providers": [
            {
                "id": f"openai:chat:{model}",
                "label": task_of(content).litellm_model,
                "config": {**base, **key, **body},
            }
        ],
        "defaultTest": {
            "options": {"transform": _transform(_output(content))},
            "assert": [content.provenance.metric.as_assertion()],
        },
        "tests": f"file://{file_name(content, TESTS)}",
    }
    head = "".join(f"# {line}".rstrip() + "\n" for line in map(_line, story(content, sha256)))
    return f"{head}{yaml_of(config)}"


def promptfoo_test(values: Mapping[str, Any]) -> str:
    """A line of the file of tests; "" for values that promptfoo would not take as they are: it
    opens files that they name, and fills in what they have in double braces.
    """
    texts = [value for value in values.values() if isinstance(value, str)]
    if any(text.startswith(("file://", "package:")) for text in texts):
        return ""
    if any(name in values for text in texts for name in _FILLED.findall(text)):
        return ""
    # It takes a line's end away at the end of a value.
    told = {n: f"{v}\n" if isinstance(v, str) and v[-1:] == "\n" else v for n, v in values.items()}
    return json.dumps({"vars": told}, ensure_ascii=False) + "\n"


_FILLED = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _output(content: VersionContent) -> str:
    """The field of the reply that the metric judges."""
    wanted = content.provenance.metric.output
    source = content.program.outputs.get(wanted, "")
    return source.partition(".")[2] or wanted


def _transform(name: str) -> str:
    """The field out of a reply in JSON; a reply that is none as it is."""
    return (
        "(() => { const said = typeof output === 'string' ? output : JSON.stringify(output); "
        "const found = said.match(/\\{[\\s\\S]*\\}/); if (!found) return said.trim(); "
        f"try {{ return JSON.parse(found[0])[{json.dumps(name)}]; }} "
        "catch { return said.trim(); } })()"
    )


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
