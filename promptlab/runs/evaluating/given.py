"""What can be scored beside a program: candidates of its runs, approved ones by their versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from optimizer.core.programs.candidate import Candidate
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Run, Trial
from optimizer.running.prompts import prompts_of
from promptlab.programs.models import Program
from promptlab.runs.results.evidence import in_sentence
from promptlab.ui.numbers import score
from promptlab.ui.parameters import number_in

OFFERED = 12
"""Winners of runs that are offered, the newest ones."""


@dataclass(frozen=True)
class Given:
    """A candidate that may be scored; `value` names it in forms and addresses: “12.4” is candidate
    4 of run 12. `version`: the number of the version it was approved as; `score`: that of its full
    evaluation in its run.
    """

    run: int
    number: int
    version: int | None
    score: float | None
    prompts: Candidate

    @property
    def value(self) -> str:
        return f"{self.run}.{self.number}"

    @property
    def label(self) -> str:
        told = {"run": self.run, "who": in_sentence(self.number), "v": self.version}
        named = _("run %(run)s, %(who)s") % told
        if self.version is not None:
            named = _("v%(v)s: run %(run)s, %(who)s") % told
        return named if self.score is None else f"{named} · {score(self.score)}"


def offered(program: Program, asked: Iterable[str] = ()) -> list[Given]:
    """Versions of the program and winners of its runs, the newest first; what was `asked` for comes
    along. What has other modules than the program has now is left out.
    """
    rows = _rows(program)
    won = Q(run__best_candidate=F("pk"), number__gt=0)
    named = Q(pk__in=[])
    for run, number in map(_parsed, asked):
        named |= Q(run__project_run__number=run, number=number)
    latest = rows.filter(won | Q(version__isnull=False)).values("pk")[:OFFERED]
    found = rows.filter(Q(pk__in=list(latest.values_list("pk", flat=True))) | named)
    names = {module.name for module in program.core.modules}
    given = (_given(row) for row in found)
    return [one for one in given if set(one.prompts.modules) == names]


def chosen(given: Sequence[Given], values: Iterable[str]) -> tuple[Candidate, ...]:
    """Those that the values name, in their order."""
    by_value = {one.value: one.prompts for one in given}
    return tuple(by_value[value] for value in values if value in by_value)


def _rows(program: Program) -> QuerySet[CandidateRow]:
    mine = CandidateRow.objects.filter(
        run__project_run__program=program, run__task=Run.Task.OPTIMIZE
    )
    full = Trial.objects.filter(candidate=OuterRef("pk"), full=True, exchange__model=0)
    numbered = mine.annotate(
        run_number=F("run__project_run__number"),
        version=Min("versions__number"),
        mean=Subquery(full.order_by("-number").values("mean")[:1]),
    )
    return numbered.order_by("-run_number", "-number")


def _given(row: CandidateRow) -> Given:
    run, version, mean = (getattr(row, name) for name in ("run_number", "version", "mean"))
    return Given(run, row.number, version, mean, prompts_of(row))


def _parsed(value: str) -> tuple[int, int]:
    run, _dot, number = value.partition(".")
    return number_in(run) or 0, number_in(number) or 0
