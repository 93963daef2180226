"""A router of a run: what it gains, as JSON, as a Python file, and what it is learned from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from optimizer import codec
from optimizer.core.programs.candidate import Candidate, baseline_of, with_prompts
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.routing import Router
from optimizer.core.runs.board import too_many_fail
from optimizer.core.search.router import Routing, Table, routing_of
from optimizer.models import Trial
from promptlab.releases.formats.literals import literal
from promptlab.releases.formats.python_file import Routes, python_source
from promptlab.releases.scored import examples_of
from promptlab.reviews import writing
from promptlab.reviews.content import VersionContent
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.evidence import Evaluated, evaluated

MOST = 6
"""Finalists among which a router picks: the best that were scored on all of validation."""


@dataclass(frozen=True)
class Finalists:
    """The best candidates of a run, and the validation examples that all have a score on."""

    project_run: ProjectRun
    candidates: tuple[Evaluated, ...]
    examples: tuple[Example, ...]

    @cached_property
    def table(self) -> Table:
        scores = [
            [found.outcomes[example.id].score for found in self.candidates]
            for example in self.examples
        ]
        return Table.read(
            [found.number for found in self.candidates],
            [field.name for field in self.program.inputs],
            [example.inputs for example in self.examples],
            np.array(scores, dtype=float).reshape(len(self.examples), len(self.candidates)),
        )

    @cached_property
    def routing(self) -> Routing | None:
        """None where there is too little to learn from."""
        return routing_of(self.table)

    @cached_property
    def program(self) -> Program:
        return queries.spec_of(self.project_run.run).program

    @cached_property
    def programs(self) -> dict[int, Program]:
        return {
            found.number: with_prompts(self.program, found.candidate) for found in self.candidates
        }


def finalists_of(project_run: ProjectRun) -> Finalists:
    """Four queries, and the validation split's rows. Who fails too often to win is none: it would
    leave the others few examples in common.
    """
    run = project_run.run
    trials = Trial.objects.filter(
        run=run, full=True, score__isnull=False, exchange__model=0, exchange__sample=0
    )
    numbers = list(trials.order_by("-score", "number").values_list("candidate__number", flat=True))
    known = [each for each in evaluated(run, dict.fromkeys([*numbers, 0])) if each.full]
    usual = next((_failed(each) for each in known if each.number == 0), [])
    able = (e for e in known if e.number == 0 or not too_many_fail(_failed(e), usual))
    best = [each for each in able if each.number in numbers][:MOST]
    scored = [
        {key for key, seen in found.outcomes.items() if seen.score is not None} for found in best
    ]
    shared = set.intersection(*scored) if scored else set()
    rows = tuple(row for row in examples_of(run.validation) if row.id in shared)
    return Finalists(project_run, tuple(best), rows)


def _failed(found: Evaluated) -> list[bool]:
    return [seen.score is None for seen in found.outcomes.values()]


def as_json(finalists: Finalists, router: Router) -> str:
    """The router with the prompts that it picks among; no row of the data is in it."""
    routing = finalists.routing
    assert routing is not None
    told = {
        "format": "promptlab/router@1",
        "run": finalists.project_run.number,
        "program": finalists.program.name,
        "gain": codec.to_json(routing.gain),
        "router": router._asdict(),
        "prompts": {
            str(number): codec.to_json(baseline_of(program), Candidate)
            for number, program in finalists.programs.items()
        },
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_python(finalists: Finalists, router: Router) -> str:
    """A file that gives every input its prompt, and runs it."""
    routing, run = finalists.routing, finalists.project_run
    assert routing is not None
    best = router.candidates[0]
    row = run.run.candidates.get(number=best)
    provenance = writing.provenance(run, row, None)
    content = VersionContent(run.program_name, 0, finalists.programs[best], provenance)
    gained = routing.gain
    told = [
        f"{run.program_name}, routed by input.",
        "",
        f"Of run {run.number}, made on {datetime.now(UTC):%Y-%m-%d}; nobody has approved it.",
        f"It gives every input the prompt of one of the candidates {_listed(router)}.",
        f"Gain over candidate {best} alone, cross-validated: {100 * gained.gain:+.1f} points of "
        f"100 ({100 * gained.low:+.1f} to {100 * gained.high:+.1f}, n = {gained.n}).",
    ]
    source = "Router(\n" + "".join(
        f"    {name}={literal(value, 4)},\n" for name, value in router._asdict().items()
    )
    return python_source(content, told, None, Routes(finalists.programs, source + ")"))


def log_of(finalists: Finalists) -> Iterator[str]:
    """Lines of (query, prompt, reward): what each finalist's prompts scored on each example."""
    for example in finalists.examples:
        for found in finalists.candidates:
            prompts = codec.to_json(found.candidate, Candidate)
            told = {
                "query": example.inputs, "prompt_id": found.number, "prompt": prompts,
                "reward": found.outcomes[example.id].score,
            }  # fmt: skip
            yield json.dumps(told, ensure_ascii=False) + "\n"


def _listed(router: Router) -> str:
    return ", ".join(map(str, sorted(router.candidates)))
