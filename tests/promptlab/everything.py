"""One of everything in a project, everybody who comes to see it, and every address of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver

from optimizer.models import AllowedAddress, Corpus, Run
from optimizer.retrieval import corpora
from optimizer.running import prompts
from promptlab.accounts import entrance, tokens
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.datasets import uploads
from promptlab.datasets.queries import as_example
from promptlab.grading.models import Queue
from promptlab.grading.queues import Wish, begin
from promptlab.programs.edits import rename_group
from promptlab.programs.tryouts import start_tryout
from promptlab.releases import public
from promptlab.releases.models import PublicPage
from promptlab.reviews.models import Mention, Version
from promptlab.runs.models import Play, ProjectRun, RewriteCard
from promptlab.runs.playing import services as playing
from promptlab.runs.playing import typed
from promptlab.runs.playing.begun import begun
from promptlab.runs.playing.forms import PlayForm
from promptlab.ui.parameters import Parameters
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene

LEVELS = [{"name": "good", "score": 1.0}, {"name": "poor", "score": 0.0}]
EVERYBODY = ("anonymous", "outsider", "administrator", "viewer", "editor", "reviewer", "admin")


@dataclass(frozen=True)
class World:
    """One of everything, and the people who come to see it."""

    scene: Scene
    project_run: ProjectRun
    version: Version
    tryout: Run
    example: str
    address: AllowedAddress
    corpus: Corpus
    people: dict[str, User | None]
    uploads: dict[int, Any] = field(default_factory=dict)

    def values_for(self, page: str, who: str) -> dict[str, Any]:
        """What stands in a page's address; uploads and tokens are the visitor's own."""
        if page == "accounts:setup":
            return {"token": entrance.issue_setup_link()}
        if page == "accounts:invitation":
            return {"token": self._invitation()[1]}
        user = self.people.get(who) or self.scene.by
        assert self.project_run.run.best_candidate is not None
        found: dict[str, Callable[[], Any]] = {
            "project": lambda: self.scene.project.slug,
            "dataset": lambda: self.scene.dataset.pk,
            "program": lambda: self.scene.program.pk,
            "module": lambda: "find_clues",
            "call": lambda: "find_clues",
            "metric": lambda: self._judge() if "grading" in page else self.scene.metric.pk,
            "provider": lambda: self.scene.provider.pk,
            "queue": self._queue,
            "card": self._card,
            "preset": lambda: "openai",
            "number": lambda: 1,
            "candidate": lambda: self.project_run.run.best_candidate.number,  # type: ignore[union-attr]
            "example": lambda: self.example,
            "tryout": lambda: self.tryout.pk,
            "play": lambda: (self.scene.project.plays.first() or begin_play(self.scene)).pk,
            "column": lambda: 1,
            "format": lambda: {
                "datasets:download": "jsonl",
                "releases:data": "training",
                "releases:router_file": "log",
            }.get(page, "json"),
            "row": lambda: self.scene.dataset.examples.all()[0].key,
            "index": lambda: 0,
            "ready": lambda: "iris",
            "corpus": lambda: self.corpus.pk,
            "member": lambda: self.scene.by.memberships.get().pk,
            "upload": lambda: self._upload(user),
            "invitation": lambda: self._invitation()[0],
            "address": lambda: self.address.pk,
            "token": lambda: tokens.create_token(user, "mine")[0].pk,
            "key": lambda: (public.page_of(self.version) or self._opened()).key,
            "mention": lambda: self._mention(user),
        }
        return {name: found[name]() for name in PAGES[page].parts}

    def _opened(self) -> PublicPage:
        return public.open_page(self.version, self.scene.by, prompts=True, demos=True)

    def _mention(self, user: User) -> int:
        """A comment on the approved packet that names the visitor."""
        packet = self.project_run.packets.get()
        module = packet.evidence.program.modules[0].name
        said = packet.comments.create(module=module, line=1, text="Hm.", by=self.scene.by)
        return Mention.objects.create(comment=said, user=user).pk

    def _queue(self) -> int:
        """Answers of the run that people grade."""
        by, found = self.scene.by, self.project_run.queues.first()
        wish = Wish(Queue.Way.GRADE, "intent")
        return (found or begin(self.project_run, wish, by)).pk

    def _judge(self) -> int:
        """A metric of a kind that has pages of its own."""
        own = {"model": {"provider": self.scene.provider.pk, "model": "scripted-1"}}
        made, _ = self.scene.project.metrics.get_or_create(
            name="Judge", kind="llm_judge", output="intent", expected="",
            defaults={"kind_settings": own | {"rubric": "Right?", "levels": LEVELS}},
        )  # fmt: skip
        return made.pk

    def _card(self) -> int:
        """A rewriting of the library."""
        made, _ = RewriteCard.objects.get_or_create(
            project=self.scene.project, project_run=self.project_run, candidate=1,
            module="find_clues", removed_at=None,
            defaults={
                "task_kind": "text", "task_text": "clues", "model": "scripted-1", "before": "Find.",
                "after": "Find all clues.", "gain": 0.1, "low": 0.02, "high": 0.18, "n": 40,
            },
        )  # fmt: skip
        return made.pk

    def _upload(self, owner: User) -> Any:
        """One each: reading a file takes a process of its own."""
        if owner.pk not in self.uploads:
            file = SimpleUploadedFile("a.csv", b"message,intent\none,refund\ntwo,other\n")
            self.uploads[owner.pk] = uploads.receive(self.scene.project, owner, file).token
        return self.uploads[owner.pk]

    def _invitation(self) -> tuple[int, str]:
        admin = self.people["admin"]
        assert admin is not None
        row, secret = entrance.invite(self.scene.project, Role.VIEWER, admin, "")
        return row.pk, secret


def begin_play(scene: Scene, *what: str) -> Play:
    """The form of the playground as it begins, with further columns, sent as it is."""
    state = QueryDict(mutable=True)
    begun(scene.project, state, Parameters({}))
    for each in what:
        typed.add_column(state, each)
    form = PlayForm(scene.project, state)
    assert form.is_valid(), form.faults
    return playing.start(scene.project, scene.by, playing.plan_of(form), state)


def furnish(scene: Scene, finished: ProjectRun, people: dict[str, User | None]) -> World:
    """A project in which every page has something to show. The reviewer approved the best."""
    best, reviewer = finished.run.best_candidate, people["reviewer"]
    example = scene.dataset.examples.first()
    assert best is not None
    assert reviewer is not None
    assert example is not None
    version = approve(finished, best, reviewer, "Fine.")
    task = scene.run_request().models["task"]  # type: ignore[index]
    tryout = start_tryout(scene.project, scene.program.core, task, as_example(example))
    shown = finished.run.validation.examples[0]["id"]
    address = AllowedAddress.objects.create(host="10.0.0.5/32", added_by="olga@example.org")
    corpus = corpora.store(scene.project.namespace, "Facts", ["text"], [["A passage."]])
    scene.program.definition = prompts.to_row(rename_group(scene.program.core, "", "Clues"))
    scene.program.save(update_fields=["definition"])
    return World(scene, finished, version, tryout, shown, address, corpus, people)


def pages(resolver: URLResolver | None = None, prefix: str = "", above: str = "") -> Iterator[Page]:
    """Every page, the addresses of the API apart. Views without a name count."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = f"{above}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield Page(f"{prefix}{entry.name or entry.callback.__name__}", route)
        elif entry.namespace != "api":
            yield from pages(entry, f"{entry.namespace}:" if entry.namespace else prefix, route)


@dataclass(frozen=True)
class Page:
    """An address by its name, and its route: `p/<slug:project>/members/`."""

    name: str
    route: str

    @property
    def parts(self) -> dict[str, str]:
        """Its keywords, each with the kind of value that it takes: int, str, slug, uuid."""
        return {name: kind for kind, name in re.findall(r"<(\w+):(\w+)>", self.route)}

    def with_values(self, values: Mapping[str, Any]) -> str:
        """The address with these in their places, as they are."""
        return "/" + re.sub(r"<\w+:(\w+)>", lambda m: str(values[m[1]]), self.route)


TRYING = {"programs:try", "runs:try"}
# Answers to addresses that mean nothing.
NO_PAGES = {"nothing_here"}
PAGES = {page.name: page for page in pages() if page.name not in NO_PAGES}


def address_of(name: str, world: World, who: str) -> str:
    """The page in its fullest state: where something can be tried, with what was tried."""
    asked = f"?tryout={world.tryout.pk}" if name in TRYING else ""
    return PAGES[name].with_values(world.values_for(name, who)) + asked
