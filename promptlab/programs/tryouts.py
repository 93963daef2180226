"""Trying a program on one example, and showing what was said on the way.

A try-out is a run that evaluates one candidate on one example. The page of a program and the page
of a candidate use the same: `start_tryout` here, and the partial `programs/_tryout.html` for what
`shown` returns, which its socket (`LiveTryout`) draws again while it waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import Limits, ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.optimizers.estimate import tokens_of
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import Demo, NearestDemos, PooledDemo, fixed_of, most_shown
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.render import input_text
from optimizer.core.programs.signature import NULL, FieldType, Value, written
from optimizer.jobs import evaluations
from optimizer.lm.kept_vectors import answered_by_kept
from optimizer.models import Run
from optimizer.running import snapshots
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.programs.forms.trying import TYPED
from promptlab.programs.kinds import KINDS
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.progress import StepNow, progress, step_of
from promptlab.programs.wires import outputs_in_order
from promptlab.ui.parameters import Parameters

PATIENCE = timedelta(seconds=15)
"""How long a page waits before it asks whether a worker is running."""


@dataclass(frozen=True)
class ShownValue:
    """One typed value, and what was expected instead ("" where nothing is known)."""

    name: str
    type: FieldType
    value: Value
    expected: Value = None
    nullable: bool = False

    @property
    def told(self) -> str:
        return NULL if self.value is None else written(self.value)

    @property
    def expected_told(self) -> str:
        return NULL if self.expected is None else written(self.expected)

    @property
    def differs(self) -> bool:
        """Whether something else is known to have been expected."""
        known = self.expected is not None or self.nullable
        return known and self.expected_told != self.told


@dataclass(frozen=True)
class ShownCall:
    """One call: every message that was said, and how the reply was read.

    `cost` is in micro-USD, `seconds` the time of the reply, `cached` when it cost nothing now.
    """

    name: str
    module: str
    kind: ModuleKind
    used: Module
    messages: tuple[Message, ...]
    reply: str
    outputs: tuple[ShownValue, ...]
    problem: str
    prompt_tokens: int
    completion_tokens: int
    cost: int
    seconds: float
    cached: bool
    demos: tuple[Demo, ...] = ()
    """Demos that were chosen for this input, and the fixed ones before them; () where all are."""
    made: bool = True
    """False where its condition did not hold, or what it needs was not made."""
    turn: bool = False
    """A turn on the way to the answer, which shows all that was said."""
    kept: bool = False
    """Whether it was not made this time: its values are those of the try before."""

    @property
    def rows(self) -> list[str]:
        """Ids of the training rows in the pool that were shown, the best match last."""
        return [demo.example for demo in self.demos if isinstance(demo, PooledDemo)]

    @property
    def transcript(self) -> list[dict[str, object]]:
        """Messages and reply for parts/transcript.html; none where no model was asked."""
        said = self._said
        if not said and not self.turn:
            return []
        meta = _("the reply, as it came")
        failed = bool(self.problem)
        return [*said, {"role": "assistant", "content": self.reply, "meta": meta, "failed": failed}]

    @property
    def _said(self) -> list[dict[str, object]]:
        """The messages; those that show a demo say which row of the pool it is."""
        said: list[dict[str, object]] = []
        waiting = list(self.demos)
        for message in self.messages:
            told: dict[str, object] = {"role": message.role, "content": message.content}
            if waiting and message.content == input_text(self.used, waiting[0].values):
                told["meta"] = _demo_note(len(self.demos) - len(waiting) + 1, waiting.pop(0))
            said.append(told)
        return said


@dataclass(frozen=True)
class ShownTryout:
    """What a page shows of a tryout. `stopping`: it waits only for what was sent already. `score`
    is None where no metric was asked for; what the provider `said` is only for who may edit
    providers.
    """

    id: int
    waiting: bool
    stopping: bool
    stopped: bool
    problem: str
    said: str
    overdue: bool
    example: Example
    model: str
    calls: tuple[ShownCall, ...]
    outputs: tuple[ShownValue, ...]
    score: Score | None
    tokens: int
    cost: int
    seconds: float
    steps: tuple[StepNow, ...] = ()
    """Steps that have begun, with what they gave."""

    @property
    def state(self) -> str:
        return "waiting" if self.waiting else "failed" if self.problem else "done"

    @property
    def failure(self) -> str:
        """What a problem comes to, in a few words."""
        answered = _("The model gave no answer.")
        return answered if self.calls else _("The model could not be asked.")

    @property
    def typed(self) -> dict[str, str]:
        """The values that were typed for it, by the fields of its form; none of a dataset."""
        given = self.example.inputs if self.example.id == TYPED else {}
        return {f"in-{name}": written(value) for name, value in given.items()}

    @property
    def unread(self) -> str:
        """Which reply could not be read, "" when all were."""
        return next((f"{c.name}: {c.problem}" for c in self.calls if c.problem), "")


def start_tryout(
    project: Project,
    program: Program,
    model: ModelRef,
    example: Example,
    metric: Metric | None = None,
    candidate: Candidate | None = None,
    kept: tuple[CallTrace, ...] = (),
) -> Run:
    """Ask a worker to run the program (or a candidate of it) on one example. Calls that are `kept`
    are not made: they give what they gave.

    Raises:
        Refused: the program has problems, or the metric does not fit it.
    """
    return start_tryouts(project, program, model, (example,), metric, candidate, kept=kept)


def start_tryouts(
    project: Project,
    program: Program,
    model: ModelRef,
    examples: tuple[Example, ...],
    metric: Metric | None = None,
    candidate: Candidate | None = None,
    limits: Limits | None = None,
    kept: tuple[CallTrace, ...] = (),
) -> Run:
    """The same on several examples, whose ids differ, within `limits`.

    Raises:
        Refused: the program has problems, or the metric does not fit it.
    """
    problems = program.problems()
    if metric is not None:
        for example in examples:
            problems += metric.problems(program, set(example.expected))
    if problems:
        raise Refused(problems[0])
    spec = EvaluationSpec(
        program, (candidate or baseline_of(program),), (model,), Purpose.TRYOUT, project.namespace,
        examples, metric, limits or Limits(), kept=kept,
    )  # fmt: skip
    return evaluations.start(spec)


def tryout_of(project: Project, pk: int) -> Run | None:
    """The run of a try-out of this project."""
    asked = Run.objects.filter(namespace=project.namespace, task=Run.Task.EVALUATE)
    return asked.filter(spec__purpose=Purpose.TRYOUT, pk=pk).first()


def asked_for(project: Project, asked: Parameters) -> ShownTryout | None:
    """The try-out that an address names."""
    number = asked.number("tryout")
    run = None if number is None else tryout_of(project, number)
    return None if run is None else shown(run)


def shown(run: Run) -> ShownTryout:
    """A try-out with its messages written again as they were said."""
    return shown_each(run)[0]


def shown_each(run: Run) -> tuple[ShownTryout, ...]:
    """The same of one with several examples, one each."""
    spec = snapshots.thawed(run, EvaluationSpec)
    known = evaluations.answers_of(run)
    return tuple(_shown(run, spec, one, known.get(at)) for at, one in enumerate(spec.examples))


def _shown(
    run: Run, spec: EvaluationSpec, example: Example, outcome: Outcome | None
) -> ShownTryout:
    (candidate,), (model,) = spec.candidates, spec.task_models
    trace = outcome.trace if outcome else ()
    problem = outcome.error if outcome else sentence(run.message)
    is_alone = len(spec.examples) == 1
    if outcome is None and not problem and run.status == Run.Status.FINISHED:
        problem = _("The cap was reached before this was asked. Raise it, and run it again.")
    return ShownTryout(
        id=run.pk,
        waiting=run.active and (is_alone or outcome is None),
        stopping=run.active and run.wish == Run.Wish.CANCEL,
        stopped=run.status == Run.Status.CANCELLED,
        problem=problem,
        said=run.said or (outcome.said if outcome else ""),
        overdue=run.active and timezone.now() - run.created_at > PATIENCE,
        example=example,
        model=model.model,
        calls=tuple(
            _kept_call(spec.program, call)
            if call in spec.kept
            else shown_call(spec.program, candidate, call, example.inputs, spec.namespace)
            for call in trace
        ),
        outputs=_outputs(spec, outcome, example) if outcome else (),
        score=outcome.score if outcome and spec.metric else None,
        tokens=outcome.tokens if outcome else 0,
        cost=outcome.cost if outcome else 0,
        seconds=outcome.seconds if outcome else 0.0,
        steps=_steps(run, spec, trace, problem) if is_alone else (),
    )


def _steps(
    run: Run, spec: EvaluationSpec, trace: tuple[CallTrace, ...], error: str
) -> tuple[StepNow, ...]:
    """Steps that have begun; where the model could not be asked, it was for those that wait."""
    (example,), (candidate,) = spec.examples, spec.candidates
    if run.active or (error and not trace):
        begun = progress(run, spec.program, candidate, example.inputs, spec.kept)
        fail = error and not run.active
        return tuple(
            replace(step, now="failed", problem=error) if fail and step.now == "running" else step
            for step in begun
        )
    return tuple(step_of(call) for call in trace if call.made and (call.problem or not call.turn))


def shown_call(
    program: Program,
    candidate: Candidate,
    call: CallTrace,
    given: Mapping[str, Value],
    namespace: str,
) -> ShownCall:
    """One call of a trace, with its messages written again; `given` is the program's input. Demos
    that were chosen by vectors which are not kept any more are left out.
    """
    module, used = program.module(call.module), candidate.modules[call.module]
    steps = used.for_input(call.inputs, program.key_of(given))
    prompt = answered_by_kept(steps, namespace) or replace(used, demos=fixed_of(used.demos))
    messages = module.messages(prompt, call.inputs) if call.made and not call.turn else ()
    chosen = isinstance(candidate.modules[call.module].demos, NearestDemos)
    return ShownCall(
        call.call, call.module, KINDS[module.kind], module, messages, call.reply,
        _given(module, call), call.problem, call.prompt_tokens,
        call.completion_tokens, call.cost, call.seconds,
        call.cached, fixed_of(prompt.demos) if chosen else (), call.made, call.turn,
    )  # fmt: skip


def _given(module: Module, call: CallTrace) -> tuple[ShownValue, ...]:
    """What a call gave, field by field; of a turn what there is of its parts."""
    if call.turn:
        told = ((name, value) for name, value in call.outputs.items() if value)
        return tuple(ShownValue(n, _TYPES.get(type(v), FieldType.TEXT), v) for n, v in told)
    return tuple(
        ShownValue(field.name, field.type, call.outputs[field.name])
        for field in module.reply_fields
        if field.name in call.outputs
    )


_TYPES: dict[type, FieldType] = {dict: FieldType.OBJECT, list: FieldType.LIST}


def _kept_call(program: Program, call: CallTrace) -> ShownCall:
    """A call that was made in an earlier try, whose prompt may be another one by now."""
    module = program.module(call.module)
    return ShownCall(
        call.call, call.module, KINDS[module.kind], module, (), call.reply, _given(module, call),
        "", 0, 0, 0, 0.0, cached=True, made=call.made, kept=True,
    )  # fmt: skip


def _demo_note(number: int, demo: Demo) -> str:
    if not isinstance(demo, PooledDemo):
        return _("demo %(n)s, always shown") % {"n": number}
    if not demo.example:
        return _("demo %(n)s, of the pool") % {"n": number}
    return _("demo %(n)s, row %(row)s of the pool") % {"n": number, "row": demo.example}


def as_sent(module: Module) -> list[dict[str, object]]:
    """A module's prompt as it stands, for parts/transcript.html; … is where the values go. Demos
    that are chosen for each input are told, as there is no input.
    """
    values: dict[str, Value] = {field.name: "…" for field in module.signature.inputs}
    prompt = ModulePrompt(module.signature.instruction, fixed_of(module.demos))
    messages = module.messages(prompt, values)
    sent: list[dict[str, object]] = [{"role": m.role, "content": m.content} for m in messages]
    if not isinstance(module.demos, NearestDemos) or not sent:
        return sent
    chosen = most_shown(module.demos) - len(fixed_of(module.demos))
    told = ngettext("%d demo chosen for each input", "%d demos chosen for each input", chosen)
    return [*sent[:-1], {"role": "demos", "content": told % chosen}, sent[-1]]


def tokens_of_prompt(module: Module) -> int:
    """About how many tokens a module's prompt has without the values of an example."""
    prompt = ModulePrompt(module.signature.instruction, fixed_of(module.demos))
    return tokens_of(module, prompt, {field.name: "" for field in module.signature.inputs})


