"""A project with data, program, metric and model, and runs played in it by a rule.

The conversation is the optimizer's own and the rows are the recorder's own: only the replies are
made up, so that pages can be looked at with rows as they really are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from optimizer import codec
from optimizer.core.conversation.events import Event, FullScored, MinibatchScored
from optimizer.core.conversation.requests import Ask, BudgetSpent, Evaluate, Request
from optimizer.core.conversation.spec import Effort, Limits, ModelRef, RunSpec, Settings
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.optimizers import optimizer_named
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import most_shown
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply, Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.datasets.columns import Role as ColumnRole
from optimizer.datasets.columns import Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Provider, Run, Trial
from optimizer.running import snapshots
from optimizer.running.evaluator import Open
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.recorder import Recorder
from optimizer.running.unread import STOP_REASON, unread_in
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.services import import_dataset
from promptlab.metrics.models import Metric
from promptlab.metrics.services import create_metric
from promptlab.programs.models import Program as ProgramRow
from promptlab.programs.services import create_program
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import services
from promptlab.runs.starting.planning import RunRequest, look_at
from tests.evaluations import with_check
from tests.fakes.random_search import RandomSearch
from tests.fakes.rewriting import rewritten
from tests.fakes.steps import held
from tests.fakes.world import chance
from tests.promptlab.runs import played

INTENTS = ("refund", "exchange", "delivery", "account", "other")
SAYINGS = {
    "refund": [
        "I want my money back for order {n}", "二重に請求されています。注文{n}",
        "Please refund item {n}",
    ],
    "exchange": ["Can I swap number {n} for a larger one?", "注文{n}のサイズを交換したいです。"],
    "delivery": [
        "Parcel {n} says delivered, nothing here", "Where is my order {n}?",
        "荷物{n}はどこですか。",
    ],
    "account": ["Change the e-mail on account {n}", "Charge on my card {n} looks wrong"],
    "other": ["Do you sell gift cards? Ticket {n}", "Your shop {n} was closed <b>today</b> & now?"],
}  # fmt: skip
PROPOSALS = (
    "You are a support triage lead. Read the customer message and name its primary intent, even "
    "when several requests are mixed.\n\nReturn exactly one of the choices. If the message "
    "mentions both money and a parcel, prefer delivery unless a refund is asked for in words.",
    "あなたはサポート窓口の責任者です。お客様のメッセージを読み、主な意図をひとつだけ選んでください。",
    "Name the intent of the message. Think of what the customer wants to have done, not of what "
    "they complain about.",
    "Look for the verb that says what the customer wants, then decide.",
)


def made_otherwise(rows: QuerySet[DatasetExample], **values: Any) -> None:
    """Rows as if they had always been so, in the version that there is."""
    found = list(rows)
    rows.model.of_all_versions.filter(pk__in=[row.pk for row in found]).delete()
    for row in found:
        row.pk = None
        for name, value in values.items():
            setattr(row, name, value)
    DatasetExample.objects.bulk_create(found)


@dataclass(frozen=True)
class Scene:
    project: Project
    by: User
    program: ProgramRow
    dataset: Dataset
    metric: Metric
    provider: Provider

    def run_request(self, **changes: Any) -> RunRequest:
        """A light MIPRO run, small enough to play in a moment."""
        task = ModelRef(self.provider.pk, "scripted-1")
        settings = Settings(
            effort=Effort.CUSTOM, instructions=4, demo_sets=4, max_bootstrapped_demos=2,
            max_labeled_demos=1, trials=12, minibatch_size=10, full_every=4, max_validation=40,
        )  # fmt: skip
        wished = RunRequest(
            self.program, self.dataset, self.metric, "mipro", Effort.CUSTOM, settings,
            {Role.TASK: task, Role.OPTIMIZER: task}, Limits(5000, 2_000_000), seed=7,
        )  # fmt: skip
        return replace(wished, **changes)

    def start(self, **changes: Any) -> ProjectRun:
        look = look_at(self.project, self.run_request(**changes))
        return services.start_run(self.project, self.by, look)


def triage() -> Program:
    """A chain of thought finds the clues, a second module chooses the intent."""
    message = Field("message", description="what the customer wrote")
    clues = ChainOfThought(
        "find_clues",
        Signature((message,), (Field("clues"),), "List what the {message} is about."),
    )
    classify = Predict(
        "classify_intent",
        Signature(
            (message, Field("clues")),
            (Field("intent", FieldType.CHOICE, choices=INTENTS),),
            "Read the customer message and classify the intent.\n\nAnswer with the label only.",
        ),
    )
    return Program(
        "Support triage",
        (message,),
        (clues, classify),
        (
            Call("find_clues", "find_clues", {"message": "input.message"}),
            Call(
                "classify_intent",
                "classify_intent",
                {"message": "input.message", "clues": "find_clues.clues"},
            ),
        ),
        {"intent": "classify_intent.intent"},
    )


def rows(count: int) -> list[dict[str, str]]:
    found = []
    for n in range(count):
        intent = INTENTS[n % len(INTENTS)]
        said = SAYINGS[intent][n // len(INTENTS) % len(SAYINGS[intent])]
        found.append({"message": said.format(n=1000 + n), "intent": intent})
    return found


def set_scene(project: Project, by: User, examples: int = 100) -> Scene:
    """Everything a run needs."""
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows(examples))
    dataset = import_dataset(
        project, by, "tickets-2k", BytesIO(lines.encode()),
        Mapping(
            (
                Use("message", ColumnRole.INPUT, "message"),
                Use("intent", ColumnRole.EXPECTED, "intent", FieldType.CHOICE, INTENTS),
            ),
            SplitPlan(40, 40, 20, seed=1),
        ),
        source_name="tickets.jsonl",
    )  # fmt: skip
    provider = Provider.objects.create(
        namespace=project.namespace, name="Scripted", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:1/v1", models_offered=["scripted-1", "scripted-2"],
        input_price=1_000_000, output_price=2_000_000,
    )  # fmt: skip
    with_check(provider, model="scripted-1", seconds=0.4)
    return Scene(
        project,
        by,
        create_program(project, by, "Support triage", triage()),
        dataset,
        create_metric(
            project, by, "Intent match",
            ChoiceAccuracy("intent", "intent"),
        ),
        provider,
    )  # fmt: skip


class _Enough(Exception):
    """As many trials as were wished are scored."""


def play(project_run: ProjectRun, until: int | None = None, calls: int | None = None) -> ProjectRun:
    """Carry a queued run to its end, or until so many trials are scored; `calls` is its cap."""
    run = Run.objects.select_related("train", "validation", "test").get(pk=project_run.run_id)
    player = _Player(run, until, calls)
    if run.beside_id is not None:  # what it finds joins another run, which no copy of it would
        _play(run, player)
    else:
        key = (played.alike(player.spec), until, calls)
        played.once(run, key, lambda: _play(run, player))
    return ProjectRun.objects.select_related("run").get(pk=project_run.pk)


def _play(run: Run, player: _Player) -> None:
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.RUNNING, started_at=timezone.now(), heard_at=timezone.now()
    )
    player.recorder.baseline(baseline_of(player.spec.program))
    try:
        result = player.hold()
    except _Enough:
        pass
    else:
        player.recorder.finished(result)
    Run.objects.filter(pk=run.pk).update(
        used_calls=player.calls, used_cost=player.cost, used_tokens=player.tokens,
        reused_calls=player.calls // 3,
    )  # fmt: skip
    spread_out(run)


def say_nothing(project_run: ProjectRun, said: str = "I cannot help with that.") -> ProjectRun:
    """Carry a queued run to where it waits, as none of its baseline's replies can be read."""
    run = Run.objects.select_related("train", "validation", "test").get(pk=project_run.run_id)
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now(), heard_at=timezone.now())
    player = _Player(run, None, None, said)
    player.recorder.baseline(baseline_of(player.spec.program))
    try:
        player.hold()
    except Interruption as reason:
        player.recorder.left(Run.Status.PAUSED, STOP_REASON, reason.told)
    return ProjectRun.objects.select_related("run").get(pk=project_run.pk)


