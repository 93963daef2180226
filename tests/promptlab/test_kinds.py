"""A new kind of module and of metric needs its own two files and nothing else: on forms, over the
API, on the pages of a run, and in every file of a version.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.releases.formats import FORMATS
from tests.fakes.toy_kinds import Again, Verdict, toy_kinds
from tests.fakes.wordless import Shortened
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play

__all__ = ["toy_kinds"]

ClientOf = Callable[[User], Client]
JSON = "application/json"
API = "/api/v1/projects/support-triage"


@pytest.fixture
def client(scene: Scene, toy_kinds: None, erin: User, client_of: ClientOf) -> Client:
    return client_of(erin)


@pytest.fixture
def api(scene: Scene, toy_kinds: None, erin: User) -> Client:
    _token, secret = create_token(erin, "test")
    return Client(headers={"Authorization": f"Bearer {secret}"})


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def module_page(program: Program, module: str) -> str:
    return reverse("programs:module", args=[program.project.slug, program.pk, module])


def sent_again(client: Client, page: str, **changed: str) -> dict[str, str]:
    """What a browser sends from the module's page after some changes."""
    form = client.get(page).context["form"]
    rows = [f for rows in (form.inputs, form.outputs) for row in rows for f in row]
    boxes = ("frozen_instruction", "frozen_demos")
    plain = {f.html_name: f.value() for f in [*form, *rows] if f.name not in boxes}
    counts = {"inputs-count": len(list(form.inputs)), "outputs-count": len(list(form.outputs))}
    return {**{k: "" if v is None else str(v) for k, v in plain.items()}, **counts, **changed}


def with_toys(scene: Scene, client: Client) -> None:
    """The scene's last module and its metric, made toys on their pages."""
    page = module_page(scene.program, "classify_intent")
    answer = client.post(page, sent_again(client, page, kind="again", times="3"))
    assert answer.status_code == 302, text_of(answer)
    page = reverse("metrics:metric", args=[scene.project.slug, scene.metric.pk])
    wish = {
        "name": "Verdict", "kind": "verdict", "output": "intent", "expected": "intent",
        "threshold": "1", "question": "Will it do?",
    }  # fmt: skip
    answer = client.post(page, wish)
    assert answer.status_code == 302, text_of(answer)
    scene.program.refresh_from_db()
    scene.program.__dict__.pop("core", None)
    scene.metric.refresh_from_db()


def test_forms_offer_it_ask_what_it_needs_and_keep_it(scene: Scene, client: Client) -> None:
    page = module_page(scene.program, "classify_intent")
    shown = text_of(client.get(page))
    assert "Asked again" in shown
    assert "Has second thoughts." in shown
    assert "Times asked" not in shown  # the module is of another kind

    refused = client.post(page, sent_again(client, page, kind="again", times="0"))
    assert refused.status_code == 422
    assert "greater than or equal to 1" in text_of(refused)

    with_toys(scene, client)
    module = scene.program.core.module("classify_intent")
    assert isinstance(module, Again)
    assert module.times == 3
    assert scene.metric.core == Verdict("intent", "intent", question="Will it do?")
    shown = text_of(client.get(page))
    assert re.search(r'name="times"[^>]* value="3"|value="3"[^>]* name="times"', shown)
    assert "You are asked 3 times." in shown  # the prompt as it is sent
    for view in ("", "?view=list"):
        drawn = reverse("programs:program", args=[scene.project.slug, scene.program.pk])
        assert "Asked again" in text_of(client.get(f"{drawn}{view}"))


def test_a_module_without_words_is_asked_for_none(scene: Scene, client: Client) -> None:
    page = module_page(scene.program, "find_clues")
    sent = sent_again(client, page, kind="shortened", letters="12")
    assert client.post(page, sent).status_code == 302
    scene.program.refresh_from_db()
    scene.program.__dict__.pop("core", None)
    module = scene.program.core.module("find_clues")
    assert isinstance(module, Shortened)
    assert module.letters == 12
    assert scene.program.core.problems() == []
    shown = client.get(page)
    names = set(re.findall(r'name="(\w+)"', text_of(shown)))
    assert "letters" in names
    assert names.isdisjoint({"instruction", "locked", "frozen_instruction", "frozen_demos"})
    assert "Edit demos" not in text_of(shown)
    listed = reverse("programs:program", args=[scene.project.slug, scene.program.pk])
    page_of_list = text_of(client.get(f"{listed}?view=list"))
    (step,) = re.findall(r'id="call-find_clues".*?</section>', page_of_list, re.DOTALL)
    assert "Shortened" in step
    assert "Instruction" not in step
    assert client.post(page, sent_again(client, page, letters="13")).status_code == 302


