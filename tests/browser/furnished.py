"""A project with one of everything, and the addresses of all pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tests.browser import desk
from tests.browser.lab import Lab, await_run
from tests.browser.long_names import lengthen_the_list

if TYPE_CHECKING:
    from promptlab.accounts.models import User
    from promptlab.grading.models import Queue
    from promptlab.runs.models import ProjectRun

Who = Literal["nobody", "alice", "carol", "olga"]


@dataclass
class Place:
    """A page: who opens it, where, and the status that it answers with."""

    path: str
    who: Who = "alice"
    status: int = 200


@dataclass
class Furnished:
    """The project, its runs, and the pages by name."""

    lab: Lab
    decided: ProjectRun
    open: ProjectRun
    places: dict[str, Place] = field(default_factory=dict)

    def user(self, who: Who) -> User | None:
        if who == "olga":
            return self.lab.olga
        roles = {"alice": "admin", "carol": "viewer"}
        return self.lab.person(who, roles[who]) if who != "nobody" else None


PAGES = (
    "login", "signed-out", "closed-account", "forgotten-password", "change-password",
    "set-password", "bad-link", "invitation", "invitation-to-a-member", "welcome", "api-reference",
    "projects", "new-project", "examples", "account", "tokens", "tokens-in-use", "shut-door",
    "lost", "overview", "members", "settings", "spending", "corpora", "datasets", "new-dataset",
    "rewrites", "router", "board", "improve", "chain",
    "map", "dataset", "rows", "add-rows", "dataset-row", "dataset-versions", "dataset-version",
    "programs",
    "new-from-columns", "new-in-steps", "new-blank", "new-from-file", "program",
    "program-list", "program-seen-by-a-viewer", "broken-canvas", "program-history",
    "insert-program",
    "program-with-a-pool", "demos-for-each-input", "all-demos",
    "broken-program", "about-program", "inputs", "outputs", "module", "agent", "demos",
    "call", "group", "new-module", "try", "tried", "metrics", "new-metric", "metric",
    "metric-of-parts", "ready-code", "providers",
    "metric-from-tests",
    "new-endpoint", "new-litellm", "provider", "provider-of-many-models", "runs", "no-run-matches",
    "new-run", "new-run-other-optimizer", "evaluate",
    "playground", "playground-seen-by-a-viewer",
    "run", "race", "race-trials", "run-seen-by-a-viewer",
    "run-unread", "demo-set", "candidate-demos", "nearest-candidate", "nearest-example",
    "version-demos", "version-parity", "candidate", "compare-two", "compare-three", "across",
    "example",
    "try-candidate", "edit-candidate", "score-candidate",
    "review", "review-to-send", "reviewed", "versions", "version", "public-release",
    "empty-overview", "empty-datasets", "empty-programs", "empty-metrics", "empty-runs",
    "empty-versions",
    "new-run-without-anything", "installation",
    "address-to-allow", "new-endpoint-by-olga", "judge", "judge-measured", "feedback-rules",
    "queues", "queue",
)  # fmt: skip


def furnish(lab: Lab) -> Furnished:
    """Everything that pages can show, through the services that pages use."""
    from tests.promptlab.approving import approve

    carol = lab.person("carol", "viewer")
    carol.set_password("only she knows it")
    carol.save()
    lab.person("wolfeschlegelsteinhausenbergerdorff.maximiliane-alexandra", "editor")
    decided, waiting = lab.finished_run(), lab.finished_run(trials=5)
    best = decided.run.best_candidate
    assert best is not None
    reviewer = lab.person("rosalind.featherstonehaugh", "reviewer")  # known by nothing shorter
    approve(decided, best, reviewer, "Better on every team.")
    lengthen_the_list(waiting)
    found = Furnished(lab, decided, waiting)
    for gather in (_outside, _rooms, _programs, _runs, _empty, _grading):
        found.places |= gather(found)
    assert set(found.places) == set(PAGES), set(found.places) ^ set(PAGES)
    return found


def _outside(all_of_it: Furnished) -> dict[str, Place]:
    from promptlab.accounts import entrance, tokens
    from promptlab.accounts.roles import Role

    lab, path = all_of_it.lab, all_of_it.lab.path
    _row, secret = entrance.invite(lab.project, Role.VIEWER, lab.alice, "Whoever reviews")
    tokens.create_token(
        lab.person("carol", "viewer"), "Nightly import of messages from the ticket system"
    )
    return {
        "login": Place("/login/", "nobody"),
        "signed-out": Place("/logout/"),
        "closed-account": Place("/inactive/", "nobody"),
        "forgotten-password": Place("/password/reset/", "nobody"),
        "change-password": Place("/password/change/", "carol"),
        "set-password": Place("/password/set/"),
        "bad-link": Place("/setup/unknown/", "nobody", 404),
        "invitation": Place(f"/invitations/{secret}/", "nobody"),
        "invitation-to-a-member": Place(f"/invitations/{secret}/"),
        "welcome": Place("/welcome/"),
        "api-reference": Place("/api/v1/"),
        "projects": Place("/"),
        "new-project": Place("/projects/new/"),
        "examples": Place("/projects/examples/"),
        "account": Place("/account/"),
        "tokens-in-use": Place("/account/tokens/", "carol"),
        "tokens": Place("/account/tokens/"),
        "shut-door": Place(f"{path}/settings/", "carol", 403),
        "lost": Place("/p/nowhere/", status=404),
    }


def _rooms(all_of_it: Furnished) -> dict[str, Place]:
    lab = all_of_it.lab
    path, dataset = lab.path, lab.dataset()
    metric = lab.project.metrics.get()
    output, column = metric.output, metric.expected
    return {
        "overview": Place(f"{path}/"),
        "members": Place(f"{path}/members/"),
        "settings": Place(f"{path}/settings/"),
        "spending": Place(f"{path}/spending/"),
        "datasets": Place(f"{path}/datasets/"),
        "new-dataset": Place(f"{path}/datasets/new/"),
        "map": Place(_uploaded(lab)),
        "dataset": Place(f"{path}/datasets/{dataset.pk}/"),
        "rows": Place(f"{path}/datasets/{dataset.pk}/rows/"),
        "add-rows": Place(f"{path}/datasets/{dataset.pk}/rows/add/"),
        "dataset-row": Place(f"{path}/datasets/{dataset.pk}/rows/{_corrected(lab)}/"),
        "dataset-versions": Place(f"{path}/datasets/{dataset.pk}/versions/"),
        "dataset-version": Place(f"{path}/datasets/{dataset.pk}/versions/2/"),
        "corpora": Place(_with_corpus(lab)),
        "metrics": Place(f"{path}/metrics/"),
        "new-metric": Place(f"{path}/metrics/new/"),
        "ready-code": Place(f"{path}/metrics/code/"),
        "metric-of-parts": Place(f"{path}/metrics/{_of_parts(lab, output, column)}/"),
        "metric-from-tests": Place(f"{path}/metrics/from-tests/"),
        "metric": Place(f"{path}/metrics/{metric.pk}/"),
        "providers": Place(f"{path}/providers/"),
        "new-endpoint": Place(f"{path}/providers/new/endpoint/"),
        "new-litellm": Place(f"{path}/providers/new/litellm/"),
        "provider": Place(f"{path}/providers/{lab.provider().pk}/"),
        "provider-of-many-models": Place(f"{path}/providers/{_of_many_models(lab)}/"),
        "installation": Place("/installation/", "olga"),
        "address-to-allow": Place(_with_private_address(lab), "olga"),
        "new-endpoint-by-olga": Place(f"{path}/providers/new/endpoint/", "olga"),
    }


def _corrected(lab: Lab) -> str:
    """The key of a row that was changed in the second version of the dataset."""
    from promptlab.datasets.versions import NewRow, change_row

    row = lab.dataset().examples.all()[0]
    name, said = next(iter(row.inputs.items()))
    told = f"{said} And it has never once been answered, whatever the department says."
    note = "Put right, as the head of the department for complaints had asked us to do in writing"
    change_row(lab.dataset(), row.key, NewRow({name: told}, row.expected), lab.alice, note)
    return row.key


def _of_parts(lab: Lab, output: str, column: str) -> int:
    """A metric of several parts, each of which asks something else."""
    from optimizer.core.metrics import combined
    from optimizer.core.metrics.answer_length import AnswerLength
    from optimizer.core.metrics.exact_match import ExactMatch
    from optimizer.core.metrics.parts import Counts, Part
    from promptlab.metrics.services import create_metric

    parts = (
        Part("Right", ExactMatch(output, column), 2),
        Part("Short", AnswerLength(output, "", most=3), counts=Counts.MUST),
    )
    return create_metric(lab.project, lab.alice, "Right and short", combined(parts)).pk


def _of_many_models(lab: Lab) -> int:
    names = tuple(f"{lab.names.model}-{number:02}" for number in range(60))
    return lab.provider(name="Gateway to many models", models=names).pk


def _with_private_address(lab: Lab) -> str:
    """The providers, one of which nobody has allowed to be called."""
    from optimizer.models import AllowedAddress

    bare = Lab(lab.model_url)
    bare.project.memberships.create(user=lab.olga, role="admin")
    note = "The machine below the stairs, next to the printer of the finance department"
    AllowedAddress.objects.create(host="10.0.0.5/32", note=note, added_by=lab.olga.email)
    bare.provider(name="GPU machine", api_base="http://10.77.0.5:8000/v1")
    return f"{bare.path}/providers/"


def _programs(all_of_it: Furnished) -> dict[str, Place]:
    lab = all_of_it.lab
    room = f"{lab.path}/programs"
    one, broken = f"{room}/{lab.program().pk}", f"{room}/{_broken(lab)}"
    pooled = f"{room}/{_with_a_pool(lab)}"
    ways = {"columns": "columns", "in-steps": "steps", "blank": "blank", "file": "file"}
    new = {
        f"new-{'from-' if name in ('columns', 'file') else ''}{name}": Place(
            f"{room}/new/?from={way}"
        )
        for name, way in ways.items()
    }
    return new | {
        "programs": Place(f"{room}/"),
        "program": Place(f"{one}/"),
        "program-list": Place(f"{one}/?view=list"),
        "program-seen-by-a-viewer": Place(f"{one}/", "carol"),
        "broken-canvas": Place(f"{broken}/?view=graph"),
        "insert-program": Place(f"{one}/insert/"),
        "program-history": Place(_changed(lab, f"{one}/history/")),
        "program-with-a-pool": Place(f"{pooled}/?view=list", "carol"),
        "demos-for-each-input": Place(f"{pooled}/modules/at/classify/demos/"),
        "all-demos": Place(f"{pooled}/modules/at/classify/demos/all/", "carol"),
        "broken-program": Place(f"{broken}/?view=list"),
        "about-program": Place(f"{one}/about/"),
        "inputs": Place(f"{one}/inputs/"),
        "outputs": Place(f"{one}/outputs/"),
        "module": Place(f"{one}/modules/at/classify/"),
        "improve": Place(f"{one}/modules/at/classify/improve/"),
        "agent": Place(f"{room}/{_agent(lab)}/modules/at/find_out/"),
        "demos": Place(f"{one}/modules/at/classify/demos/"),
        "call": Place(f"{one}/calls/at/classify/"),
        "group": Place(f"{room}/{_grouped(lab)}/groups/of/classify/"),
        "new-module": Place(f"{one}/modules/new/"),
        "try": Place(f"{one}/try/"),
        "tried": Place(_tried(lab, f"{one}/try/")),
    }


def _runs(all_of_it: Furnished) -> dict[str, Place]:
    path, open_run, decided = all_of_it.lab.path, all_of_it.open, all_of_it.decided
    race = all_of_it.lab.finished_run(
        optimizer="racing", trials=12, rounds=1, nearest_demos=3
    )  # fmt: skip
    climbed = all_of_it.lab.finished_run(optimizer="opro", trials=2, step_candidates=2)
    found, chosen, seen = _nearest(race)
    mute = all_of_it.lab.start_run(model=desk.SORRY)
    await_run(mute.run, lambda run: run.status == "paused")
    run = f"{path}/runs/{open_run.number}"
    best = open_run.run.best_candidate
    assert best is not None
    three = list(open_run.run.candidates.order_by("number").values_list("number", flat=True))[:3]
    example = open_run.run.validation.examples[0]["id"]
    version = f"{path}/versions/{decided.program_id}/1/"
    return {
        "runs": Place(f"{path}/runs/"),
        "no-run-matches": Place(f"{path}/runs/?status=active"),
        "new-run": Place(f"{path}/runs/new/"),
        "new-run-other-optimizer": Place(f"{path}/runs/new/?optimizer=mipro&effort=custom"),
        "evaluate": Place(f"{path}/runs/evaluate/?run={open_run.number}"),
        "playground": Place(_played(all_of_it.lab, open_run, three[-1])),
        "playground-seen-by-a-viewer": Place(f"{path}/runs/playground/", "carol"),
        "run": Place(f"{run}/"),
        "race": Place(f"{path}/runs/{race.number}/"),
        "race-trials": Place(f"{path}/runs/{race.number}/?trials=all"),
        "run-seen-by-a-viewer": Place(f"{run}/", "carol"),
        "run-unread": Place(f"{path}/runs/{mute.number}/"),
        "demo-set": Place(f"{path}/runs/{race.number}/demo-sets/classify/{found}/"),
        "candidate-demos": Place(f"{run}/candidates/{three[-1]}/demos/classify/"),
        "nearest-candidate": Place(f"{path}/runs/{race.number}/candidates/{chosen}/"),
        "nearest-example": Place(f"{path}/runs/{race.number}/examples/{seen}/?c={chosen}"),
        "version-demos": Place(f"{version}demos/classify/"),
        "chain": Place(_tuned(decided, f"{version}chain/")),
        "version-parity": Place(f"{version}parity/"),
        "candidate": Place(f"{run}/candidates/{three[-1]}/"),
        "edit-candidate": Place(f"{run}/candidates/{three[-1]}/edit/"),
        "score-candidate": Place(f"{run}/candidates/{three[-1]}/score/?test=1"),
        "compare-two": Place(f"{run}/compare/?c=0,{three[-1]}"),
        "across": Place(f"{path}/runs/compare/?c={open_run.number},{race.number},{race.number}.0"),
        "compare-three": Place(f"{run}/compare/?c={','.join(map(str, three))}"),
        "example": Place(f"{run}/examples/{example}/?c=0,{three[-1]}"),
        "try-candidate": Place(f"{run}/candidates/{three[-1]}/try/"),
        "review": Place(_sent(all_of_it, f"{run}/review/{best.number}/")),
        "review-to-send": Place(f"{run}/review/0/"),
        "reviewed": Place(f"{path}/runs/{decided.number}/review/{_best(decided)}/"),
        "versions": Place(f"{path}/versions/"),
        "router": Place(f"{path}/versions/router/{decided.number}/"),
        "board": Place(f"{path}/runs/{climbed.number}/history/"),
        "rewrites": Place(_with_card(decided)),
        "version": Place(version),
        "public-release": Place(_opened(decided), "nobody"),
    }


def _tuned(decided: ProjectRun, path: str) -> str:
    """A chain whose weights are tuned."""
    from optimizer.models import Provider
    from promptlab.releases.models import TunedModel
    from promptlab.reviews.models import Version

    version = Version.objects.get(project_run=decided)
    provider = Provider.objects.filter(namespace=decided.project.namespace).first()
    TunedModel.objects.create(
        version=version, provider=provider, model="scripted-1", note="Two epochs.",
        by=decided.started_by,
    )  # fmt: skip
    return path


def _with_card(decided: ProjectRun) -> str:
    """The library, with a rewriting that was weighed by a run."""
    from optimizer.models import RunEvent
    from promptlab.runs.models import RewriteCard

    told = {
        "project_id": decided.project_id, "task_kind": "choice", "task_text": "classify",
        "model": "scripted-1", "shared": True, "before": "Decide whether the message is spam.",
        "after": "Read the message twice. Say spam where it asks for money or a click.",
        "gain": 0.14, "low": 0.03, "high": 0.25, "n": 60,
    }  # fmt: skip
    card, _made = RewriteCard.objects.update_or_create(  # the approval may have made it
        project_run=decided, candidate=1, module="classify", defaults=told
    )
    last = decided.run.events.order_by("seq").last()
    judged = {"card": str(card.pk), "effect": 0.012, "deviation": 0.009, "n": 5}
    RunEvent.objects.create(
        run=decided.run, seq=last.seq + 1 if last else 1, kind="rewrite_judged",
        data=judged | {"kind": "rewrite_judged"},
    )  # fmt: skip
    return f"/p/{decided.project.slug}/runs/library/"


def _played(lab: Lab, run: ProjectRun, candidate: int) -> str:
    """The playground with as many columns as there can be, one of them edited, all answered."""
    from django.http import QueryDict

    from promptlab.runs.playing import services, typed
    from promptlab.runs.playing.begun import begun
    from promptlab.runs.playing.forms import PlayForm
    from promptlab.ui.parameters import Parameters

    state = QueryDict(mutable=True)
    begun(lab.project, state, Parameters({"add": f"{run.number}.{candidate}"}))
    PlayForm(lab.project, state)
    state["c1-instruction:classify"] += "\n\nAnswer with the name of the team and nothing else."
    typed.arrange(state, "c", [0, 1, 1, 0])
    typed.add_row(state)
    state[f"r3-in-{lab.names.message}"] = "Nobody has answered me for a week, and nobody will"
    form = PlayForm(lab.project, state)
    assert form.is_valid(), form.faults
    play = services.start(lab.project, lab.alice, services.plan_of(form), state)
    typed.keep(lab.project, lab.alice, state)
    for part in play.parts.all():
        await_run(part.run, lambda each: each.ended)
    return f"{lab.path}/runs/playground/"


def _opened(decided: ProjectRun) -> str:
    """Its version's page for people outside."""
    from promptlab.releases import public

    version = decided.versions.get()
    page = public.open_page(version, version.approved_by, prompts=True, demos=True)
    return f"/released/{page.key}/"


