"""Everything the run page shows, read once; its parts draw from it at first paint and later."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from optimizer.codec import from_json
from optimizer.core.conversation.events import Phase, TestScored
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore
from optimizer.core.optimizers import optimizer_named
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.models import Provider, Run, RunEvent
from optimizer.running.unread import Unread, unread_of
from promptlab.health import workers_alive
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import board as boards
from promptlab.runs.results import evidence, final
from promptlab.runs.results.board import Board, TrialRow
from promptlab.runs.results.candidate_table import Contender, contenders, so_far
from promptlab.runs.results.final import Recommendation
from promptlab.runs.results.progress import examples_left, plan_of, seconds_per_example, share_done
from promptlab.runs.watching import proposals_found
from promptlab.runs.watching.about import ModelShown, effort_text, models_of, writes_with_embedded
from promptlab.runs.watching.phases import PhaseShown, phases_of
from promptlab.runs.watching.run_status import (
    Pace,
    Standing,
    gain_of,
    is_silent,
    score_in,
    standing,
)
from promptlab.ui import charts
from promptlab.ui.parameters import Parameters
from promptlab.ui.tabs import Tab

LOG_LINES = 60
MOST_BARS = 10
"""Parameters whose importance is shown."""


class RunPage:
    """One run as one reader sees it. `asked` says which trials, and which page of them."""

    def __init__(
        self, project_run: ProjectRun, asked: Parameters | None = None, now: datetime | None = None
    ) -> None:
        self.project_run, self.run = project_run, project_run.run
        self.asked = asked or Parameters()
        self.now = now or timezone.now()

    def borrow(self, earlier: RunPage) -> None:
        """Take over what an earlier page of this run read, while no event has come since."""
        for name in ("spec", "board", "events", "providers"):
            if name in earlier.__dict__:
                self.__dict__[name] = earlier.__dict__[name]

    # --- What is read, each once ---------------------------------------------------------------

    @cached_property
    def spec(self) -> RunSpec:
        return queries.spec_of(self.run)

    @cached_property
    def modules(self) -> list[str]:
        return [m.name for m in self.spec.program.modules]

    @cached_property
    def board(self) -> Board:
        return boards.board_of(self.run, self.modules)

    @cached_property
    def events(self) -> list[RunEvent]:
        return proposals_found.events_of(self.run)

    @cached_property
    def providers(self) -> dict[int, Provider]:
        return queries.providers_of(self.spec)

    # --- Status --------------------------------------------------------------------------------

    @cached_property
    def standing(self) -> Standing:
        return standing(self.project_run, self.run, self.pace, self.now)

    @cached_property
    def unread(self) -> Unread | None:
        """Replies of the baseline that the run waits for somebody to look at."""
        return unread_of(self.run)

    @cached_property
    def pace(self) -> Pace:
        plan = plan_of(self.spec, self.run.validation.count, self._test_count)
        queued = self.run.status == Run.Status.QUEUED
        waits = queued or is_silent(self.run, self.now)
        # In a race full evaluations are made of the blocks: they are no trials of their own.
        scored = self.board.minibatches if self.races else self.board.scored
        return Pace(
            trials=len(scored),
            planned=max(self.planned, len(scored)),
            share=share_done(plan, self.run),
            left=examples_left(plan, self.run),
            per_example=seconds_per_example([t.timed for t in scored if t.timed]),
            ahead=queries.ahead_of(self.run) if queued else (),
            workers=workers_alive() if waits else None,
            kept=self.kept,
        )

    @cached_property
    def planned(self) -> int:
        """Trials planned: as the search announced them, before that as the settings have it.

        A race that is over has had as many as it had: lessons are paid from the same budget.
        """
        if self.races and self.run.status == Run.Status.FINISHED:
            return len(self.board.minibatches)
        for event in reversed(self.events):
            if event.kind == "phase_started" and event.data["phase"] == Phase.SEARCH:
                return cast(int, event.data["steps"])
        return plan_of(self.spec, self.run.validation.count, self._test_count).trials

    @property
    def _test_count(self) -> int:
        return self.run.test.count if self.run.test else 0

    @cached_property
    def phases(self) -> list[PhaseShown]:
        return phases_of(self.project_run, self.spec, self.events, self.baseline, self.planned)

    # --- Figures -------------------------------------------------------------------------------

    @cached_property
    def baseline(self) -> FullScore | None:
        return score_in(self.run.baseline_score)

    @cached_property
    def best(self) -> FullScore | None:
        return score_in(self.run.best_score)

    @property
    def gain(self) -> float | None:
        return gain_of(self.run)

    @property
    def baseline_n(self) -> int | None:
        """Of how many examples the baseline's score is, where it is not of all."""
        return self.baseline.n if self.baseline and self.board.baseline is None else None

    @property
    def fulls(self) -> int:
        """Full evaluations after the first trial; in a race, candidates that have one."""
        if self.races:
            return sum(one.full for one in self.all_contenders)
        return len(self.board.fulls)

    @property
    def races(self) -> bool:
        return optimizer_named(self.spec.optimizer).races

    @property
    def scorable(self) -> int:
        """Examples that a full evaluation scores."""
        return min(self.run.validation.count, self.spec.settings.max_validation)

    @cached_property
    def comparison(self) -> Comparison | None:
        return from_json(Comparison, self.run.comparison) if self.run.comparison else None

    @cached_property
    def verdict(self) -> str:
        """The end in a sentence; "" while the run goes on."""
        if not self.run.ended or self.best is None:
            return ""
        if self.best_number == 0:
            return _(
                "The baseline stays: no candidate that was scored on all %(n)s validation "
                "examples is expected to do better."
            ) % {"n": self.best.n}
        if self.comparison is None:
            return ""
        name = _("Candidate %(n)s") % {"n": self.best_number}
        return evidence.verdict(self.comparison, 0, name)

    @cached_property
    def next_steps(self) -> list[str]:
        return final.next_steps(self.baseline) if self.kept else []

    @cached_property
    def test(self) -> TestScored | None:
        return from_json(TestScored, self.run.test_result) if self.run.test_result else None

    @cached_property
    def expected(self) -> Estimate | None:
        """What the best so far is expected to score on new examples."""
        return final.expected_of(self.run)

    @cached_property
    def recommendation(self) -> Recommendation | None:
        return final.recommendation_of(self.run)

    @cached_property
    def kept(self) -> bool:
        """Whether the run has ended with the original prompt as the recommended one."""
        return self.recommendation is not None and self.recommendation.kept

    @property
    def test_title(self) -> str:
        return final.final_title(self.test) if self.test else ""

    @cached_property
    def look(self) -> str:
        return final.look_text(self.run) if self.test else ""

    @cached_property
    def test_verdict(self) -> str:
        if self.test is None or self.best_number == 0:
            return ""
        name = _("Candidate %(n)s") % {"n": self.best_number}
        return evidence.verdict(self.test.comparison, 0, name)

    @property
    def best_number(self) -> int | None:
        return self.run.best_candidate.number if self.run.best_candidate else None

    @property
    def best_choice(self) -> dict[str, int] | None:
        return self.run.best_candidate.choice if self.run.best_candidate else None

    # --- Charts and tables ---------------------------------------------------------------------

    @cached_property
    def chart(self) -> charts.ScoreChart:
        return boards.score_chart(
            self.board,
            self.planned,
            (self.project_run.project.slug, self.project_run.number),
            proposals_found.bests_of(self.events),
            self.baseline.mean if self.baseline else None,
            so_far(self.board) if self.races else None,
        )

    @cached_property
    def costs(self) -> charts.CostChart | None:
        return boards.cost_chart(self.board, self.project_run.project.slug, self.project_run.number)

    @property
    def has_minibatches(self) -> bool:
        return self.uses["minibatch_size"] and self.spec.settings.minibatch_size < self.scorable

    @cached_property
    def uses(self) -> dict[str, bool]:
        """Whether each own setting counts with this run's optimizer."""
        ignored = optimizer_named(self.spec.optimizer).ignores
        return {name: name not in ignored for name in OWN_SETTINGS}

    @property
    def show(self) -> boards.Show:
        wanted = self.asked.text("trials")
        return next((show for show in boards.SHOWS if show == wanted), self._first_show)

    @property
    def _first_show(self) -> boards.Show:
        """In a race a single trial says little: candidates come first."""
        return "candidates" if self.races else "all"

    @cached_property
    def all_contenders(self) -> list[Contender]:
        return contenders(self.run, self.board, self.best_number, self.scorable)

    @cached_property
    def contenders(self) -> Page[Contender]:
        return Paginator(self.all_contenders, boards.PAGE).get_page(self.asked.page)

    @cached_property
    def trials(self) -> Page[TrialRow]:
        rows = boards.shown(self.board, self.show)
        page = Paginator(rows, boards.PAGE).get_page(self.asked.page)
        page.object_list = boards.with_changes(self.run, self.board, list(page.object_list))
        return page

    @property
    def trial_tabs(self) -> list[Tab]:
        labels = {
            "candidates": _("Candidates"), "all": _("All"), "full": _("Full only"),
            "best": _("Best 10"),
        }  # fmt: skip
        first = self._first_show
        return [
            Tab(
                labels[show], self.path if show == first else f"{self.path}?trials={show}",
                show == self.show,
            )
            for show in boards.SHOWS
        ]  # fmt: skip

    @cached_property
    def best_trial(self) -> int | None:
        """The last full evaluation of the best candidate: the run says which that is."""
        return max(
            (t.number for t in self.board.fulls if t.candidate == self.best_number), default=None
        )

    @cached_property
    def found(self) -> tuple[proposals_found.ModuleFindings, ...]:
        return proposals_found.findings_of(
            self.spec.program, self.events, self.board, self.best_choice
        )

    @property
    def anything_found(self) -> bool:
        return any(m.instructions or m.demo_sets for m in self.found)

    @cached_property
    def heats(self) -> list[charts.Heat]:
        return proposals_found.heats_of(self.found, self.board, self.best_choice)

    @cached_property
    def importances(self) -> dict[str, float]:
        return proposals_found.importances_of(self.events)

    @property
    def importance_bars(self) -> tuple[charts.Bar, ...]:
        shares = list(self.importances.items())[:MOST_BARS]
        return charts.importance(
            [(proposals_found.parameter_name(n), share) for n, share in shares]
        )

    @property
    def heat_of_minibatches(self) -> bool:
        return bool(self.board.minibatches)

    # --- Notes ---------------------------------------------------------------------------------

    @property
    def warnings(self) -> list[str]:
        return proposals_found.notes_of(self.events, warnings=True)

    @property
    def notes(self) -> list[str]:
        return proposals_found.notes_of(self.events, warnings=False)

    @property
    def writes_with_embedded(self) -> bool:
        """Whether instructions are written by the small model that comes with the product."""
        return writes_with_embedded(self.spec, self.providers)

    @property
    def models(self) -> list[ModelShown]:
        return models_of(self.spec, self.providers)

    @property
    def effort(self) -> str:
        return effort_text(self.project_run.effort)

    @property
    def optimizer_title(self) -> str:
        return optimizer_named(self.spec.optimizer).title

    @cached_property
    def log(self) -> list[proposals_found.LogLine]:
        return proposals_found.log_of(self.events, self.board, self.races)[-LOG_LINES:][::-1]

    @property
    def path(self) -> str:
        return reverse("runs:run", args=[self.project_run.project.slug, self.project_run.number])

    @property
    def priced(self) -> bool:
        """Whether dollars are worth a column."""
        return bool(self.run.spent or self.run.held_cost)

    @property
    def tab_state(self) -> str:
        """What the tab's icon shows: live, ok, stop or fail."""
        kinds = {"ok": "ok", "stop": "stop", "pause": "stop", "fail": "fail"}
        return kinds.get(self.standing.kind, "live")

    @property
    def decision_title(self) -> str:
        told = {"what": self.project_run.get_decision_display(), "who": self.project_run.decided_by}
        return _("%(what)s by %(who)s") % told

    # --- Addresses of the rooms above, by name -------------------------------------------------

    @property
    def review_url(self) -> str:
        return reverse("reviews:review", args=[*self._address, self.best_number])

    @property
    def version_url(self) -> str:
        place = [
            self.project_run.project.slug,
            self.project_run.program_id,
            self.project_run.version_number,
        ]
        return reverse("releases:version", args=place)

    @property
    def compare_url(self) -> str:
        return f"{reverse('runs:compare', args=self._address)}?c=0,{self.best_number}"

    @property
    def _address(self) -> list[Any]:
        return [self.project_run.project.slug, self.project_run.number]

    @property
    def cap_dollars(self) -> str:
        return "" if self.run.max_cost is None else f"{self.run.max_cost / 1_000_000:.2f}"
