"""Candidates of several runs side by side: runs' winners, versions, programs, models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.db import connection
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from promptlab.accounts.models import Project
from promptlab.programs.tryouts import ShownCall
from promptlab.runs import queries
from promptlab.runs.comparing.comparison import CompareView
from promptlab.runs.comparing.confusion import Confusion
from promptlab.runs.comparing.examples import examples_in, transcript
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import evidence
from promptlab.runs.results.evidence import Evaluated
from promptlab.ui.parameters import Parameters, number_in
from promptlab.ui.tabs import Tab

OFFERED = 20
"""Runs whose winners are offered, the newest ones."""


@dataclass(frozen=True)
class Ref:
    """“12.4” is candidate 4 of run 12, “12.4.1” the same with the run's first further model; “12”
    is the best of run 12.
    """

    run: int
    number: int | None = None
    model: int = 0

    def __str__(self) -> str:
        told = f"{self.run}.{self.number}"
        return f"{told}.{self.model}" if self.model else told


@dataclass(frozen=True)
class Side:
    """One of what is compared, with the run that it is of."""

    ref: Ref
    project_run: ProjectRun
    spec: RunSpec
    evaluated: Evaluated


def refs_in(asked: Parameters) -> list[Ref]:
    """`?c=12.4,14&add=15.0`, or `?r=12&r=14` as ticks in a list say it → what is to be compared, in
    order; what makes no sense is left out.
    """
    named = (text for name in ("c", "add") for text in asked.text(name).split(","))
    said = [*asked.each("r"), *named]
    found = [ref for text in said if (ref := _ref(text.strip()))]
    return list(dict.fromkeys(found))[: evidence.MOST_CANDIDATES]


def sides_of(project: Project, refs: Iterable[Ref]) -> list[Side]:
    """What the references name, as far as the project has it."""
    runs: dict[int, tuple[ProjectRun, RunSpec]] = {}
    found = []
    for ref in refs:
        if ref.run not in runs:
            project_run = _run(project, ref.run)
            if project_run is None:
                continue
            runs[ref.run] = project_run, queries.spec_of(project_run.run)
        found += _side(ref, *runs[ref.run])
    return found


def _run(project: Project, number: int) -> ProjectRun | None:
    try:
        return queries.project_run_of(project, number)
    except Http404:
        return None


def _side(ref: Ref, project_run: ProjectRun, spec: RunSpec) -> list[Side]:
    best = project_run.run.best_candidate
    number = ref.number if ref.number is not None else best.number if best else 0
    models = (spec.models[Role.TASK], *spec.further_task_models)
    if ref.model >= len(models):
        return []
    known = evidence.evaluated(project_run.run, [number], ref.model)
    named = models[ref.model].model if len(models) > 1 else ""
    return [
        Side(
            replace(ref, number=number), project_run, spec,
            replace(one, run=project_run.number, task_model=named),
        )
        for one in known
    ]  # fmt: skip


def _ref(text: str) -> Ref | None:
    parts = [number_in(part) for part in text.split(".")]
    run = parts[0]
    if run is None or None in parts or len(parts) > 3:
        return None
    return Ref(run, parts[1] if len(parts) > 1 else None, (parts[2] or 0) if len(parts) > 2 else 0)


class AcrossView(CompareView):
    """Two to six candidates of any runs; the first is what the others are compared with, on the
    examples that they share.
    """

    def __init__(self, project: Project, sides: Sequence[Side], asked: Parameters) -> None:
        if not sides:
            raise Http404("None of these exists.")
        first = sides[0]
        self.project, self.sides = project, sides
        alike = _alike([side.project_run for side in sides])
        shared = [
            replace(s.evaluated, outcomes=_renamed(s, alike) if s.spec.metric == first.spec.metric
                    else {})
            for s in sides
        ]  # fmt: skip
        super().__init__(first.project_run, first.spec, shared, asked)

    @property
    def judged_otherwise(self) -> list[str]:
        """Who was scored by another metric than the first: their scores do not compare."""
        return [s.evaluated.name for s in self.sides if s.spec.metric != self.spec.metric]

    @property
    def evaluate_url(self) -> str:
        """Where all of them are scored together."""
        given = ",".join(f"{s.ref.run}.{s.ref.number}" for s in self.sides if s.ref.number)
        told = urlencode({"run": self.sides[0].ref.run, "given": given}, safe=",")
        return f"{reverse('runs:evaluate', args=[self.project.slug])}?{told}"

    def short(self, candidate: Evaluated) -> str:
        return candidate.called

    def candidate_url(self, candidate: Evaluated) -> str:
        return reverse("runs:candidate", args=[self.project.slug, candidate.run, candidate.number])

    def demos_url(self, candidate: Evaluated, module: str) -> str:
        keys = [self.project.slug, candidate.run, candidate.number, module]
        return reverse("runs:demos", args=keys)

    @property
    def path(self) -> str:
        return reverse("runs:across", args=[self.project.slug])

    @property
    def numbers(self) -> str:
        return ",".join(str(side.ref) for side in self.sides)

    @property
    def without(self) -> list[Tab]:
        return [
            Tab(side.evaluated.name, self.url(c=_joined(o for o in self.sides if o is not side)),
                False)
            for side in self.sides
        ]  # fmt: skip

    @property
    def as_first(self) -> list[Tab]:
        """Each, with the address where the others are compared with it."""
        return [
            Tab(side.evaluated.name,
                self.url(c=_joined([side, *(o for o in self.sides if o is not side)])), not at)
            for at, side in enumerate(self.sides)
        ]  # fmt: skip

    @cached_property
    def runs_to_add(self) -> list[tuple[str, str]]:
        """Runs that are not here yet, as far as there is room."""
        if len(self.sides) >= evidence.MOST_CANDIDATES:
            return []
        return offered(self.project, [side.ref.run for side in self.sides])

    @property
    def confusions(self) -> list[Confusion]:
        """They are on the pages of their runs."""
        return []

    def _examples(self, ids: Sequence[str]) -> dict[str, Example]:
        """From the first run that has them."""
        found: dict[str, Example] = {}
        for digest in dict.fromkeys(s.project_run.run.validation_id for s in self.sides):
            missing = [one for one in ids if one not in found]
            found |= examples_in(digest, missing) if missing else {}
        return found

    def calls_of(self, candidate: Evaluated, example: Example, whole: Outcome) -> list[ShownCall]:
        at = self.candidates.index(candidate)
        spec = self.sides[at].spec
        return transcript(spec.program, candidate.candidate, example, whole, spec.namespace)

    def example_url(self, example: str) -> str:
        told = {"c": self.numbers, "show": self.filter, "example": example}
        return f"{self.path}?{urlencode(told, safe=',')}"


def offered(project: Project, here: Sequence[int] = ()) -> list[tuple[str, str]]:
    """The newest runs with a score, without those that are `here`: reference, and name."""
    scored = project.runs.filter(run__best_score__isnull=False).exclude(number__in=here)
    rows = scored.order_by("-number").values_list("number", "program_name")[:OFFERED]
    return [(str(n), _("run %(n)s, %(what)s") % {"n": n, "what": name}) for n, name in rows]


def _joined(sides: Iterable[Side]) -> str:
    return ",".join(str(side.ref) for side in sides)


def _alike(runs: Sequence[ProjectRun]) -> Mapping[str, Mapping[str, str]]:
    """Of every frozen set, a digest of each example by its id; {} where there is one set only."""
    sets = list(dict.fromkeys(run.run.validation_id for run in runs))
    if len(sets) == 1:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT frozen.digest, example ->> 'id',
                   md5((example -> 'inputs')::text || (example -> 'expected')::text)
            FROM optimizer_exampleset frozen, jsonb_array_elements(frozen.examples) AS example
            WHERE frozen.digest = ANY(%s)
            """,
            [sets],
        )
        found: dict[str, dict[str, str]] = {digest: {} for digest in sets}
        for digest, example, content in cursor.fetchall():
            found[digest][example] = content
    return {"": found[sets[0]], **found}


def _renamed(side: Side, alike: Mapping[str, Mapping[str, str]]) -> dict[str, evidence.Seen]:
    """Outcomes by example; one that has other content in the first run's set is another example."""
    outcomes = side.evaluated.outcomes
    if not alike:
        return outcomes
    first, own = alike[""], alike[side.project_run.run.validation_id]
    return {
        name if first.get(name, own.get(name)) == own.get(name)
        else _("%(name)s, as in run %(run)s") % {"name": name, "run": side.ref.run}: seen
        for name, seen in outcomes.items()
    }  # fmt: skip