def _sent(all_of_it: Furnished, page: str) -> str:
    """A packet that is commented on, and asks for what was requested."""
    from promptlab.reviews import packets, services

    lab, run = all_of_it.lab, all_of_it.open
    best = run.run.best_candidate
    assert best is not None
    reviewer = lab.person("rosalind.featherstonehaugh", "reviewer")
    services.request_changes(run, best, reviewer, "Say what to do with two teams at once.")
    for key in run.dataset.examples.values_list("key", flat=True) if run.dataset else ():
        run.dataset.protected.create(key=key, by=lab.alice)  # type: ignore[union-attr]
    packet = packets.send(run, best, lab.alice, "It names both teams now.", reviewer)
    for name in packet.evidence.changed[:1]:
        packets.comment(
            packet, name, 1, "Is this word needed, @rosalind.featherstonehaugh?", lab.alice
        )
    return page


def _with_a_pool(lab: Lab) -> int:
    """A program that shows each input the demos most like it."""
    from optimizer.core.demos.pools import pool_of_labels
    from optimizer.core.programs.demo import Choosing, NearestDemos
    from promptlab.datasets.queries import examples
    from promptlab.programs.services import create_program

    core = lab.program().core
    module = core.module("classify")
    pool = pool_of_labels(core, module, examples(lab.dataset(), "train"), {})
    label = module.signature.outputs[0].name
    demos = NearestDemos(4, pool, Choosing.BALANCED, label, fixed=pool.demos[:1])
    modules = (replace(m, demos=demos) if m is module else m for m in core.modules)
    core = replace(core, modules=tuple(modules))
    return create_program(lab.project, lab.alice, "Triage by likeness", core).pk


