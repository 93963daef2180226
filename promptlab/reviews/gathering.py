"""Making evidence of a candidate from the rows of its run, and of what its label's version did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from optimizer.codec import canonical
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.stats import Comparison
from optimizer.core.programs.calls import INPUT
from optimizer.core.programs.candidate import with_prompts
from optimizer.core.programs.demo import PooledDemo, fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Value, written
from optimizer.models import Candidate, Run
from optimizer.running.prompts import prompts_of
from promptlab.launch.code_version import code_version
from promptlab.programs.prompt_size import prompt_tokens
from promptlab.reviews import labels, writing
from promptlab.reviews.evidence import Cost, DemoSource, Evidence, Moved, Rival
from promptlab.reviews.models import Label, Version
from promptlab.reviews.personal import personal_in
from promptlab.runs import queries
from promptlab.runs.comparing.examples import examples_in, inputs_line
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.evidence import Comparing, Evaluated, Row, Seen, comparing, evaluated

LONGEST = 400
SAME_PROMPTS = 20
"""Runs in which the label's version is looked for, the newest first."""


def gathered(project_run: ProjectRun, candidate: Candidate, against: bool) -> Evidence:
    """Everything about a candidate that was fully evaluated, as it stands now."""
    spec = queries.spec_of(project_run.run)
    program = with_prompts(spec.program, prompts_of(candidate))
    before, found = _pair(project_run.run, candidate)
    lost = _lost(project_run.run, spec, comparing([before, found]) if before != found else None)
    rival = _rival(project_run, spec, found)
    return Evidence(
        program=program,
        before=spec.program,
        provenance=writing.provenance(project_run, candidate, None),
        code=code_version(),
        cost=_cost(found, program),
        cost_before=_cost(before, spec.program),
        lost=lost,
        demos=tuple(_demos(program, project_run.run)),
        rival=rival,
        is_best=project_run.run.best_candidate_id == candidate.pk,
        against=against,
        protected=_protected(project_run, (*lost, *(rival.lost if rival else ()))),
    )


def _pair(run: Run, candidate: Candidate) -> tuple[Evaluated, Evaluated]:
    """The baseline and the candidate, which may be the same."""
    found = evaluated(run, [0, candidate.number])
    return found[0], found[-1]


def _cost(found: Evaluated, program: Program) -> Cost:
    return Cost(found.cost_of_thousand, found.seconds_each, prompt_tokens(program))


def _lost(run: Run, spec: RunSpec, compared: Comparing | None) -> tuple[Moved, ...]:
    """What the only other candidate lost."""
    rows = compared.filtered("regressions") if compared else ()
    known = examples_in(run.validation_id, [row.example for row in rows])
    return tuple(_moved(spec, row, known.get(row.example)) for row in rows)


def _protected(project_run: ProjectRun, lost: Sequence[Moved]) -> tuple[str, ...]:
    """Which of what was lost must not get worse, each once."""
    if project_run.dataset is None:
        return ()
    names = dict.fromkeys(moved.example for moved in lost)
    marked = project_run.dataset.protected.filter(key__in=names)
    kept = set(marked.values_list("key", flat=True))
    return tuple(name for name in names if name in kept)


def _moved(spec: RunSpec, row: Row, example: Example | None) -> Moved:
    columns = spec.metric.columns
    expected = {o: example.expected.get(c) for o, c in columns.items()} if example else {}
    before, after = row.first, row.cells[0].seen
    return Moved(
        row.example, inputs_line(example, LONGEST), _line(list(expected.values())),
        _said(spec, before), _said(spec, after),
        before.score if before else None, after.score if after else None,
    )  # fmt: skip


def _said(spec: RunSpec, seen: Seen | None) -> str:
    if seen is None:
        return ""
    judged = dict.fromkeys(m.output for m in spec.metric.singles if m.output)
    names = list(judged or spec.program.outputs)
    return _line([seen.outputs.get(name) for name in names]) if seen.outputs else seen.error


