"""No page shows a prompt, a cell or a reply with a character in it that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from optimizer.core.evaluation.execute import CallTrace
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.program import Program
from optimizer.models import Provider, Run
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.datasets import uploads
from promptlab.datasets.models import Dataset
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.live import LiveRun
from promptlab.ui.parameters import Parameters
from tests.evaluations import answered, with_check
from tests.promptlab.everything import World, address_of, furnish
from tests.promptlab.runs import scene as scenes
from tests.promptlab.runs.scene import Scene
from tests.promptlab.test_permission_matrix import LEAST_ROLE, expected

ClientOf = Callable[[User], Client]

# An override, a space without width, a tag, an isolate, a soft hyphen, a separator of lines, a
# selector for nothing: each would be seen by a model and by no reader.
UNSEEN = "\u202e\u200b\U000e0041\u2066\xad\u2028\ufe01\u2069\u202c"
RAW = re.compile(f"[{UNSEEN}]")
# What a form sends back and what a button copies: these are faithful, and not looked at.
COPIED = {"value", "data-copy"}
VOID = {"input", "meta", "link", "br", "hr", "img", "wbr", "source"}

MARKED = {
    "datasets:map", "datasets:detail", "datasets:rows", "programs:list", "programs:program",
    "programs:module", "programs:try", "metrics:metric", "metrics:new", "providers:list",
    "runs:run", "runs:live", "runs:compare", "runs:candidate", "runs:try",
    "runs:example", "reviews:review", "releases:version",
}  # fmt: skip


class Reader(HTMLParser):
    """Where characters stand that nobody sees: outside their marks and of what somebody edits."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.marks = 0
        self.raw: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_mark = tag == "span" and dict(attrs).get("class") == "unseen"
        self.marks += is_mark
        if tag not in VOID:
            self.open.append((tag, is_mark))
        for name, value in attrs:
            if name not in COPIED and RAW.search(value or ""):
                self.raw.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = {tag for tag, _ in self.open}
        marked = any(is_mark for _, is_mark in self.open)
        if RAW.search(data) and not marked and "textarea" not in inside:
            self.raw.append(f"{[tag for tag, _ in self.open][-3:]}: {data.strip()[:80]!r}")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def poisoned(program: Program) -> Program:
    """The scene's program, with what nobody sees in every text of it."""
    modules = []
    for module in program.modules:
        signature = module.signature
        fields = [replace(f, description=f"{f.description} {UNSEEN}") for f in signature.inputs]
        instruction = f"{signature.instruction} {UNSEEN}"
        signature = replace(signature, instruction=instruction, inputs=tuple(fields))
        values = {f.name: f"a demo {UNSEEN}" for f in fields}
        outputs = {f.name: f.choices[0] if f.choices else UNSEEN for f in signature.outputs}
        demos = (Demo({**values, **outputs}),)
        modules.append(replace(module, signature=signature, demos=demos, description=UNSEEN))
    return replace(program, modules=tuple(modules), description=f"What it does {UNSEEN}")


@pytest.fixture
def scene(project: Project, erin: User, monkeypatch: pytest.MonkeyPatch) -> Scene:
    clean = scenes.triage
    monkeypatch.setattr(scenes, "triage", lambda: poisoned(clean()))
    monkeypatch.setattr(scenes, "PROPOSALS", tuple(f"{p} {UNSEEN}" for p in scenes.PROPOSALS))
    monkeypatch.setattr(
        scenes,
        "SAYINGS",
        {k: [f"{UNSEEN} {s}" for s in said] for k, said in scenes.SAYINGS.items()},
    )
    return scenes.set_scene(project, erin)


@pytest.fixture
def world(
    scene: Scene, finished: ProjectRun,
    alice: User, bob: User, erin: User, carol: User, dave: User, olga: User,
) -> World:  # fmt: skip
    """One of everything, whatever came from outside with what nobody sees in it."""
    people = {
        "anonymous": None, "outsider": dave, "administrator": olga, "viewer": carol,
        "editor": erin, "reviewer": bob, "admin": alice,
    }  # fmt: skip
    found = furnish(scene, finished, people)
    for user in (erin, bob, alice):
        found.uploads[user.pk] = received(scene.project, user)
    answer_the_tryout(found.tryout)
    Dataset.objects.update(source_name=f"tickets{UNSEEN}.jsonl")
    ProjectRun.objects.update(decision_note=f"Look here {UNSEEN}")
    Run.objects.update(message=f"It stopped {UNSEEN}", said=f"It said {UNSEEN}")
    with_check(found.scene.provider, False, f"No {UNSEEN}", f"Go away {UNSEEN}")
    Provider.objects.update(models_offered=["scripted-1", f"scripted{UNSEEN}"])
    return found


