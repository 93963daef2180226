"""Running a program on one example, and scoring what it gave, as conversations about requests."""

from __future__ import annotations

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Prediction, Score
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import INPUT, Call, Program
from optimizer.core.programs.signature import Field, FieldType, Value, written
from optimizer.core.programs.steps import Ran, Steps, side_by_side


def predict(
    program: Program, candidate: Candidate, inputs: dict[str, Value], sample: int = 0
) -> Steps[Prediction]:
    """Run the program wave by wave; stops at the first reply that cannot be read."""
    given = program.key_of(inputs)
    known: dict[str, Value] = {f"{INPUT}.{name}": value for name, value in inputs.items()}
    trace: list[CallTrace] = []
    for wave in program.waves():
        values = [_inputs_of(program, call, known) for call in wave]
        ran = yield from side_by_side(
            [
                program.module(c.module).run(
                    candidate.modules[c.module].for_input(v, given), v, sample
                )
                for c, v in zip(wave, values, strict=True)
            ]
        )
        made = [_traced(*each) for each in zip(wave, values, ran, strict=True)]
        trace += made
        lost = [(call, each) for call, each in zip(wave, ran, strict=True) if each.problem]
        if lost:
            call, each = min(lost, key=lambda pair: pair[1].answered)
            return Prediction({}, tuple(trace), f"{call.name}: {each.problem}", each.answered)
        known |= {f"{t.call}.{name}": value for t in made for name, value in t.outputs.items()}
    outputs = {name: known[source] for name, source in program.outputs.items()}
    return Prediction(outputs, tuple(trace))


def judged(metric: Metric | None, example: Example, prediction: Prediction) -> Steps[Outcome]:
    """Score a prediction. A reply that cannot be read is an answer too, and scores 0; one that was
    cut off, refused or withheld is none, but an error.

    Without a metric the score only says whether every reply could be read.
    """
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


def _inputs_of(program: Program, call: Call, known: dict[str, Value]) -> dict[str, Value]:
    fields = program.module(call.module).signature.inputs
    return {f.name: _fitted(known.get(call.inputs[f.name]), f) for f in fields}


def _fitted(value: Value, wanted: Field) -> Value:
    if isinstance(value, str) or wanted.type is not FieldType.TEXT:
        return value
    return None if value is None and wanted.nullable else written(value)


def _traced(call: Call, values: dict[str, Value], ran: Ran) -> CallTrace:
    reply = ran.reply
    return CallTrace(
        call.name, call.module, values, ran.outputs, reply.text, ran.problem,
        reply.prompt_tokens, reply.completion_tokens, reply.cost, reply.seconds, reply.cached,
        reply.priced,
    )  # fmt: skip
