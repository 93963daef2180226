"""What a comparison of candidates shows: prompts word by word, examples one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from promptlab.programs.tryouts import ShownCall
from promptlab.runs import queries
from promptlab.runs.comparing.confusion import Confusion, compared_labels, confusions
from promptlab.runs.comparing.examples import examples_in, inputs_line, transcript
from promptlab.runs.comparing.part_scores import PartRow, part_rows
from promptlab.runs.comparing.prompt_changes import ModuleDiff, module_diff
from promptlab.runs.comparing.slices import Slice, slice_columns, slice_values, slices_of
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import evidence
from promptlab.runs.results.board import Board, board_of
from promptlab.runs.results.codes import makeup
from promptlab.runs.results.evidence import FILTERS, Comparing, Evaluated, Filter, Row
from promptlab.ui.numbers import score
from promptlab.ui.parameters import Parameters
from promptlab.ui.tabs import Tab

MODES = ("side", "inline")


@dataclass(frozen=True)
class ShownCell:
    outcome: str
    answer: str
    reason: str


@dataclass(frozen=True)
class ShownRow:
    """An example in the table; cells follow the candidates after the first."""

    example: str
    inputs: str
    expected: str
    first: ShownCell
    cells: tuple[ShownCell, ...]
    url: str


def wanted(asked: Parameters, best: int | None) -> list[int]:
    """`?c=0,4&add=7` → [0, 4, 7]; without a readable list, the baseline and the best."""
    found = list(dict.fromkeys([*asked.numbers("c"), *asked.numbers("add")]))
    return found[: evidence.MOST_CANDIDATES] or ([0, best] if best else [0])


def view_of(
    project_run: ProjectRun, spec: RunSpec, numbers: Sequence[int], asked: Parameters
) -> CompareView:
    """Three queries, whatever the number of examples; a fourth where labels are counted."""
    candidates = evidence.evaluated(project_run.run, numbers)
    return CompareView(project_run, spec, candidates, asked)


@dataclass(frozen=True)
class PromptsOf:
    """A candidate's prompts against those of the first."""

    evaluated: Evaluated
    modules: list[ModuleDiff]

    @property
    def changed(self) -> int:
        return sum(module.changed for module in self.modules)


