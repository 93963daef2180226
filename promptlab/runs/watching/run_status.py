"""How a run stands, in the words of its status bar. Pure: rows and the time come as arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.utils.translation import ngettext

from optimizer.core.conversation.events import Phase, StopReason
from optimizer.models import Run
from optimizer.running import unread
from optimizer.running.interruptions import Why
from optimizer.sentences import sentence
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.final import score_in
from promptlab.ui.numbers import duration, money

LOOKED_AT = (unread.STOP_REASON, Why.REPLIES_CUT.value, Why.CODE_HANGS.value)
"""Stop reasons of runs that go on as they are, once somebody has looked."""

SILENCE = timedelta(seconds=15)
"""A worker says something every second, and another one has taken its run by now if one was free:
longer silence is worth telling."""
PATIENCE = timedelta(seconds=15)
"""How long a queued run may wait before we ask whether there is a worker at all."""
FEWEST_TRIALS = 3
"""No remaining time is given before this many trials: it would be a guess."""


@dataclass(frozen=True)
class Pace:
    """What the bar needs beside the run: the plan's size and how quick it has been.

    `share` is the done part of the whole, 0–1. `left` is examples still to score, `per_example`
    seconds of wall clock each took lately. `workers` is how many are alive, None when not asked.
    `kept`: the run ended with the original prompt as the recommended one. `steps` says how many of
    the planned trials there were, `cap` which cap ended it.
    """

    trials: int
    planned: int
    share: float
    left: int = 0
    per_example: float | None = None
    ahead: tuple[int, ...] = ()
    workers: int | None = None
    kept: bool = False
    steps: str = ""
    cap: str = ""


@dataclass(frozen=True)
class RunStatus:
    """`state` names the row of the state table; `kind` is the chip's colour; `title` the tab's.

    `said` is what a provider said of the problem: only for who may edit providers. `resume` is what
    the button says.
    """

    state: str
    label: str
    kind: str
    title: str
    note: str = ""
    problem: str = ""
    said: str = ""
    share: float | None = None
    frozen: bool = False
    trials: int = 0
    planned: int = 0
    left: str = ""
    spent: str = ""
    can_pause: bool = False
    can_resume: bool = False
    resume: str = ""
    can_cancel: bool = False
    can_raise: bool = False
    review_reason: str = ""

    @property
    def percent(self) -> int | None:
        return None if self.share is None else math.floor(100 * self.share)

    @property
    def live(self) -> bool:
        return self.kind in ("live", "wait", "warn")


_PHASES = {
    Phase.BASELINE: later("Scoring the baseline"),
    Phase.BOOTSTRAP: later("Making demos"),
    Phase.PROPOSE: later("Writing instructions"),
    Phase.SEARCH: later("Searching"),
    Phase.FINAL: later("Final test"),
}


def status_of(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    """The state of a run, as the state table of the design has it."""
    tell = {
        Run.Status.QUEUED: _queued,
        Run.Status.RUNNING: _running,
        Run.Status.PAUSED: _paused,
        Run.Status.CANCELLED: _cancelled,
        Run.Status.FAILED: _failed,
        Run.Status.FINISHED: _finished,
    }
    return tell[Run.Status(run.status)](project_run, run, pace, now)


def _queued(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    if pace.workers == 0 and now - run.created_at > PATIENCE:
        return _common(
            run, pace, state="no_worker", kind="warn", label=_("No worker"), title="(…)",
            problem=_("No worker is running, so nothing takes this run. Start one (“make run” "
                      "does, or “manage.py worker”); the run then begins by itself."),
            can_pause=False, can_cancel=True, review_reason=_("Nothing is found yet."),
        )  # fmt: skip
    note = _("Starts as soon as a worker is free.")
    if pace.ahead:
        names = ", ".join(_("Run %(n)s") % {"n": n} for n in pace.ahead[:3])
        note = _("Starts after %(runs)s.") % {"runs": names}
    label = _("Queued")
    if len(pace.ahead) > 1:
        label = _("Queued, %(n)s before it") % {"n": len(pace.ahead)}
    return _common(
        run, pace, state="queued", kind="wait", label=label, title="(…)", note=note,
        can_pause=True, can_cancel=True, review_reason=_("Nothing is found yet."),
    )  # fmt: skip


def is_silent(run: Run, now: datetime) -> bool:
    """Whether nobody has said for some time that the run goes on."""
    return run.status == Run.Status.RUNNING and now - _heard(run) > SILENCE


def _heard(run: Run) -> datetime:
    return run.heard_at or run.started_at or run.created_at


def _running(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    if is_silent(run, now):
        return _silent(run, pace, now)
    if run.wish == Run.Wish.CANCEL:
        return _winding_down(run, pace, "cancelling", _("Stopping"))
    if run.wish == Run.Wish.PAUSE:
        return _winding_down(run, pace, "pausing", _("Pausing"))
    label = _PHASES.get(Phase(run.phase), run.phase) if run.phase else _("Starting")
    return _common(
        run, pace, state=run.phase or "starting", kind="live", label=str(label),
        title=_percent_title(pace.share), share=pace.share, left=_left(run, pace),
        can_pause=True, can_cancel=True, review_reason=_reason_running(),
    )  # fmt: skip


def _silent(run: Run, pace: Pace, now: datetime) -> RunStatus:
    """Nobody holds it, so what is pressed is done at once, and may be pressed again."""
    since = duration(float(round((now - _heard(run)).total_seconds())))
    problem = _("The worker that had this run has said nothing since, and has lost it: the next "
                "worker that is free goes on with it by itself.")  # fmt: skip
    if pace.workers == 0:
        problem = _("The worker that had this run has said nothing since, and no other one is "
                    "there. Start one (“make run” does, or “manage.py worker”); it goes on with "
                    "the run by itself.")  # fmt: skip
    return _common(
        run, pace, state="stalled", kind="warn", title="(!)",
        label=_("No news for %(time)s") % {"time": since}, frozen=True, share=pace.share,
        can_pause=run.wish != Run.Wish.CANCEL, can_cancel=True, problem=problem,
        note=_("Nothing that was paid for is lost. Pause and cancel work without a worker, too."),
        review_reason=_reason_running(),
    )  # fmt: skip


def _winding_down(run: Run, pace: Pace, state: str, label: str) -> RunStatus:
    calls = run.held_calls
    note = ngettext("%(n)s call is left to finish.", "%(n)s calls are left to finish.", calls)
    return _common(
        run, pace, state=state, kind="wait", label=label, title=_percent_title(pace.share),
        note=note % {"n": calls} if calls else "", frozen=True, share=pace.share,
        can_resume=state == "pausing", resume=_("Resume"), can_cancel=state == "pausing",
        review_reason=_reason_running(),
    )  # fmt: skip


def _paused(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    note = _("Everything found so far is kept. Resume goes on where it stopped.")
    return _common(
        run, pace, state="paused", kind="pause", label=_("Paused"), title="(‖)", note=note,
        problem=sentence(run.message), said=run.said,
        frozen=True, share=pace.share, can_resume=True, can_cancel=True,
        resume=_("Resume anyway") if run.stop_reason in LOOKED_AT else _("Resume"),
        review_reason=_nothing_proved(run),
    )  # fmt: skip


def _cancelled(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    label = _("Cancelled")
    if pace.trials:
        label = _("Cancelled at %(n)s / %(all)s") % {"n": pace.trials, "all": pace.planned}
    return _common(
        run, pace, state=project_run.decision or "cancelled", kind="stop", label=label,
        title=_("Cancelled"),
        note=_("Everything found until then is kept."), frozen=True, share=pace.share,
        review_reason=_nothing_proved(run),
    )  # fmt: skip


def _failed(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    label = _("Failed")
    if pace.trials:
        label = _("Failed at trial %(n)s") % {"n": pace.trials}
    kept = _("Everything found until then is kept, and nothing paid for is paid again.")
    return _common(
        run, pace, state="failed", kind="fail", label=label, title="✕",
        problem=sentence(run.message) or kept, said=run.said, note=kept if run.message else "",
        frozen=True, share=pace.share, can_resume=True, can_cancel=True,
        review_reason=_nothing_proved(run),
    )  # fmt: skip


def _finished(project_run: ProjectRun, run: Run, pace: Pace, now: datetime) -> RunStatus:
    best = score_in(run.best_score)
    shown = "" if best is None else f" {100 * best.mean:.1f}"
    gained = _gained(run) and not pace.kept
    state = project_run.decision or ("better" if gained else "no_gain")
    return _common(
        run, pace, state=state, kind="stop" if state == "reject" else "ok", label=_end(run),
        title=f"✓{shown}", note=_why(run, pace), review_reason=_nothing_proved(run),
        share=pace.share if was_capped(run) else 1.0, frozen=was_capped(run),
    )  # fmt: skip


def was_capped(run: Run) -> bool:
    """Whether a cap of its own ended the run before it had done what was planned."""
    return run.stop_reason in (StopReason.BUDGET, StopReason.TIME)


def _end(run: Run) -> str:
    return _("Stopped by its cap") if was_capped(run) else _("Finished")


def _why(run: Run, pace: Pace) -> str:
    """Why it is over, and after a cap what to do next."""
    if not was_capped(run):
        return str(_STOPPED.get(run.stop_reason, ""))
    parts = [_("%(steps)s, stopped by the %(cap)s.") % {"steps": pace.steps, "cap": pace.cap}]
    if run.phase == Phase.FINAL:
        parts.append(_("The final test was not made."))
    if run.best_score:
        parts.append(_("The best that was scored on every example is kept."))
    parts.append(
        _("To go on, run it again with a higher cap: what was paid for is not paid again.")
    )
    return " ".join(parts)


_STOPPED: dict[str, Any] = {
    StopReason.NO_GAIN: later("Stopped early: going on promised no gain. The notes say why."),
    StopReason.PERFECT: later("Every validation example is right: there was nothing left to gain."),
}  # fmt: skip


def _common(run: Run, pace: Pace, **told: object) -> RunStatus:
    spent = {"trials": pace.trials, "planned": pace.planned, "spent": spent_text(run)}
    if run.status != Run.Status.FINISHED and run.status != Run.Status.CANCELLED:
        spent["can_raise"] = run.max_calls is not None or run.max_cost is not None
    return RunStatus(**{**spent, **told})  # type: ignore[arg-type]


def spent_text(run: Run) -> str:
    """Money where there is any, calls otherwise."""
    if run.spent or run.max_calls is None:
        return money(run.spent)
    return _("%(n)s calls") % {"n": f"{run.used_calls:,}"}


def _left(run: Run, pace: Pace) -> str:
    """Honest remaining time: nothing before enough trials were timed, rounded up after."""
    if run.phase == Phase.FINAL and pace.per_example is None:
        return ""
    if pace.trials < FEWEST_TRIALS or pace.per_example is None:
        return _("estimating")
    seconds = pace.left * pace.per_example
    step = 1 if seconds < 60 else 10 if seconds < 600 else 60
    rounded = max(step * math.ceil(seconds / step), 1)
    return f"≈ {_('%(n)s s') % {'n': rounded} if rounded < 60 else duration(rounded)}"


def _percent_title(share: float) -> str:
    return f"({math.floor(100 * share)}%)"


def _reason_running() -> str:
    return _("The run is still going; the best so far can be looked at, and reviewed when it ends.")


def _nothing_proved(run: Run) -> str:
    return "" if run.best_candidate_id else _("No candidate was fully evaluated.")


def _gained(run: Run) -> bool:
    return bool(run.comparison and run.comparison.get("gain", 0) > 0)


def short_status(project_run: ProjectRun, run: Run) -> tuple[str, str]:
    """Chip kind and word for a line of a list."""
    if project_run.version_number:
        return "ok", _("Approved as v%(n)s") % {"n": project_run.version_number}
    if project_run.decision == ProjectRun.Decision.REJECTED:
        return "fail", _("Rejected")
    if project_run.decision == ProjectRun.Decision.CHANGES:
        return "warn", _("Changes requested")
    if run.status == Run.Status.RUNNING and run.wish == Run.Wish.CANCEL:
        return "wait", _("Stopping")
    if run.status == Run.Status.RUNNING and run.wish == Run.Wish.PAUSE:
        return "wait", _("Pausing")
    if run.status == Run.Status.RUNNING and run.phase:
        return "live", str(_PHASES.get(Phase(run.phase), run.phase))
    kinds = {
        Run.Status.QUEUED: "wait", Run.Status.RUNNING: "live", Run.Status.PAUSED: "pause",
        Run.Status.CANCELLED: "stop", Run.Status.FAILED: "fail", Run.Status.FINISHED: "ok",
    }  # fmt: skip
    label = _end(run) if run.status == Run.Status.FINISHED else str(Run.Status(run.status).label)
    return kinds[Run.Status(run.status)], label
