"""A packet as its page shows it: what changed, what got worse, what it costs, who looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.evaluation.stats import Comparison
from optimizer.core.optimizers import optimizer_named
from optimizer.sentences.optimizers import title_of
from promptlab.accounts.models import User
from promptlab.datasets.models import Dataset
from promptlab.reviews import labels, packets, personal
from promptlab.reviews.evidence import DemoSource, Evidence, Moved
from promptlab.reviews.models import Comment, Label, Look, Packet, Point
from promptlab.runs.comparing.comparison import MODES
from promptlab.runs.comparing.prompt_changes import ModuleDiff, module_diff_of
from promptlab.runs.results import evidence as results
from promptlab.ui.parameters import Parameters
from promptlab.ui.tabs import Tab

FIRST = 50
"""Examples that got worse that are shown before “all of them” is asked for."""


@dataclass(frozen=True)
class SaidOfLine:
    """A comment with the line that it is about."""

    comment: Comment
    line_text: str


@dataclass(frozen=True)
class ModulePart:
    """One module's change; `seen` by the reader, `others`: who else."""

    diff: ModuleDiff
    lines: list[str]
    comments: list[SaidOfLine]
    seen: bool
    others: list[User]

    @property
    def choices(self) -> list[tuple[int, str]]:
        """The lines that can be commented on: number, and how it begins."""
        return [(n, line) for n, line in enumerate(self.lines, 1) if line.strip()] or [(1, "")]


@dataclass(frozen=True)
class RegressionPart:
    """An example that got worse; `opened` by the reader, or let pass by them for a `reason`.
    `protected`: it must not get worse.
    """

    moved: Moved
    url: str
    opened: bool
    reason: str
    protected: bool


@dataclass(frozen=True)
class DemoPart:
    """A demo with the row it was made of: `url` is where that is corrected, "" where it is gone."""

    source: DemoSource
    url: str

    @property
    def personal(self) -> str:
        """Which kinds of personal data it may hold, in words."""
        return ", ".join(str(personal.NAMES[kind]) for kind in self.source.personal)