class CompareView:
    """Two to six candidates, the first being what the others are compared with."""

    def __init__(
        self,
        project_run: ProjectRun,
        spec: RunSpec,
        candidates: Sequence[Evaluated],
        asked: Parameters,
    ) -> None:
        if not candidates:
            raise Http404("None of these candidates exists.")
        self.project_run, self.spec, self.asked = project_run, spec, asked
        self.candidates = [replace(one, url=self.candidate_url(one)) for one in candidates]

    @cached_property
    def board(self) -> Board:
        return board_of(self.project_run.run)

    @cached_property
    def comparing(self) -> Comparing:
        return evidence.comparing(self.candidates)

    @property
    def made_of(self) -> str:
        """What the last candidate is made of, in a sentence."""
        return makeup(self.candidates[-1].choice, queries.modules_of(self.spec))

    @property
    def without(self) -> list[Tab]:
        """Every candidate, with the address of this page without it."""
        return [
            Tab(
                c.name,
                self.url(c=",".join(str(o.number) for o in self.candidates if o is not c)),
                False,
            )
            for c in self.candidates
        ]

    @property
    def others_to_add(self) -> list[tuple[int, str]]:
        """Fully evaluated candidates that are not here yet: number, and name with score."""
        if len(self.candidates) >= evidence.MOST_CANDIDATES:
            return []
        here = {c.number for c in self.candidates}
        fulls = (self.board.baseline, *self.board.fulls)
        proved = {t.candidate: t for t in fulls if t is not None}
        ranked = sorted(proved.values(), key=lambda t: -(t.score or 0.0))
        return [
            (t.candidate, f"{t.name} ({score(t.score)})") for t in ranked if t.candidate not in here
        ]

    @property
    def first(self) -> Evaluated:
        return self.candidates[0]

    @property
    def only(self) -> evidence.Against | None:
        """The one candidate that is compared, when there is just one."""
        others = self.comparing.others
        return others[0] if len(others) == 1 else None

    @property
    def settled(self) -> list[str]:
        """The verdict of one comparison in full; of several, who is better, worse, or neither."""
        others = self.comparing.others
        if len(others) == 1:
            return [others[0].verdict]
        groups: dict[str, list[str]] = {}
        for against in others:
            groups.setdefault(against.comparison.verdict, []).append(self.short(against.evaluated))
        told = {
            "better": _("Better than %(first)s: %(numbers)s."),
            "no_worse": _("Ahead of %(first)s, not proved to be better: %(numbers)s."),
            "worse": _("Worse than %(first)s: %(numbers)s."),
            "tied": _("Not told apart from %(first)s: %(numbers)s."),
            "unknown": _("Nothing in common with %(first)s: %(numbers)s."),
        }
        first = self.first.called
        found = [
            told[verdict] % {"first": first, "numbers": ", ".join(groups[verdict])}
            for verdict in told
            if verdict in groups
        ]
        if found:
            told_of = _("Corrected for %(n)s comparisons at once.") % {"n": len(others)}
            found.append(told_of)
        unproved = [self.short(c) for c in self.candidates if not c.full]
        if unproved:
            caution = _("Not scored on all examples: %(numbers)s. A full evaluation may differ.")
            found.append(caution % {"numbers": ", ".join(unproved)})
        return found

    def short(self, candidate: Evaluated) -> str:
        """What a candidate is called in a row of several."""
        return str(candidate.number)

    def candidate_url(self, candidate: Evaluated) -> str:
        """The page of a candidate."""
        project_run = self.project_run
        keys = [project_run.project.slug, project_run.number, candidate.number]
        return reverse("runs:candidate", args=keys)

    # --- Prompts -------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        return self.asked.one_of("diff", MODES, "side")

    @property
    def mode_tabs(self) -> list[Tab]:
        labels = {"side": _("Side by side"), "inline": _("Inline")}
        return [Tab(labels[m], self.url(diff=m), m == self.mode) for m in MODES]

    @cached_property
    def modules(self) -> list[ModuleDiff]:
        """The first candidate's prompts against the second's, or by themselves."""
        return self._modules(self.candidates[1] if len(self.candidates) > 1 else self.first)

    @cached_property
    def prompts(self) -> list[PromptsOf]:
        """The prompts of every other candidate against the first's."""
        return [PromptsOf(other, self._modules(other)) for other in self.candidates[1:]]

    def _modules(self, other: Evaluated) -> list[ModuleDiff]:
        return [
            module_diff(m, self.first, other, self.demos_url(other, m.name))
            for m in self.spec.program.modules
            if m.name in other.candidate.modules
        ]

    # --- Parts and labels ----------------------------------------------------------------------

    @cached_property
    def parts(self) -> tuple[PartRow, ...]:
        return part_rows(self.candidates)

    @cached_property
    def confusions(self) -> list[Confusion]:
        """Those of the last candidate; one query where an output is a choice."""
        if not compared_labels(self.spec):
            return []
        last = self.candidates[-1]
        known = examples_in(self.project_run.run.validation_id, list(last.outcomes))
        return confusions(self.spec, last, known)

    # --- Slices --------------------------------------------------------------------------------

    @cached_property
    def slice_columns(self) -> list[str]:
        """What examples can be told apart by."""
        return slice_columns(self.project_run, self.spec)

    @property
    def slice_tabs(self) -> list[Tab]:
        none = Tab(_("nothing"), self.url(by=""), not self.sliced_by)
        return [none, *(Tab(c, self.url(by=c), c == self.sliced_by) for c in self.slice_columns)]

    @property
    def sliced_by(self) -> str:
        return self.asked.one_of("by", self.slice_columns, "")

    @cached_property
    def slices(self) -> list[Slice]:
        """Scores by the values of the chosen column."""
        if not self.sliced_by:
            return []
        return slices_of(self.comparing, slice_values(self.project_run, self.sliced_by))

    # --- Examples ------------------------------------------------------------------------------

    @property
    def filter(self) -> Filter:
        wanted = self.asked.text("show")
        return next((f for f in FILTERS if f == wanted), "disagreements")

    @property
    def rows(self) -> tuple[Row, ...]:
        """Those that must not get worse and did come first."""
        if len(self.candidates) == 1:
            return self.comparing.rows
        found, lost = self.comparing.filtered(self.filter), {row.example for row in self.lost}
        return tuple(sorted(found, key=lambda row: row.example not in lost)) if lost else found

    @cached_property
    def protected(self) -> frozenset[str]:
        """Rows of the dataset that must not get worse."""
        dataset = self.project_run.dataset
        return frozenset(dataset.protected.values_list("key", flat=True) if dataset else ())

    @cached_property
    def lost(self) -> list[Row]:
        """Protected rows that got worse."""
        if not self.comparing.others:
            return []
        return [row for row in self.comparing.rows
                if row.regressed and row.example in self.protected]  # fmt: skip

    @property
    def lost_links(self) -> list[Tab]:
        return [Tab(row.example, self.example_url(row.example), False) for row in self.lost]

    @property
    def filter_tabs(self) -> list[Tab]:
        labels = {
            "disagreements": _("Disagreements"), "regressions": _("Regressions"), "all": _("All"),
        }  # fmt: skip
        counts = self.comparing.counts()
        return [Tab(labels[f], self.url(show=f), f == self.filter, counts[f]) for f in FILTERS]

    def shown_rows(self, rows: Sequence[Row]) -> list[ShownRow]:
        """Rows with the words of their examples; one query."""
        known = self._examples([row.example for row in rows])
        return [self._shown(row, known.get(row.example)) for row in rows]

    def _examples(self, ids: Sequence[str]) -> dict[str, Example]:
        return examples_in(self.project_run.run.validation_id, ids)

    def _shown(self, row: Row, example: Example | None) -> ShownRow:
        columns = self.spec.metric.columns
        expected = {o: example.expected.get(c) for o, c in columns.items()} if example else {}
        return ShownRow(
            row.example, inputs_line(example), _in_a_line(expected),
            self._cell("", row.first),
            tuple(self._cell(cell.outcome, cell.seen) for cell in row.cells),
            self.example_url(row.example),
        )  # fmt: skip

    def _cell(self, outcome: str, seen: evidence.Seen | None) -> ShownCell:
        if seen is None:
            return ShownCell(outcome, "–", "")
        if seen.error:
            return ShownCell(outcome, _("failed"), seen.error)
        judged = dict.fromkeys(m.output for m in self.spec.metric.singles if m.output)
        names = list(judged or self.spec.program.outputs)
        answer = _in_a_line({name: seen.outputs.get(name) for name in names if seen.outputs})
        return ShownCell(outcome, answer or _("unreadable"), seen.reason)

    @property
    def texts(self) -> list[str]:
        """All that the prompts of the last candidate say."""
        return [text for module in self.modules for text in module.texts]

    def example(self, example: str) -> Example | None:
        """One of the examples; None where there is none of this name."""
        return self._examples([example]).get(example)

    def calls_of(self, candidate: Evaluated, example: Example, whole: Outcome) -> list[ShownCall]:
        """Every call that a candidate made of an example."""
        spec = self.spec
        return transcript(spec.program, candidate.candidate, example, whole, spec.namespace)

    # --- Addresses -----------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The address of the comparison, without what it compares."""
        project_run = self.project_run
        return reverse("runs:compare", args=[project_run.project.slug, project_run.number])

    @property
    def numbers(self) -> str:
        return ",".join(str(c.number) for c in self.candidates)

    def url(self, **changes: str) -> str:
        """This page's address with some of its state changed, always from its first page."""
        state = {
            "c": self.numbers if self.asked.has("c") else "",
            "diff": self.mode,
            "show": self.filter,
            "by": self.sliced_by,
        } | changes
        defaults = {"c": "", "diff": "side", "show": "disagreements", "by": ""}
        kept = {k: v for k, v in state.items() if v != defaults[k]}
        return f"?{urlencode(kept, safe=',')}" if kept else "?"

    def demos_url(self, candidate: Evaluated, module: str) -> str:
        """The page of all demos of a candidate's module."""
        project_run = self.project_run
        keys = [project_run.project.slug, project_run.number, candidate.number, module]
        return reverse("runs:demos", args=keys)

    def example_url(self, example: str) -> str:
        project_run = self.project_run
        path = reverse("runs:example", args=[project_run.project.slug, project_run.number, example])
        return f"{path}?{urlencode({'c': self.numbers, 'show': self.filter}, safe=',')}"


def _in_a_line(values: Mapping[str, Value]) -> str:
    """One value as it is, several with their names."""
    if len(values) == 1:
        return written(next(iter(values.values())))
    return " · ".join(f"{name}: {written(value)}" for name, value in values.items())
