"""What the run page says, at first paint and later: its parts draw from it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from optimizer.core.conversation.events import StopReason
from optimizer.jobs.besides import TAKES_IN
from optimizer.running.unread import Unread, unread_of
from promptlab.runs.results.about import (
    About,
    ModelShown,
    Spent,
    about_of,
    models_of,
    spent_of,
    writes_with_embedded,
)
from promptlab.runs.results.candidate_table import Contender
from promptlab.runs.results.evidence import (
    MOST_CANDIDATES,
    comparing,
    evaluated,
    in_sentence,
)
from promptlab.runs.results.final_word import FinalWord
from promptlab.runs.results.state import RunState, VersionScores, approved_in, result_with_costs
from promptlab.runs.watching import proposals_found
from promptlab.runs.watching.matrix import Matrix, matrix_of
from promptlab.runs.watching.pace import pace_of, planned_of
from promptlab.runs.watching.phases import PhaseShown, phases_of
from promptlab.runs.watching.run_status import RunStatus, status_of
from promptlab.runs.watching.search_shown import SearchShown
from promptlab.runs.watching.trials_table import TrialsTable
from promptlab.runs.watching.writing_worth import (
    plain_gain_of,
    told_of_plain,
    told_of_writer,
)
from promptlab.ui.numbers import money, score
from promptlab.ui.parameters import Parameters

LOG_LINES = 60


class RunPage:
    """One run as one reader sees it. `asked` says which trials, and which page of them; `spent` is
    what its models took where that was counted before.
    """

    def __init__(
        self,
        state: RunState,
        asked: Parameters | None = None,
        now: datetime | None = None,
        spent: Spent | None = None,
    ) -> None:
        self.state, self.now = state, now or timezone.now()
        self._spent = spent
        self.result = result_with_costs(state.project_run)
        self.final = FinalWord(state.run, self.result)
        self.table = TrialsTable(state, self.result.best_number, asked or Parameters(), self.path)

    # --- Status --------------------------------------------------------------------------------

    @cached_property
    def status(self) -> RunStatus:
        pace = pace_of(self.state, self.planned, self.result.kept, self.now)
        return status_of(self.state.project_run, self.state.run, pace, self.now)

    @property
    def tab_state(self) -> str:
        """What the tab's icon shows: live, ok, stop or fail."""
        kinds = {"ok": "ok", "stop": "stop", "pause": "stop", "fail": "fail"}
        return kinds.get(self.status.kind, "live")

    @cached_property
    def unread(self) -> Unread | None:
        """Replies of the baseline that the run waits for somebody to look at."""
        return unread_of(self.state.run)

    @cached_property
    def planned(self) -> int:
        return planned_of(self.state)

    @cached_property
    def phases(self) -> list[PhaseShown]:
        state = self.state
        return phases_of(
            state.project_run, state.spec, state.events, self.result.baseline, self.planned
        )

    # --- Results -------------------------------------------------------------------------------

    @cached_property
    def search(self) -> SearchShown:
        return SearchShown(self.state, self.result, self.planned)

    @cached_property
    def matrix(self) -> Matrix | None:
        """What each model made of each candidate, where there are several, or draws."""
        return matrix_of(self.state.run, self.state.spec)

    @cached_property
    def worth_of_writing(self) -> list[str]:
        """What the plain instruction alone reaches, and what the writer took; once it has ended."""
        if not self.state.run.ended or not self.state.style.searches:
            return []
        plain = plain_gain_of(self.state, self.result)
        told = (told_of_plain(plain, self.result.best_number), told_of_writer(self.models))
        return [sentence for sentence in told if sentence]

    @cached_property
    def settled(self) -> list[str]:
        """Of an evaluation: what can be said of each candidate against the baseline."""
        state = self.state
        if state.style.searches or not state.run.ended:
            return []
        numbers = sorted({one.number for one in self.table.all_contenders} | {0})
        found = evaluated(state.run, numbers)
        return [against.verdict for against in comparing(found).others] if found else []

    @property
    def baseline_n(self) -> int | None:
        """Of how many examples the baseline's score is, where it is not of all."""
        baseline = self.result.baseline
        return baseline.n if baseline and self.state.board.baseline is None else None

    @property
    def fulls(self) -> str:
        """Of what the full evaluations are, in words."""
        style = self.about.style
        if style.shares_parts:
            return str(style.fulls) % {"all": len(self.table.all_contenders)}
        trials = str(style.count % {"n": self.planned})
        return str(style.fulls % {"n": self.table.fulls, "all": trials})

    @cached_property
    def order_note(self) -> str:
        """Why the best is not who was scored highest; "" where it is."""
        higher = self.table.higher if self.state.style.shares_parts else None
        if higher is None or self.result.best is None:
            return ""
        who = {"who": in_sentence(higher.number), "score": score(higher.mean)}
        told = _("The best is who is expected to do best on new examples. The highest score "
                 "(%(score)s, of %(who)s) is taken for luck in part.") % who  # fmt: skip
        expected = self.result.expected
        if expected is None or higher.expected is None:
            return told
        figures = {"other": score(higher.expected), "best": score(expected.mean)}
        if higher.expected <= expected.mean:
            return f"{told} " + _("Expected: %(other)s, against %(best)s of the best.") % figures
        return (
            f"{told} "
            + _(
                "Expected: %(other)s, against %(best)s of the original prompt, which stays unless "
                "0.1 points more are expected."
            )
            % figures
        )

    @property
    def warnings(self) -> list[str]:
        return proposals_found.notes_of(self.state.events, warnings=True)

    @property
    def notes(self) -> list[str]:
        return proposals_found.notes_of(self.state.events, warnings=False)

    @cached_property
    def log(self) -> list[proposals_found.LogLine]:
        state = self.state
        return proposals_found.log_of(state.events, state.board, state.style, LOG_LINES)[::-1]

    @property
    def decision_title(self) -> str:
        decided = self.state.project_run
        told = {"what": decided.get_decision_display(), "who": decided.decided_by}
        return _("%(what)s by %(who)s") % told

    @property
    def approved(self) -> VersionScores | None:
        """The version's own figures, which need not be those of the best."""
        return approved_in(self.state.project_run)

    @property
    def approved_name(self) -> str:
        found = self.approved
        if found is None:
            return ""
        return in_sentence(found.candidate).capitalize()

    # --- What it was made of -------------------------------------------------------------------

    @property
    def about(self) -> About:
        return about_of(self.state.project_run, self.state.spec)

    @property
    def models(self) -> list[ModelShown]:
        spent = spent_of(self.state.run) if self._spent is None else self._spent
        return models_of(self.state.spec, self.state.providers, spent)

    @property
    def writes_with_embedded(self) -> bool:
        """Whether instructions are written by the small model that comes with the product."""
        return writes_with_embedded(self.state.spec, self.state.providers)

    @property
    def next_seed(self) -> int:
        """With which the same run takes other draws."""
        return self.state.spec.seed + 1

    @cached_property
    def unconfirmed(self) -> Contender | None:
        """Who was ahead on the examples it met when the search was cut short, and was not scored on
        all of them; None where nobody was.
        """
        run = self.state.run
        capped = run.stop_reason in (StopReason.BUDGET, StopReason.TIME)
        cut = capped or run.status == run.Status.CANCELLED
        if not (cut and run.status in TAKES_IN and self.state.style.searches):
            return None
        return self.table.ahead

    @property
    def cap_told(self) -> str | None:
        """The cap in dollars; None where there is none."""
        cap = self.state.run.max_cost
        return None if cap is None else money(cap)

    @property
    def cap_dollars(self) -> str:
        cap = self.state.run.max_cost
        return "" if cap is None else f"{cap / 1_000_000:.2f}"

    # --- Addresses, those of the rooms above by name -------------------------------------------

    @property
    def path(self) -> str:
        return reverse("runs:run", args=self._address)

    @property
    def review_url(self) -> str:
        return reverse("reviews:review", args=[*self._address, self.result.best_number])

    @property
    def version_url(self) -> str:
        approved = self.state.project_run
        place = [approved.project.slug, approved.program_id, approved.version_number]
        return reverse("releases:version", args=place)

    @property
    def compare_url(self) -> str:
        return f"{reverse('runs:compare', args=self._address)}?c=0,{self.result.best_number}"

    @property
    def compare_all_url(self) -> str:
        numbers = sorted({0, *(one.number for one in self.table.all_contenders)})[:MOST_CANDIDATES]
        shown = ",".join(map(str, numbers))
        return f"{reverse('runs:compare', args=self._address)}?c={shown}"

    @property
    def _address(self) -> tuple[str, int]:
        return self.state.project_run.project.slug, self.state.project_run.number