def _grouped(lab: Lab) -> int:
    """A program whose steps are folded into a group."""
    from promptlab.programs.services import create_program

    core = lab.program().core
    core = replace(core, calls=tuple(replace(call, group="Triage") for call in core.calls))
    return create_program(lab.project, lab.alice, "Triage in a group", core).pk


def _nearest(race: ProjectRun) -> tuple[int, int, str]:
    """A demo set that is chosen for each input, a candidate that has it, an example of it."""
    sets = race.run.events.filter(kind="demo_set_found", data__demos__has_key="pool")
    number = sets.order_by("seq").values_list("data__index", flat=True)[0]
    chosen = race.run.candidates.filter(choice__contains={"classify:demos": number}).first()
    trial = chosen.trials.exclude(exchange=None).first()
    return number, chosen.number, trial.exchange.outcomes.values_list("example", flat=True)[0]


def _empty(all_of_it: Furnished) -> dict[str, Place]:
    bare = Lab(all_of_it.lab.model_url)
    bare.project.memberships.create(user=all_of_it.lab.alice, role="admin")
    rooms = ("datasets", "programs", "metrics", "runs", "versions")
    return {f"empty-{room}": Place(f"{bare.path}/{room}/") for room in rooms} | {
        "empty-overview": Place(f"{bare.path}/"),
        "new-run-without-anything": Place(f"{bare.path}/runs/new/"),
    }