def received(project: Project, owner: User) -> Any:
    rows = "".join(f"one{UNSEEN} {n},re{UNSEEN}fund\ntwo {n},other\n" for n in range(6))
    content = f"message{UNSEEN},intent\n{rows}short\n".replace("\u2028", "")
    file = SimpleUploadedFile("a.csv", content.encode())
    return uploads.receive(project, owner, file).token


def answer_the_tryout(tryout: Run) -> None:
    trace = CallTrace(
        "find_clues", "find_clues", {"message": f"m {UNSEEN}"}, {"clues": f"c {UNSEEN}"},
        f"said {UNSEEN}", f"not read {UNSEEN}", 120, 9, 42, 0.5,
    )  # fmt: skip
    told = Outcome("typed", Score(1.0, f"because {UNSEEN}"), {"intent": f"i {UNSEEN}"}, (trace,))
    answered(tryout, told)


def shown_to(world: World, who: str, client: Client) -> Iterator[tuple[str, str]]:
    """Every page that this person may open, and some of their other states."""
    for name, methods in LEAST_ROLE.items():
        if "get" not in methods or expected(methods["get"], who) != "allowed":
            continue
        if name in ("accounts:setup", "accounts:invitation"):
            continue  # one-time links sign somebody else in
        for query in ("", *STATES.get(name, ())):
            response = client.get(address_of(name, world, who) + query)
            if "text/html" in response.headers.get("Content-Type", ""):
                yield name, response.content.decode()


STATES = {
    "programs:program": ("?view=list", "?view=graph"),
    "programs:new": ("?from=steps", "?from=blank", "?from=file"),
    "runs:across": ("?c=1.0,1.1&show=all&by=intent", "?c=1.0,1.1,1.2"),
    "runs:compare": ("?c=0,1,2&show=all", "?c=0,1&show=all&diff=inline"),
    "runs:candidate": ("?diff=inline&show=all",),
    "reviews:review": ("?diff=inline&show=all",),
    "releases:version": ("?diff=inline",),
    "runs:run": ("?trials=all", "?trials=candidates"),
    "runs:new": ("?from=1",),
    "runs:evaluate": ("?run=1",),
}


def test_nothing_unseen_stands_unmarked_on_any_page(world: World, client_of: ClientOf) -> None:
    for who in ("viewer", "admin"):
        user = world.people[who]
        assert user is not None
        marked, raw = set(), []
        for name, html in shown_to(world, who, client_of(user)):
            page = read(html)
            raw += [f"{name}: {place}" for place in page.raw]
            marked |= {name} if page.marks else set()
        assert raw == [], who
        wanted = {name for name in MARKED if expected(LEAST_ROLE[name]["get"], who) == "allowed"}
        assert wanted <= marked, who


def test_nothing_unseen_stands_unmarked_in_what_is_sent_later(
    world: World, erin: User, client_of: ClientOf
) -> None:
    """By the socket, and where a form is drawn anew."""
    live = LiveRun(world.scene.project, world.project_run.number, Parameters({}))
    frame = read(live.changes(Role.ADMIN))
    assert frame.raw == []
    assert frame.marks
    client, raw = client_of(erin), []
    for name, data in DRAWN_ANEW.items():
        response = client.post(address_of(name, world, "editor"), data)
        raw += [f"{name}: {place}" for place in read(response.content.decode()).raw]
    assert raw == []


DRAWN_ANEW: dict[str, dict[str, str]] = {
    "datasets:outlook": {"name": UNSEEN},
    "datasets:map": {"name": UNSEEN},
    "datasets:read_again": {"encoding": UNSEEN},
    "programs:module": {"name": UNSEEN, "instruction": f"x {UNSEEN} {{nothing}}"},
    "programs:demos": {"demos-count": "1"},
    "programs:inputs": {"inputs-count": "1", "inputs-0-name": UNSEEN},
    "programs:outputs": {"outputs-count": "1", "outputs-0-name": UNSEEN},
    "programs:call": {"name": UNSEEN, "module": UNSEEN},
    "programs:about": {"name": UNSEEN, "description": UNSEEN},
    "programs:try": {"in-message": UNSEEN, "model": UNSEEN, "metric": UNSEEN},
    "metrics:metric": {"look": "1", "name": UNSEEN, "kind": UNSEEN},
    "runs:new": {"program": UNSEEN},
    "runs:evaluate": {"program": UNSEEN, "value": UNSEEN},
}


def test_reviewers_and_editors_are_told_how_many_there_are_and_which(
    world: World, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    html = client.get(address_of("reviews:review", world, "reviewer")).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    told = re.search(r"(\d+) invisible characters: (.*?) Each is marked where it stands", text)
    assert told is not None
    assert int(told[1]) >= len(UNSEEN)
    assert "U+202E right-to-left override" in told[2]
    for page in ("programs:module", "programs:try", "programs:demos"):
        html = client.get(address_of(page, world, "reviewer")).content.decode()
        note = html.partition('class="hint unseen-note"')[2].partition("</p>")[0]
        assert "9 invisible characters:" in note, page
