"""Has the tools that versions are exported for read our files, and keeps what they made of them.

    python -m venv /tmp/tools
    /tmp/tools/bin/pip install prompty==2.1.0 jinja2 langchain-core==1.8.3 mlflow-skinny==3.17.2
    (cd /tmp/nodes && npm install dotprompt@1.1.2 promptfoo)
    .venv/bin/python -m tests.promptlab.releases.record_tools /tmp/tools /tmp/nodes

The tools are heavy, and nothing that the product or its tests run on: what is recorded in
tests/data/exports is a file as we wrote it, and the messages that the tool said with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
KEPT = Path("tests/data/exports")

PROMPTY = """
import json, sys, prompty
agent = prompty.load(sys.argv[1])
said = prompty.prepare(agent, inputs=json.loads(sys.argv[2]))
print(json.dumps([{"role": m.role, "content": "".join(p.value for p in m.parts)} for m in said]))
"""
LANGCHAIN = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("made", sys.argv[1])
made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)
said = made.PROMPT.invoke(json.loads(sys.argv[2])).to_messages()
roles = {"system": "system", "human": "user", "ai": "assistant"}
print(json.dumps([{"role": roles[m.type], "content": m.content} for m in said]))
"""
MLFLOW = """
import importlib.util, json, os, sys, tempfile
import mlflow
from mlflow.entities.model_registry.prompt_version import PromptVersion
spec = importlib.util.spec_from_file_location("made", sys.argv[1])
made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)
kept = PromptVersion(name=made.NAME, version=1, template=made.TEMPLATE)
print(json.dumps(kept.format(**json.loads(sys.argv[2]))))
"""
DOTPROMPT = """
const {Dotprompt} = require('dotprompt'); const fs = require('fs');
(async () => {
  const source = fs.readFileSync(process.argv[1], 'utf8');
  const made = await new Dotprompt().render(source, {input: JSON.parse(process.argv[2])});
  const roles = {system: 'system', user: 'user', model: 'assistant'};
  console.log(JSON.stringify(made.messages.map((m) => (
    {role: roles[m.role], content: m.content.map((p) => p.text).join('')}))));
})();
"""


def main(tools: str, nodes: str) -> None:
    django.setup()
    python = [f"{tools}/bin/python", "-c"]
    node = ["node", "-e"]
    for name, command, code in (
        ("prompty", python, PROMPTY),
        ("langchain", python, LANGCHAIN),
        ("mlflow", python, MLFLOW),
        ("dotprompt", node, DOTPROMPT),
    ):
        record(name, [*command, code], nodes)
    record_promptfoo(nodes)


def record(name: str, command: list[str], nodes: str) -> None:
    from promptlab.releases.formats import FORMATS
    from tests.promptlab.releases.one_prompt import SHAPES, asked_of, version_of

    found = {}
    for shape in SHAPES:
        content = version_of(shape)
        if FORMATS[name].lacks(content):
            continue
        text = FORMATS[name].write(content, "0" * 64)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, FORMATS[name].file_name(content))
            path.write_text(text, encoding="utf-8")
            told = said([*command, str(path), json.dumps(asked_of(content))], nodes)
        found[shape] = {"file": text, "messages": told}
    keep(name, found)


def record_promptfoo(nodes: str) -> None:
    """The whole tool, against an endpoint that says the same always: what it was sent, and how it
    judged a right and a wrong answer.
    """
    from promptlab.releases.formats import FORMATS
    from promptlab.releases.formats.naming import TESTS, file_name
    from promptlab.releases.formats.promptfoo_config import promptfoo_test
    from promptlab.releases.formats.reach import Reach
    from tests.fakes.openai_server import OpenAIServer
    from tests.promptlab.releases.one_prompt import SHAPES, fillable, version_of

    found = {}
    for shape in SHAPES:
        content = version_of(shape)
        with (
            OpenAIServer(script=lambda body: '{"reasoning": "x", "intent": "refund"}') as server,
            tempfile.TemporaryDirectory() as folder,
        ):
            reach = Reach(server.url, keyless=True)
            text = FORMATS["promptfoo"].write(content, "0" * 64, reach)
            Path(folder, "config.yaml").write_text(text, encoding="utf-8")
            rows = [fillable(content) | {"label": label} for label in ("Refund", "delivery")]
            tests = "".join(map(promptfoo_test, rows))
            Path(folder, file_name(content, TESTS)).write_text(tests, encoding="utf-8")
            out = Path(folder, "out.json")
            command = f"{nodes}/node_modules/.bin/promptfoo"
            run = [command, "eval", "-c", "config.yaml", "-o", str(out)]
            env = os.environ | {
                "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1",
                "PROMPTFOO_CONFIG_DIR": folder, "PROMPTFOO_CACHE_ENABLED": "false",
            }  # fmt: skip
            subprocess.run([*run, "--no-cache", "-j", "1"], cwd=folder, env=env, check=False)
            made = json.loads(out.read_text("utf-8"))["results"]["results"]
            found[shape] = {
                "file": text.replace(server.url, "http://127.0.0.1:1/v1"),
                "messages": server.requests[0]["messages"],
                "form": server.requests[0]["response_format"],
                "right": [row["success"] for row in made],
            }
    keep("promptfoo", found)


def said(command: list[str], nodes: str) -> Any:
    done = subprocess.run(
        command, env=os.environ | {"NODE_PATH": f"{nodes}/node_modules"}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def keep(name: str, found: dict[str, Any]) -> None:
    text = json.dumps(found, ensure_ascii=True, indent=1)
    (KEPT / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{name}: {len(found)} files\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