def _grading(all_of_it: Furnished) -> dict[str, Place]:
    """A judge that was measured, a queue that two people graded, and a rule that spoke."""
    from optimizer.core.metrics.feedback import FeedbackRule, Sign
    from promptlab.grading import queues
    from promptlab.grading.models import Queue
    from promptlab.metrics.feedback import set_rules

    lab, run = all_of_it.lab, all_of_it.decided
    output = next(iter(run.program.core.outputs))
    wish = queues.Wish(Queue.Way.GRADE, output, candidates=(0, _best(run)), examples=6)
    queue = queues.begin(run, wish, lab.alice)
    for item in queue.items.all():
        queues.give(item, lab.alice, "good", "It says what was asked, and nothing besides.")
        queues.give(item, lab.person("carol", "viewer"), "poor" if item.position == 1 else "good")
    pairs = queues.Wish(Queue.Way.COMPARE, output, candidates=(0, _best(run)))
    compared = queues.begin(run, pairs, lab.alice)
    rule = FeedbackRule(Sign.LACKS, output, "Name the team that can end the trouble.", "[a-z]+")
    set_rules(run.program, [rule])
    judge = _judge(lab, output, queue)
    grading = f"{lab.path}/runs/{run.number}/grading/"
    return {
        "judge": Place(f"{lab.path}/metrics/{judge}/"),
        "judge-measured": Place(f"{lab.path}/metrics/{judge}/judge/"),
        "feedback-rules": Place(f"{lab.path}/programs/{run.program_id}/feedback/"),
        "queues": Place(grading),
        "queue": Place(f"{grading}{compared.pk}/"),
    }