class LiveTryout(LivePage):
    """A try-out's result, wherever it is shown."""

    gather = 0.1

    def __init__(self, project: Project, tryout: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._pk = project, tryout
        self._shown: ShownTryout | None = None

    def rings(self) -> list[Ring]:
        return [("run", self._run().pk)]

    @property
    def goes_on(self) -> bool:
        """While it waits: also that nothing has come for a while is told."""
        return self._shown is None or self._shown.waiting

    def read(self, role: Role) -> dict[str, Any]:
        self._shown = shown(self._run())
        return {
            "project": self._project,
            "tryout": self._shown,
            "can_edit": role.at_least(Role.EDITOR),
            "can_administer": role.at_least(Role.ADMIN),
        }

    def parts(self) -> dict[str, str]:
        return {f"tryout-{self._pk}": "programs/_tryout.html"}

    def _run(self) -> Run:
        run = tryout_of(self._project, self._pk)
        if run is None:
            raise Http404("There is no such try in this project.")
        return run


def _outputs(spec: EvaluationSpec, outcome: Outcome, example: Example) -> tuple[ShownValue, ...]:
    program, metric = spec.program, spec.metric
    expected = dict(example.expected)
    if metric is not None:
        expected |= {o: example.expected.get(c) for o, c in metric.columns.items()}
    fields = program.output_fields()
    return tuple(
        ShownValue(
            name, fields[name].type, outcome.outputs[name], expected.get(name),
            nullable=fields[name].nullable and name in expected,
        )
        for name, _source in outputs_in_order(program)
        if name in outcome.outputs
    )  # fmt: skip
