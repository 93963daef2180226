"""The house as a whole: who may import whom, and what the web process stays free of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from promptlab.launch.home import CHECKOUT

WIDEST = 140
"""Characters of a line of a template, of which each element has its own."""
KEPT_OUT = ["litellm", "openai", "optuna", "cloudpickle", "pandas", "torch"]


def run_python(script: str, **environ: str) -> Any:
    """What a fresh interpreter prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "promptlab.settings", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_imports_go_the_way_the_contracts_say() -> None:
    lint = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; exit(lint_imports())"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert lint.returncode == 0, lint.stdout


def test_the_web_process_never_loads_what_only_workers_need() -> None:
    script = """
import json, sys
import promptlab.asgi
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps(sorted(sys.modules)))
"""
    loaded = set(run_python(script))

    assert "promptlab.runs.watching.views" in loaded
    assert loaded.isdisjoint(KEPT_OUT)


def test_healthz_names_the_database_when_it_is_down() -> None:
    script = """
import json, django
django.setup()
from django.test import Client
reply = Client(SERVER_NAME="127.0.0.1").get("/healthz")
print(json.dumps([reply.status_code, reply.json()]))
"""
    status, said = run_python(
        script,
        DATABASE_URL="postgresql://a@127.0.0.1:1/a",
        PROMPTLAB_TESTING="1",
        LOG_LEVEL="ERROR",
    )

    assert (status, said["database"]) == (503, "down")


def test_requirements_name_no_address_and_are_all_hashed() -> None:
    files = [*CHECKOUT.glob("requirements*.txt"), CHECKOUT / "requirements" / "uv.txt"]
    locked = {file.name: file.read_text() for file in files}

    assert [name for name, text in locked.items() if "://" in text] == []
    for text in locked.values():
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert pins
        assert all(line.endswith("\\") for line in pins)


def test_no_line_of_a_template_is_longer_than_it_can_be_read() -> None:
    templates = sorted((CHECKOUT / "templates").rglob("*.html"))
    long = [
        f"{path.relative_to(CHECKOUT)}:{number}: {len(line)} characters"
        for path in templates
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > WIDEST
    ]

    assert templates
    assert long == []