def _judge(lab: Lab, output: str, queue: Queue) -> int:
    """A metric by which a model judges, measured by what people graded."""
    from optimizer.core.metrics.llm_judge import LlmJudge
    from optimizer.core.programs.lm import OwnModel
    from promptlab.grading import labels, measured, queues
    from promptlab.grading.models import JudgeLabels
    from promptlab.metrics.services import create_metric

    own = OwnModel(lab.provider().pk, lab.names.model)
    core = LlmJudge(output, "", model=own, rubric="Is the team right?", levels=queues.LEVELS)
    metric = create_metric(lab.project, lab.alice, "Right team, as a model sees it", core)
    known = JudgeLabels.objects.create(metric=metric, queue=queue)
    found = labels.labelled(known, core)
    measured.ask(lab.project, core, found)
    for judging in measured.measured(lab.project, core, found).judgings:
        assert judging.run is not None
        await_run(judging.run, lambda run: run.ended)
    return metric.pk


def _best(project_run: ProjectRun) -> int:
    best = project_run.run.best_candidate
    assert best is not None
    return best.number


def _agent(lab: Lab) -> int:
    """A program whose only step has a tool of each kind."""
    from promptlab.programs.services import create_program
    from tests.fakes.agents import asking

    return create_program(lab.project, lab.alice, "Find out", asking()).pk


