"""The phases of a run as its page lists them, each with what it gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.conversation.events import Phase, StopReason
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.stats import FullScore
from optimizer.models import Run, RunEvent
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.progress import has_final_word, phases_in
from promptlab.runs.results.style import style_of


@dataclass(frozen=True)
class PhaseShown:
    """`state` is "done", "now" or ""."""

    label: str
    note: str
    state: str


def phases_of(
    project_run: ProjectRun,
    spec: RunSpec,
    events: Sequence[RunEvent],
    baseline: FullScore | None,
    planned: int,
) -> list[PhaseShown]:
    """All phases of this run's optimizer, then the review."""
    run, order = project_run.run, phases_in(spec, has_final_word(spec, project_run.run))
    notes = _notes(events, baseline, style_of(spec.optimizer).count % {"n": planned})
    place = order.index(Phase(run.phase)) if run.phase in order else -1
    cut_short = run.stop_reason in (StopReason.BUDGET, StopReason.TIME)
    if run.status == Run.Status.FINISHED and not cut_short:
        place = len(order)
    searches = style_of(spec.optimizer).searches
    shown = [
        PhaseShown(_label(phase, searches), notes.get(phase, ""), _state(run, index, place))
        for index, phase in enumerate(order)
    ]
    return [*shown, _review(project_run)]


def _label(phase: Phase, searches: bool) -> str:
    labels = {
        Phase.BASELINE: _("Baseline"), Phase.BOOTSTRAP: _("Demos"), Phase.PROPOSE: _("Proposals"),
        Phase.SEARCH: _("Search") if searches else _("Evaluations"), Phase.FINAL: _("Test"),
    }  # fmt: skip
    return labels[phase]


def _state(run: Run, index: int, place: int) -> str:
    if index < place:
        return "done"
    return "now" if index == place and not run.ended else ""


def _notes(events: Sequence[RunEvent], baseline: FullScore | None, search: str) -> dict[Phase, str]:
    sets = sum(e.kind == "demo_set_found" and e.data["index"] > 0 for e in events)
    written = sum(e.kind == "instruction_proposed" and e.data["index"] > 0 for e in events)
    notes = {Phase.SEARCH: search}
    if baseline is not None:
        notes[Phase.BASELINE] = f"{100 * baseline.mean:.1f}"
    if sets:
        notes[Phase.BOOTSTRAP] = ngettext("%(n)s set", "%(n)s sets", sets) % {"n": sets}
    if written:
        notes[Phase.PROPOSE] = _("%(n)s written") % {"n": written}
    return notes


def _review(project_run: ProjectRun) -> PhaseShown:
    if project_run.decision:
        # There is little room: the card below says it in full.
        asked = project_run.decision == ProjectRun.Decision.CHANGES
        told = _("changes") if asked else project_run.get_decision_display()
        return PhaseShown(_("Review"), told, "done")
    if project_run.run.status == Run.Status.FINISHED:
        return PhaseShown(_("Review"), _("you"), "now")
    return PhaseShown(_("Review"), "", "")