def _line(values: Sequence[Value]) -> str:
    text = " ".join(" · ".join(map(written, values)).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _demos(program: Program, run: Run) -> Iterator[DemoSource]:
    fixed = {module.name: fixed_of(module.demos) for module in program.modules}
    rows = run.train.examples if any(fixed.values()) else []
    for name, demos in fixed.items():
        wires = _wires(program, name)
        known = {_key(row["inputs"], wires.values()): row["id"] for row in rows}
        for place, demo in enumerate(demos, 1):
            own = demo.example if isinstance(demo, PooledDemo) else ""
            row = own or (known.get(_key(demo.values, wires), "") if wires else "")
            yield DemoSource(name, place, row, demo.augmented, personal_in(demo.values.values()))


def _wires(program: Program, module: str) -> dict[str, str]:
    """The module's inputs that come as they are from the program's: which from which."""
    call = next((call for call in program.calls if call.module == module), None)
    sources = call.inputs.items() if call else ()
    start = f"{INPUT}."
    return {name: s.removeprefix(start) for name, s in sources if s.startswith(start)}


def _key(values: Mapping[str, Value], names: Iterable[str]) -> str:
    """What a row and a demo that was made of it have in common."""
    return canonical([values.get(name) for name in names])


# --- Against what a label points at ---------------------------------------------------------------


def _rival(project_run: ProjectRun, spec: RunSpec, found: Evaluated) -> Rival | None:
    """What production is now, None where that is nothing, or this very candidate."""
    version = labels.at(project_run.program_id, Label.PRODUCTION)
    if version is None or version.candidate.digest == found.digest:
        return None
    name, at = Label.PRODUCTION, version.candidate
    rival = Rival(name, version.number, version.project_run.number, at.number)
    best = _most_shared(project_run.run, spec, found, version)
    if best is None:
        return rival
    lost = _lost(project_run.run, spec, best)
    return replace(rival, comparison=best.others[0].comparison, lost=lost)


def between(before: Version, after: Version) -> Comparison | None:
    """Two versions on the examples that both were scored on by one metric, the second minus the
    first; None where there are none.
    """
    run = after.project_run.run
    found = evaluated(run, [after.candidate.number])[0]
    best = _most_shared(run, queries.spec_of(run), found, before)
    return best.others[0].comparison if best else None


def _most_shared(run: Run, spec: RunSpec, found: Evaluated, version: Version) -> Comparing | None:
    """Where the version was scored on the most examples that the candidate was scored on, too."""
    best: Comparing | None = None
    for theirs in _scored(version, spec):
        compared = _shared(run, found, theirs)
        if compared and (best is None or len(compared.rows) > len(best.rows)):
            best = compared
    return best


def _scored(version: Version, spec: RunSpec) -> Iterator[tuple[Run, Evaluated]]:
    """The version's prompts wherever they were scored by the same metric."""
    rows = Candidate.objects.filter(
        run__project_run__program=version.program_id, digest=version.candidate.digest
    )
    for row in rows.select_related("run").order_by("-run_id")[:SAME_PROMPTS]:
        if queries.spec_of(row.run).metric == spec.metric:
            yield from ((row.run, found) for found in evaluated(row.run, [row.number]))


def _shared(run: Run, found: Evaluated, theirs: tuple[Run, Evaluated]) -> Comparing | None:
    """Both on the examples that are the very same in both runs."""
    other_run, other = theirs
    both = _scored_in(found) & _scored_in(other)
    if run.validation_id != other_run.validation_id:
        mine = examples_in(run.validation_id, list(both))
        known = examples_in(other_run.validation_id, list(both))
        both = {key for key in both if mine.get(key) == known.get(key) and key in mine}
    return comparing([_only(other, both), _only(found, both)]) if both else None


def _scored_in(found: Evaluated) -> set[str]:
    return {example for example, seen in found.outcomes.items() if seen.score is not None}


def _only(found: Evaluated, examples: Collection[str]) -> Evaluated:
    outcomes = {key: seen for key, seen in found.outcomes.items() if key in examples}
    return replace(found, outcomes=outcomes)