def _with_corpus(lab: Lab) -> str:
    from optimizer.retrieval import corpora

    columns = ["title", "the passage as it stands in the handbook of the department"]
    rows = [["Parcels", "They arrive within three days."], ["Refunds", "They take two weeks."]]
    name = "Handbook of the customer service department, edition of spring"
    corpora.store(lab.project.namespace, name, columns, rows)
    return f"{lab.path}/programs/corpora/"


def _uploaded(lab: Lab) -> str:
    """The page on which an uploaded file waits for its columns."""
    file = io.BytesIO(desk.as_csv(12))
    file.name = "more.csv"
    return str(_client(lab)(f"{lab.path}/datasets/new/", {"file": file}))


def _tried(lab: Lab, path: str) -> str:
    """The page of an example that was tried."""
    message, _label = desk.messages(1)[0]
    value = f"{lab.provider().pk}:{lab.names.model}"
    return str(_client(lab)(path, {f"in-{lab.names.message}": message, "model": value}))


def _changed(lab: Lab, path: str) -> str:
    """The history of the program, with what differs between the first change and the last."""
    from promptlab.programs import services

    program = lab.program()
    module = program.core.modules[0]
    told = replace(module, description="Sorts what comes in by who can end the trouble.")
    core = replace(program.core, modules=(told, *program.core.modules[1:]))
    services.save_definition(program, core, program.revision, lab.alice)
    last, first = program.changes.all()
    return f"{path}?from={first.pk}&to={last.pk}"


def _broken(lab: Lab) -> int:
    """A program whose call lacks a connection, as drafts may."""
    from dataclasses import replace

    from promptlab.programs.services import create_program

    core = lab.program().core
    calls = tuple(replace(call, inputs={}) for call in core.calls)
    return create_program(lab.project, lab.alice, "Draft", replace(core, calls=calls)).pk


def _client(lab: Lab) -> Callable[[str, dict[str, object]], str]:
    """Posts a form as alice; returns where it leads."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(lab.alice, backend="django.contrib.auth.backends.ModelBackend")

    def posted(path: str, data: dict[str, object]) -> str:
        answer = client.post(path, data)
        assert answer.status_code == 302, answer.content[:3000]
        return str(answer["Location"])

    return posted
