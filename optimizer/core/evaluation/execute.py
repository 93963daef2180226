"""Running a program on one example, and scoring what it gave, as conversations about requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Prediction, Score
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.flow import next_values
from optimizer.core.programs.layouts import as_input
from optimizer.core.programs.program import Module, ModulePrompt, Program, stops
from optimizer.core.programs.signature import Field, FieldType, Value
from optimizer.core.programs.steps import Ran, Steps, blame, side_by_side

CALL_DRAWS, PASS_DRAWS = 1_000, 100_000
"""Between the draws of two calls of one module, for no request asks for so many samples; and of two
passes of a call.
"""


@dataclass
class Known:
    """What is known while a program runs: values by source, and the calls that were not made."""

    values: dict[str, Value]
    missing: set[str] = field(default_factory=set)

    def of(self, call: Call, module: Module) -> dict[str, Value] | None:
        """The inputs of a call, None where it is not made."""
        if call.when and not call.when.holds(self.values.get(call.when.source)):
            return None
        if stops(call, module, self.missing):
            return None
        found = {f.name: self.values.get(call.inputs.get(f.name, "")) for f in _inputs(module)}
        found |= module.constants_of(call)
        return _fitted(found, module)

    def take(self, call: Call, module: Module, ran: Ran | None) -> None:
        """What a call gave, null all of it where it was not made."""
        if ran is None:
            self.missing.add(call.name)
        names = (f.name for f in module.gives)
        self.values |= {f"{call.name}.{n}": ran.outputs.get(n) if ran else None for n in names}

    def keep(self, call: Call, module: Module, trace: CallTrace) -> None:
        """What a call gave an earlier time."""
        self.take(call, module, Ran(trace.outputs) if trace.made else None)


def predict(
    program: Program,
    candidate: Candidate,
    inputs: dict[str, Value],
    sample: int = 0,
    kept: Iterable[CallTrace] = (),
) -> Steps[Prediction]:
    """Run the program wave by wave; stops at the first reply that cannot be read. Calls whose
    traces are `kept` are not made: they give what they gave.
    """
    before = {trace.call: trace for trace in kept}
    given = program.key_of(inputs)
    known = Known({f"{INPUT}.{name}": value for name, value in inputs.items()})
    draws = _draws(program, sample)
    trace: list[CallTrace] = []
    for wave in program.waves():
        for call in wave:
            if call.name in before:
                known.keep(call, program.module(call.module), before[call.name])
        fresh = [c for c in wave if c.name not in before]
        values = {c.name: known.of(c, program.module(c.module)) for c in fresh}
        ran = yield from side_by_side(
            [
                _used(c, program.module(c.module), candidate, given, v, draws[c.name])
                for c in fresh
                if (v := values[c.name]) is not None
            ]
        )
        made = dict(zip((name for name, v in values.items() if v is not None), ran, strict=True))
        trace += [before[c.name] for c in wave if c.name in before]
        trace += [t for c in fresh for t in _traced(c, values[c.name], made.get(c.name))]
        lost = [(name, each) for name, each in made.items() if each.problem]
        if lost:
            name, each = min(lost, key=lambda pair: blame(pair[1]))
            told = f"{name}: {each.problem}"
            return Prediction({}, tuple(trace), told, each.answered, each.cut_off)
        for call in fresh:
            known.take(call, program.module(call.module), made.get(call.name))
    outputs = {name: known.values.get(source) for name, source in program.outputs.items()}
    return Prediction(outputs, tuple(trace))


def _used(
    call: Call,
    module: Module,
    candidate: Candidate,
    given: str,
    values: dict[str, Value],
    draw: int,
) -> Steps[Ran]:
    """A call, pass by pass where it is repeated."""
    prompt = candidate.modules[call.module]
    if call.repeat is None:
        return (yield from _once(module, prompt, given, values, draw))
    passes: list[Ran] = []
    for number in range(call.repeat.times):
        ran = yield from _once(module, prompt, given, values, draw + PASS_DRAWS * number)
        passes += [replace(part, given=part.given or values) for part in ran.parts or (ran,)]
        if ran.problem or ran.outputs.get(call.repeat.until) is True:
            break
        values = _fitted(next_values(values, ran.outputs, call.repeat.feeds), module)
    return replace(ran, parts=tuple(passes))


def _once(
    module: Module, prompt: ModulePrompt, given: str, values: dict[str, Value], draw: int
) -> Steps[Ran]:
    """Choose the demos for these inputs, then use the module."""
    chosen = yield from prompt.for_input(values, given)
    return (yield from module.run(chosen, values, draw))


def _draws(program: Program, sample: int) -> Mapping[str, int]:
    """Which draw each call is: two calls of one module are two draws of what may be the same
    prompt.
    """
    found, uses = {}, dict.fromkeys((m.name for m in program.modules), 0)
    for call in program.calls:
        found[call.name] = sample + CALL_DRAWS * uses[call.module]
        uses[call.module] += 1
    return found


def judged(
    metric: Metric | None, example: Example, prediction: Prediction, cut_off_fails: bool = False
) -> Steps[Outcome]:
    """Score a prediction. A reply that cannot be read is an answer too, and scores 0; one that was
    refused or withheld is none, but an error. So is one that was cut off at its limit of tokens,
    unless `cut_off_fails`: then it scores 0, for the limit holds for every candidate alike.

    Without a metric the score only says whether every reply could be read.
    """
    if prediction.cut_off and cut_off_fails:
        return Outcome(example.id, Score(0.0, prediction.problem), {}, prediction.trace)
    if not prediction.answered:
        return Outcome(example.id, None, {}, prediction.trace, prediction.problem)
    if metric is None:
        score = Score(float(not prediction.problem), prediction.problem)
    elif prediction.problem:
        score = Score(0.0, f"the reply could not be read: {prediction.problem}")
    else:
        try:
            score = yield from metric.score(example, prediction)
        except NoScore as fault:
            return Outcome(example.id, None, prediction.outputs, prediction.trace, str(fault))
    return Outcome(example.id, score, prediction.outputs, prediction.trace)


def _inputs(module: Module) -> tuple[Field, ...]:
    return module.signature.inputs


def _fitted(values: dict[str, Value], module: Module) -> dict[str, Value]:
    """Values as the inputs of a module, texts of what may be anything."""
    if module.takes_missing:
        return values
    texts = (f for f in _inputs(module) if f.type is FieldType.TEXT)
    return values | {f.name: as_input(values[f.name], f.nullable) for f in texts}


def _traced(call: Call, values: dict[str, Value] | None, ran: Ran | None) -> list[CallTrace]:
    if values is None or ran is None:
        return [CallTrace(call.name, call.module, {}, {}, "", made=False)]
    return [_part(call, part.given or values, part) for part in ran.parts or (ran,)]


def _part(call: Call, values: dict[str, Value], ran: Ran) -> CallTrace:
    reply = ran.reply
    return CallTrace(
        call.name, call.module, values, ran.outputs, reply.text, ran.problem,
        reply.prompt_tokens, reply.completion_tokens, reply.cost, reply.seconds, reply.cached,
        reply.priced, turn=ran.turn,
    )  # fmt: skip