def spread_out(run: Run, seconds: float = 6.0) -> None:
    """Trials as if each had taken a while, the last one just now."""
    trials = list(Trial.objects.filter(run=run, scored_at__isnull=False).order_by("-number"))
    end = timezone.now()
    for trial in trials:
        took = timedelta(seconds=seconds * (4 if trial.full else 1))
        Trial.objects.filter(pk=trial.pk).update(started_at=end - took, scored_at=end)
        end -= took
    Run.objects.filter(pk=run.pk).update(started_at=end)


class _Player:
    def __init__(self, run: Run, until: int | None, cap: int | None, said: str = "") -> None:
        self.run, self.until, self.cap, self.said = run, until, cap, said
        self.spec: RunSpec = snapshots.thaw(run)
        self.recorder = Recorder(run)
        self.calls = self.cost = self.tokens = self.trials = self.asked = 0

    def hold(self) -> Any:
        optimizer = optimizer_named(self.spec.optimizer)
        conversation = optimizer.converse(self.spec, RandomSearch)
        step: Any = next(conversation)
        while True:
            try:
                if isinstance(step, Evaluate | Ask | tuple):
                    try:
                        step = conversation.send(self.answer(step))
                    except BudgetSpent as spent:
                        step = conversation.throw(spent)
                else:
                    self.announce(step)
                    step = conversation.send(None)
            except StopIteration as end:
                return end.value

    def announce(self, event: Event) -> None:
        self.recorder.event(event)
        if isinstance(event, MinibatchScored | FullScored):
            self.trials += event.number > 0
            if self.until is not None and self.trials >= self.until:
                raise _Enough

    def answer(self, step: Request | tuple[Request, ...]) -> Any:
        requests = step if isinstance(step, tuple) else (step,)
        opened = [self.recorder.open(request) for request in requests]
        if self.cap is not None and self.calls >= self.cap:
            self.recorder.refused(opened, "budget")
            raise BudgetSpent()
        for entry in opened:
            self.fill(entry)
        found = unread_in([o for e in opened for o in e.known.values()]) if self.said else None
        self.recorder.answered(opened)
        if found:
            raise Interruption(Why.UNREADABLE, found.problem())
        answers = tuple(entry.answer() for entry in opened)
        return answers if isinstance(step, tuple) else answers[0]

    def fill(self, entry: Open) -> None:
        request = entry.request
        if isinstance(request, Ask):
            said = (prompt.messages[-1].content for prompt in request.prompts)
            entry.replies = tuple(rewritten(text) or self.propose() for text in said)
            return
        for position, example in enumerate(request.examples):
            entry.known[position] = self.outcome(request.candidate, example)
        OutcomeRow.objects.bulk_create(
            OutcomeRow(
                exchange_id=entry.exchange, position=position, example=outcome.example_id,
                score=outcome.score.value if outcome.score else None, error=outcome.error,
                data=codec.to_json(outcome),
            )
            for position, outcome in entry.known.items()
        )  # fmt: skip

    def propose(self) -> str:
        self.asked += 1
        self.calls += 1
        text = PROPOSALS[self.asked % len(PROPOSALS)]
        return text if self.asked < len(PROPOSALS) * 2 else f"{text} Take note {self.asked}."

    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        if chance("lost", candidate.digest, example.id) < 0.004:
            return Outcome(example.id, None, {}, (), "The provider did not answer in 60 s.")

        def answer(prompt: Prompt) -> Reply:
            return self.reply(candidate, example, prompt)

        prediction = held(predict(self.spec.program, candidate, example.inputs), answer)
        return held(judged(self.spec.metric, example, prediction), answer)

    def reply(self, candidate: Candidate, example: Example, prompt: Prompt) -> Reply:
        assert prompt.schema is not None
        values: dict[str, Any] = {}
        for name, schema in prompt.schema["properties"].items():
            expected = example.expected.get(name)
            values[name] = self.value(candidate, example, schema, expected)
        text = self.said or json.dumps(values, ensure_ascii=False)
        said = sum(len(m.content) for m in prompt.messages) // 4
        cost = said + 2 * 20
        self.calls, self.cost, self.tokens = self.calls + 1, self.cost + cost, self.tokens + said
        return Reply(text, said, 20, cost, 0.3 + 0.6 * chance(text, example.id))

    def value(
        self, candidate: Candidate, example: Example, schema: dict[str, Any], expected: Any
    ) -> Any:
        if "enum" not in schema:
            words = str(next(iter(example.inputs.values()))).split()
            return f"It speaks of {' '.join(words[:4])}."
        if luck(candidate, example) < skill(candidate):
            return expected
        others = [choice for choice in schema["enum"] if choice != expected]
        return others[int(chance(example.id) * len(others))]


def skill(candidate: Candidate) -> float:
    """Demos help, and longer instructions do, a little."""
    demos = sum(most_shown(p.demos) for p in candidate.modules.values())
    words = sum(len(p.instruction) for p in candidate.modules.values())
    return 0.52 + 0.03 * min(demos, 4) + min(words, 700) / 6000


def luck(candidate: Candidate, example: Example) -> float:
    """Mostly the example's own difficulty, a little the candidate's."""
    return 0.65 * chance("hard", example.id) + 0.35 * chance(candidate.digest, example.id)
