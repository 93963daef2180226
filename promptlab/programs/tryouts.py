"""Trying a program on one example, and showing what was said on the way.

The page of a program and the page of a candidate use the same: `start_tryout` here, the partial
`programs/_tryout.html` for what `shown` returns, and its address to ask again while it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from optimizer import codec
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.jobs import tryouts
from optimizer.models import Tryout
from promptlab.accounts.models import Project
from promptlab.programs.kinds import KINDS
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.wires import outputs_in_order

PATIENCE = timedelta(seconds=15)
"""How long a page waits before it asks whether a worker is running."""


@dataclass(frozen=True)
class ShownValue:
    """One typed value, and what was expected instead ("" where nothing is known)."""

    name: str
    type: FieldType
    value: Value
    expected: Value = None

    @property
    def told(self) -> str:
        return written(self.value)

    @property
    def expected_told(self) -> str:
        return written(self.expected)


@dataclass(frozen=True)
class ShownCall:
    """One call: every message that was said, and how the reply was read.

    `cost` is in micro-USD, `seconds` the time of the reply, `cached` when it cost nothing now.
    """

    name: str
    module: str
    kind: ModuleKind
    messages: tuple[Message, ...]
    reply: str
    outputs: tuple[ShownValue, ...]
    problem: str
    prompt_tokens: int
    completion_tokens: int
    cost: int
    seconds: float
    cached: bool

    @property
    def transcript(self) -> list[dict[str, object]]:
        """Messages and reply for parts/transcript.html."""
        said: list[dict[str, object]] = [
            {"role": m.role, "content": m.content} for m in self.messages
        ]
        meta = _("the reply, as it came")
        failed = bool(self.problem)
        return [*said, {"role": "assistant", "content": self.reply, "meta": meta, "failed": failed}]


@dataclass(frozen=True)
class ShownTryout:
    """What a page shows of a tryout. `score` is None where no metric was asked for; what the
    provider `said` is only for who may edit providers.
    """

    id: int
    state: Tryout.State
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

    @property
    def waiting(self) -> bool:
        return self.state == Tryout.State.WAITING

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
) -> Tryout:
    """Ask a worker to run the program (or a candidate of it) on one example.

    Raises:
        Refused: the program has problems, or the metric does not fit it.
    """
    problems = program.problems()
    if metric is not None:
        problems += metric.problems(program, set(example.expected))
    if problems:
        raise Refused(problems[0])
    prompts = candidate or baseline_of(program)
    return tryouts.start(project.namespace, program, prompts, model, example, metric)


def tryout_of(project: Project, pk: int) -> Tryout | None:
    return Tryout.objects.filter(namespace=project.namespace, pk=pk).first()


def shown(tryout: Tryout) -> ShownTryout:
    """A tryout with its messages written again as they were said."""
    program = codec.from_json(Program, tryout.program)
    candidate = codec.from_json(Candidate, tryout.prompts)
    example = codec.from_json(Example, tryout.example)
    outcome = codec.from_json(Outcome, tryout.outcome) if tryout.outcome else None
    state = Tryout.State(tryout.state)
    trace = outcome.trace if outcome else ()
    return ShownTryout(
        id=tryout.pk,
        state=state,
        problem=tryout.problem or (outcome.error if outcome else ""),
        said=tryout.said or (outcome.said if outcome else ""),
        overdue=state is Tryout.State.WAITING and timezone.now() - tryout.created_at > PATIENCE,
        example=example,
        model=codec.from_json(ModelRef, tryout.model).model,
        calls=tuple(shown_call(program, candidate, call) for call in trace),
        outputs=_outputs(program, outcome, example, tryout) if outcome else (),
        score=outcome.score if outcome and tryout.metric else None,
        tokens=outcome.tokens if outcome else 0,
        cost=outcome.cost if outcome else 0,
        seconds=outcome.seconds if outcome else 0.0,
    )


def shown_call(program: Program, candidate: Candidate, call: CallTrace) -> ShownCall:
    """One call of a trace, with its messages written again."""
    module = program.module(call.module)
    messages = module.messages(candidate.modules[call.module], call.inputs)
    values = tuple(
        ShownValue(field.name, field.type, call.outputs[field.name])
        for field in module.reply_fields
        if field.name in call.outputs
    )
    return ShownCall(
        call.call, call.module, KINDS[module.kind], messages, call.reply, values, call.problem,
        call.prompt_tokens, call.completion_tokens, call.cost, call.seconds, call.cached,
    )  # fmt: skip


def as_sent(module: Module) -> list[dict[str, object]]:
    """A module's prompt as it stands, for parts/transcript.html; … is where the values go."""
    values: dict[str, Value] = {field.name: "…" for field in module.signature.inputs}
    prompt = ModulePrompt(module.signature.instruction, module.demos)
    messages = module.messages(prompt, values)
    return [{"role": m.role, "content": m.content} for m in messages]


def _outputs(
    program: Program, outcome: Outcome, example: Example, tryout: Tryout
) -> tuple[ShownValue, ...]:
    metric = codec.from_json(Metric, tryout.metric) if tryout.metric else None
    expected = dict(example.expected)
    if metric is not None:
        expected[metric.output] = example.expected.get(metric.expected)
    fields = program.output_fields()
    return tuple(
        ShownValue(name, fields[name].type, value, expected.get(name))
        for name, _source in outputs_in_order(program)
        if (value := outcome.outputs.get(name)) is not None
    )