def test_a_metric_s_page_asks_what_it_needs(scene: Scene, client: Client) -> None:
    with_toys(scene, client)
    here = [scene.project.slug]
    page = reverse("metrics:metric", args=[*here, scene.metric.pk])
    shown = text_of(client.get(page))
    assert re.search(r'name="question"[^>]* value="Will it do\?"', shown)
    assert 'name="tolerance"' not in shown
    listed = text_of(client.get(reverse("metrics:list", args=here)))
    assert "Verdict of a model" in listed
    assert "“Will it do?”" in listed
    look = {"look": "1", "kind": "verdict", "dataset": scene.dataset.pk, "expected": "intent"}
    assert "Test bench" in text_of(client.post(page, look))  # without scores: nobody was asked


def test_the_api_takes_it_and_gives_it_back(scene: Scene, client: Client, api: Client) -> None:
    with_toys(scene, client)
    known = api.get(f"{API}/programs/{scene.program.pk}").json()
    file = known["program"]
    assert (file["modules"][1]["kind"], file["modules"][1]["times"]) == ("again", 3)
    assert api.get(f"{API}/programs/{scene.program.pk}/file").json() == file

    file["modules"][1]["times"] = 0
    made = api.post(f"{API}/programs?name=Draft", json.dumps(file), JSON)
    assert made.status_code == 201
    assert "It cannot be asked 0 times." in str(made.json()["problems"])

    wish = {"name": "m", "kind": "verdict", "output": "intent", "expected": "intent"}
    made = api.post(f"{API}/metrics", json.dumps(wish | {"question": "So?"}), JSON)
    assert (made.status_code, made.json()["question"]) == (201, "So?")
    row = Metric.objects.get(pk=made.json()["id"])
    assert row.core == Verdict("intent", "intent", question="So?")
    assert made.json() in api.get(f"{API}/metrics").json()["items"]
    wrong = api.post(f"{API}/metrics", json.dumps(wish | {"name": "n", "quest": "So?"}), JSON)
    assert wrong.status_code == 422
    assert "quest" in [problem["field"] for problem in wrong.json()["problems"]]


def test_a_run_s_pages_show_it_and_every_file_of_a_version_writes_it(
    scene: Scene, client: Client, bob: User
) -> None:
    with_toys(scene, client)
    estimate = reverse("runs:new", args=[scene.project.slug])
    assert client.get(estimate).status_code == 200
    finished = play(scene.start())
    best = finished.run.best_candidate
    assert best is not None
    addresses = [
        reverse("runs:run", args=[scene.project.slug, finished.number]),
        reverse("runs:candidate", args=[scene.project.slug, finished.number, best.number]),
    ]
    for address in addresses:
        assert client.get(address).status_code == 200
    example = finished.run.validation.examples[0]["id"]
    trace = reverse("runs:example", args=[scene.project.slug, finished.number, example])
    shown = text_of(client.get(f"{trace}?c={best.number}"))
    assert "You are asked 3 times." in shown
    assert "Will it do?" in shown

    version = approve(finished, best, bob, "Fine.")
    content = version.content
    assert content.provenance.metric == Verdict("intent", "intent", question="Will it do?")
    can = {name: made for name, made in FORMATS.items() if not made.lacks(content)}
    written = {name: made.write(content, version.sha256) for name, made in can.items()}
    assert json.loads(written["json"])["program"]["modules"][1]["times"] == 3
    assert "You are asked 3 times." in "".join(_texts(written["python"]))
    assert "classify_intent" in json.loads(written["dspy"])
    assert "self.classify_intent = dspy.Predict(" in written["dspy_module"]
    for name in FORMATS:
        page = reverse(
            "releases:download", args=[scene.project.slug, version.program_id, version.number, name]
        )
        assert client.get(page).status_code == (200 if name in can else 302)


def _texts(source: str) -> list[str]:
    constants = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [node.value for node in constants if isinstance(node.value, str)]