class PacketPage:
    """`reader`: whose ticks are shown; `asked`: the address's parameters."""

    def __init__(self, packet: Packet, reader: User, asked: Parameters) -> None:
        self.packet, self.reader, self.asked = packet, reader, asked
        self.project_run = packet.project_run

    @property
    def evidence(self) -> Evidence:
        return self.packet.evidence

    @property
    def name(self) -> str:
        number = self.evidence.provenance.candidate
        return _("Candidate %(n)s") % {"n": number} if number else _("Baseline")

    # --- Verdicts -----------------------------------------------------------------------------

    @property
    def concluded(self) -> str:
        """What the run concluded of this candidate, as it was written down; "" of another."""
        found = self.evidence.provenance.scores.conclusion
        return found.sentence if found and self.evidence.is_best else ""

    @property
    def verdict(self) -> str:
        """Against the baseline, on the validation examples."""
        found = self.evidence.provenance.scores.comparison
        return results.verdict(found, results.in_sentence(0), self.name) if found else ""

    @property
    def test_verdict(self) -> str:
        test = self.evidence.provenance.scores.test
        return results.verdict(test.comparison, results.in_sentence(0), self.name) if test else ""

    @property
    def rival_name(self) -> str:
        rival = self.evidence.rival
        told = {"label": rival.label, "n": rival.version} if rival else {}
        return _("%(label)s (v%(n)s)") % told if rival else ""

    @property
    def rival_verdict(self) -> str:
        """Against what production was when this was sent; "" where nothing can be said of it."""
        rival = self.evidence.rival
        if rival is None or rival.comparison is None:
            return ""
        return results.verdict(rival.comparison, self.rival_name, self.name)

    @cached_property
    def moved_on(self) -> str:
        """Where production is by now, when that is neither where it was nor this candidate."""
        now = labels.at(self.project_run.program_id, Label.PRODUCTION)
        rival, own = self.evidence.rival, self.evidence.provenance.candidate_digest
        if now is None or now.candidate.digest == own:
            return ""
        return "" if rival and rival.version == now.number else str(now)

    @property
    def rival_comparison(self) -> Comparison | None:
        return self.evidence.rival.comparison if self.evidence.rival else None

    @property
    def evaluate_url(self) -> str:
        """Where both are scored on the same examples."""
        rival, source = self.evidence.rival, self.evidence.provenance
        if rival is None:
            return ""
        given = f"{rival.run}.{rival.candidate},{source.run}.{source.candidate}"
        page = reverse("runs:evaluate", args=[self.project_run.project.slug])
        return f"{page}?{urlencode({'run': source.run, 'given': given}, safe=',')}"

    @property
    def optimizer(self) -> str:
        return title_of(optimizer_named(self.evidence.provenance.optimizer))

    # --- What changed ---------------------------------------------------------------------------

    @cached_property
    def looks(self) -> dict[tuple[str, str], list[Look]]:
        """Who looked at what, by kind and name of the point; one query."""
        rows = Look.objects.filter(point__packet=self.packet).select_related("by", "point")
        found: dict[tuple[str, str], list[Look]] = {}
        for look in rows:
            found.setdefault((look.point.kind, look.point.name), []).append(look)
        return found

    def _mine(self, kind: str, name: str) -> Look | None:
        looks = self.looks.get((kind, name), [])
        return next((look for look in looks if look.by_id == self.reader.pk), None)

    @cached_property
    def modules(self) -> list[ModulePart]:
        """The changed modules, in the order of the program."""
        old = {module.name: module for module in self.evidence.before.modules}
        said: dict[str, list[Comment]] = {}
        for comment in self.packet.comments.select_related("by"):
            said.setdefault(comment.module, []).append(comment)
        changed = set(self.evidence.changed)
        return [
            self._module(module_diff_of(m, old.get(m.name), self._demos_url(m.name)), said)
            for m in self.evidence.program.modules
            if m.name in changed
        ]

    def _module(self, diff: ModuleDiff, said: dict[str, list[Comment]]) -> ModulePart:
        looks = self.looks.get((Point.Kind.MODULE, diff.name), [])
        lines = packets.lines_of(self.packet, diff.name)
        return ModulePart(
            diff, lines, [SaidOfLine(one, lines[one.line - 1]) for one in said.get(diff.name, [])],
            any(look.by_id == self.reader.pk for look in looks),
            [look.by for look in looks if look.by_id != self.reader.pk],
        )  # fmt: skip

    @property
    def unchanged(self) -> list[str]:
        changed = set(self.evidence.changed)
        return [m.name for m in self.evidence.program.modules if m.name not in changed]

    @property
    def texts(self) -> list[str]:
        return [text for module in self.modules for text in module.diff.texts]

    @property
    def mode(self) -> str:
        return self.asked.one_of("diff", MODES, "side")

    @property
    def mode_tabs(self) -> list[Tab]:
        labels = {"side": _("Side by side"), "inline": _("Inline")}
        return [Tab(labels[m], f"?diff={m}#h-changed", m == self.mode) for m in MODES]

    # --- What got worse --------------------------------------------------------------------------

    @cached_property
    def regressions(self) -> list[RegressionPart]:
        """Those that must not get worse come first."""
        marked = self.evidence.protected
        lost = sorted(self.evidence.lost, key=lambda moved: moved.example not in marked)
        shown = lost if self.asked.has("all") else lost[:FIRST]
        return [self._regression(moved) for moved in shown]

    def _regression(self, moved: Moved) -> RegressionPart:
        look = self._mine(Point.Kind.REGRESSION, moved.example)
        marked = moved.example in self.evidence.protected
        passed = self._mine(Point.Kind.PROTECTED, moved.example) if marked else look
        reason = passed.reason if passed else ""
        url = self.example_url(moved.example)
        return RegressionPart(moved, url, look is not None, reason, marked)

    def example_url(self, example: str) -> str:
        """Both full transcripts, and the way to the next example that got worse."""
        keys = [self.project_run.project.slug, self.project_run.number, example]
        shown = {"c": f"0,{self.evidence.provenance.candidate}", "show": "regressions"}
        return f"{reverse('runs:example', args=keys)}?{urlencode(shown, safe=',')}"

    @cached_property
    def left(self) -> list[Point]:
        """What the reader has still to look at before they can approve."""
        return packets.unseen(self.packet, self.reader)

    @property
    def modules_left(self) -> int:
        return sum(point.kind == Point.Kind.MODULE for point in self.left)

    @property
    def regressions_left(self) -> int:
        return sum(point.kind == Point.Kind.REGRESSION for point in self.left)

    @property
    def protected_left(self) -> list[str]:
        """Examples that must not get worse and did, which the reader gave no reason for."""
        return [point.name for point in self.left if point.kind == Point.Kind.PROTECTED]

    # --- Demos ----------------------------------------------------------------------------------

    @cached_property
    def demos(self) -> list[DemoPart]:
        """Every fixed demo with its row; one query."""
        dataset = self.project_run.dataset
        rows = [demo.row for demo in self.evidence.demos if demo.row]
        known = set(_known(dataset, rows)) if dataset else set()
        return [
            DemoPart(demo, self._row_url(demo.row) if demo.row in known else "")
            for demo in self.evidence.demos
        ]

    @property
    def is_personal(self) -> bool:
        return any(demo.personal for demo in self.evidence.demos)

    def _row_url(self, row: str) -> str:
        keys = [self.project_run.project.slug, self.project_run.dataset_id, row]
        return reverse("datasets:row", args=keys)

    def _demos_url(self, module: str) -> str:
        source = self.evidence.provenance
        keys = [self.project_run.project.slug, source.run, source.candidate, module]
        return reverse("runs:demos", args=keys)


def _known(dataset: Dataset, rows: Sequence[str]) -> list[str]:
    return list(dataset.examples.filter(key__in=rows).values_list("key", flat=True))
