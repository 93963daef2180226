"""docs/api.md, done as it is written: every call is made, every answer compared."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from optimizer.lm.call import LMCall
from optimizer.models import Provider, Run
from promptlab.accounts.models import Project, User
from promptlab.accounts.tokens import create_token
from tests.evaluations import with_check
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.world import chance
from tests.optimizer.conftest import carry_on

PAGE = Path("docs/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MORE = "…"
CSV = "message,label\n" + "".join(f"message {n},{('ham', 'spam')[n % 2]}\n" for n in range(60))
# Where the id in an address, or in a body, belongs.
NOUNS = {"datasets": "dataset", "programs": "program", "metrics": "metric", "versions": "program"}


@dataclass
class Reader:
    """Makes the page's calls. Ids on the page stand for those that this database gives."""

    client: Client
    files: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    ids: dict[tuple[str, int], int] = field(default_factory=dict)

    def do(self, script: str) -> tuple[str, HttpResponse]:
        """The address that was called, and the answer."""
        for name, value in re.findall(r'^(\w+)="?(.*?)"?$', script, re.MULTILINE):
            self.variables[name] = value
        text = script[script.index("curl") :].replace("\\\n", " ")
        for name, value in self.variables.items():
            text = text.replace(f"${name}", value)
        words = shlex.split(text)[1:]
        address, options = self.read(words)
        return address, self.call(self.real(address), options)

    def read(self, words: list[str]) -> tuple[str, dict[str, list[str]]]:
        options: dict[str, list[str]] = {}
        address = ""
        while words:
            word = words.pop(0)
            if word.startswith("-"):
                options.setdefault(word, []).append(words.pop(0))
            else:
                parts = urlsplit(word)
                address = f"{parts.path}?{parts.query}" if parts.query else parts.path
        assert options.pop("-H")[0].startswith("Authorization: Bearer")
        return address, options

    def call(self, address: str, options: dict[str, list[str]]) -> HttpResponse:
        if "-F" in options:
            return self.client.post(address, self.form(options["-F"]))
        if "--json" in options:
            (given,) = options["--json"]
            text = self.files[given[1:]] if given.startswith("@") else given
            method = options.get("-X", ["POST"])[0].lower()
            body = json.dumps(self.with_ids(json.loads(text)))
            return getattr(self.client, method)(address, body, "application/json")
        return self.client.get(address)

    def form(self, fields: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in (given.split("=", 1) for given in fields):
            is_file = value.startswith("@")
            found[name] = (
                SimpleUploadedFile(value[1:], self.files[value[1:]].encode()) if is_file else value
            )
        return found

    def real(self, address: str) -> str:
        def number(match: re.Match[str]) -> str:
            noun, shown = NOUNS[match[1]], int(match[2])
            return f"/{match[1]}/{self.ids.get((noun, shown), shown)}"

        return re.sub(r"/(datasets|programs|metrics|versions)/(\d+)", number, address)

    def with_ids(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self.with_ids(part) for part in body]
        if not isinstance(body, dict):
            return body
        return {
            key: self.ids.get((key, value), value)
            if isinstance(value, int)
            else self.with_ids(value)
            for key, value in body.items()
        }

    def learn(self, address: str, shown: Any, real: Any) -> None:
        noun = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        pairs = zip(shown.get("items", [shown]), real.get("items", [real]), strict=False)
        for on_page, here in pairs:
            if isinstance(on_page, dict) and "id" in on_page:
                self.ids[noun.rstrip("s"), on_page["id"]] = here["id"]


def differences(shown: Any, real: Any, place: str = "") -> list[str]:
    """Where the answer is not what the page shows. Texts with a digit may differ in value."""
    if shown == MORE:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{place}.{key} is not in the answer" for key in shown.keys() - real.keys()]
        missing = [m for m in missing if not m.startswith(f"{place}.{MORE}")]
        hidden = [] if MORE in shown else sorted(real.keys() - shown.keys())
        return [
            *missing,
            *(f"{place}.{key} is not on the page" for key in hidden),
            *(
                d
                for key in shown.keys() & real.keys()
                for d in differences(shown[key], real[key], f"{place}.{key}")
            ),
        ]
    if isinstance(shown, list) and isinstance(real, list):
        listed = [s for s in shown if s != MORE]
        if len(listed) > len(real) or (listed == shown and len(listed) != len(real)):
            return [f"{place} has {len(real)} elements"]
        return [
            d for i, (s, r) in enumerate(zip(listed, real, strict=False))
            for d in differences(s, r, f"{place}[{i}]")
        ]  # fmt: skip
    return [] if _alike(shown, real) else [f"{place}: {shown!r} on the page, {real!r} in truth"]


def _alike(shown: Any, real: Any) -> bool:
    if isinstance(shown, str) and isinstance(real, str):
        return shown == real or bool(re.search(r"[\d…]", shown))
    if isinstance(shown, bool) or isinstance(real, bool) or shown is None or real is None:
        return shown is real
    return isinstance(shown, int | float) and isinstance(real, int | float)


@pytest.mark.django_db(transaction=True)
def test_the_documentation_is_true(
    transactional_db: None, project: Project, erin: User, bob: User
) -> None:
    Project.objects.filter(pk=project.pk).update(slug="support", name="Support")
    provider = Provider.objects.create(
        namespace=project.namespace, name="Local server", models_offered=["small-chat"],
        kind=Provider.Kind.OPENAI_COMPATIBLE, api_base="http://127.0.0.1:8080/v1",
        input_price=1_000_000, output_price=2_000_000,
    )  # fmt: skip
    with_check(provider, model="small-chat", seconds=0.5)
    blocks = [(m[1], m[2]) for m in BLOCK.finditer(PAGE)]
    program = next(text for kind, text in blocks if kind == "json" and '"modules"' in text)
    reader = Reader(_caller(erin), {"messages.csv": CSV, "program.json": program})
    made, wrong = 0, []
    for (kind, text), (next_kind, answer) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind != "sh":
            continue
        if "/reviews" in text or "/labels" in text:
            reader.client = _caller(bob)
        address, response = reader.do(text)
        made += 1
        if next_kind == "json":
            shown, real = json.loads(answer), response.json()
            reader.learn(address, shown, real)
            wrong += [f"{address} {d}" for d in differences(shown, real)]
        else:
            assert response.status_code == 200
        if address.endswith("/runs") and response.status_code == 201:
            carry_on(Run.objects.get(task=Run.Task.OPTIMIZE), ScriptedLM(helped_by_demos))
    assert not wrong, "\n".join(wrong)
    assert made == 29


def helped_by_demos(call: LMCall) -> str:
    """Right four times of ten without demos, nine times with them."""
    if not call.schema:
        return "Look at it closely."
    said, demos = call.messages[-1].content, len(call.messages) > 2
    right = chance(said) < (0.9 if demos else 0.4)
    number = int(next(word for word in said.split() if word.isdigit()))
    return json.dumps({"label": ("ham", "spam")[(number + (not right)) % 2]})


def _caller(user: User) -> Client:
    _token, secret = create_token(user, "documentation")
    return Client(headers={"Authorization": f"Bearer {secret}"})
