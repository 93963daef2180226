"""What was scored of a version's candidate: rows with their answers, and all that was said."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer import codec
from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message
from optimizer.core.programs.signature import Value
from optimizer.lm.kept_vectors import answered_by_kept
from optimizer.models import ExampleSet, Outcome
from promptlab.reviews.models import Version
from promptlab.runs.results.evidence import evaluated


@dataclass(frozen=True)
class ScoredRow:
    """One example as it was scored; `score` is 0–1."""

    example: Example
    outputs: dict[str, Value]
    score: float
    trace: tuple[CallTrace, ...]


@dataclass(frozen=True)
class Exchanged:
    """One call of a model: what it was told, and its reply."""

    call: CallTrace
    messages: tuple[Message, ...]


def scored_rows(version: Version, most: int) -> list[ScoredRow]:
    """The first rows that the candidate was scored on, in the order of the run."""
    run = version.project_run.run
    examples = {e.id: e for e in examples_of(run.validation)}
    found: dict[str, ScoredRow] = {}
    for seen in evaluated(run, [version.candidate.number]):
        rows = Outcome.objects.filter(exchange__in=seen.exchanges, score__isnull=False)
        for row in rows.order_by("exchange__seq", "position")[: 4 * most]:
            if row.example in examples:
                found.setdefault(row.example, _scored(examples[row.example], row))
    return list(found.values())[:most]


def examples_of(rows: ExampleSet | None) -> tuple[Example, ...]:
    return codec.from_json(tuple[Example, ...], rows.examples) if rows else ()


def _scored(example: Example, row: Outcome) -> ScoredRow:
    trace = codec.from_json(tuple[CallTrace, ...], row.data.get("trace") or [])
    return ScoredRow(example, row.data.get("outputs") or {}, float(row.score or 0.0), trace)


def exchanged(version: Version, row: ScoredRow) -> list[Exchanged]:
    """Every call of the row, with its messages written again as the run wrote them."""
    program = version.content.program
    candidate, given = baseline_of(program), program.key_of(row.example.inputs)
    found = []
    for call in row.trace:
        if not call.made or call.turn:
            continue
        module, used = program.module(call.module), candidate.modules[call.module]
        steps = used.for_input(call.inputs, given)
        kept = answered_by_kept(steps, version.project.namespace)
        prompt = kept or replace(used, demos=fixed_of(used.demos))
        messages = module.messages(prompt, call.inputs)
        if messages:
            found.append(Exchanged(call, messages))
    return found
