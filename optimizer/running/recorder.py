"""The record of a run: every step of the conversation as rows, and the summary written with them.

Steps are numbered from 1. A step that is recorded already (the run goes on after a stop) is
compared and not written again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from optimizer import codec, doorbell
from optimizer.core.conversation.events import (
    BestChanged,
    Event,
    FullScored,
    InstructionProposed,
    MinibatchScored,
    Phase,
    PhaseStarted,
    Result,
    StopReason,
    TestScored,
    TrialStarted,
)
from optimizer.core.conversation.requests import Ask, Evaluate, Outcomes, Replies, Request
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.instructions.history_board import Sign, Wish
from optimizer.core.problems import Message, Refused
from optimizer.core.programs.candidate import Candidate
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Exchange, HistoryWish, Run, RunEvent, Trial
from optimizer.models import Outcome as OutcomeRow
from optimizer.ownership import Superseded
from optimizer.running import joining, outcomes, prompts, resting, summary
from optimizer.running.evaluator import Open

COUNTS_EXAMPLES = (Phase.BASELINE, Phase.BOOTSTRAP, Phase.FINAL)
"""Phases whose steps are examples; the others count proposals or trials."""


def _differs(seq: int) -> Refused:
    """The conversation takes another course than the recorded one: going on would spend anew."""
    return Refused.because("run.replay_differs", step=seq)


class Recorder:
    """Writes one run as its owner in `epoch`; nothing once another epoch owns it (Superseded)."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seq = 0
        self._recorded = run.last_seq
        self._exchanges = {e.seq: e for e in run.exchanges.select_related("candidate")}
        self._kinds = dict(run.events.values_list("seq", "kind"))
        self._candidates = {c.digest: c for c in run.candidates.all()}
        self._waiting: list[Trial] = []
        self._phase: Phase | None = None
        self._phase_done = 0

    @property
    def phase(self) -> Phase | None:
        return self._phase

    @property
    def phase_base(self) -> int | None:
        """Examples that this phase answered before, None in a phase that does not count them."""
        return self._phase_done if self._phase in COUNTS_EXAMPLES else None

    def event(self, event: Event) -> None:
        """Record an announcement with what it changes in the summary.

        Raises:
            Refused: something else stands at this step.
        """
        self._seq += 1
        self._count(event)
        if self._seq <= self._recorded:
            if self._kinds.get(self._seq) != event.kind:
                raise _differs(self._seq)
            if isinstance(event, TrialStarted):
                self._expect(self._run.trials.get(number=event.number))
            return
        with self._writing(last_seq=self._seq, phase_done=self._phase_done):
            RunEvent.objects.create(
                run=self._run, seq=self._seq, kind=event.kind, data=prompts.to_row(event)
            )
            self._summarise(event)

    def open(self, request: Request) -> Open:
        """The request with what is known of its answer.

        Raises:
            Refused: another request stands at this step.
        """
        self._seq += 1
        row = self._exchanges.get(self._seq)
        if row is None:
            row = self._exchanges[self._seq] = self._new_exchange(request)
            return Open(request, row.pk)
        if row.digest != request.digest:
            raise _differs(self._seq)
        known = outcomes.of_exchange(row.pk) if isinstance(request, Evaluate) else {}
        return Open(request, row.pk, known, replies=codec.from_json(Replies, row.replies or []))

    def wish(self) -> str:
        """What is wished of the run now: run, pause or cancel."""
        return Run.objects.values_list("wish", flat=True).get(pk=self._run.pk)

    def wishes_of_history(self) -> Replies:
        """What people wish of the history now, in the order in which they said so."""
        found = HistoryWish.objects.filter(run=self._run).order_by("pk")
        return tuple(Wish(w.module, Sign(w.sign), w.text).told() for w in found)

    def refusal(self, opened: Sequence[Open]) -> str:
        """Why one of these was refused the first time, "" when none was."""
        rows = self._rows(opened)
        return next((row.refused for row in rows if row.refused), "")

    def is_answered(self, opened: Sequence[Open]) -> bool:
        return all(row.answered_at is not None for row in self._rows(opened))

    def answered(self, opened: Sequence[Open], stop_reason: str = "") -> None:
        """Record whole answers, failed examples as errors; `stop_reason`: the run rests after."""
        now, rests = timezone.now(), {"stop_reason": stop_reason} if stop_reason else {}
        with self._writing(answer_size=0, answer_done=0, **rests):
            for entry, row in zip(opened, self._rows(opened), strict=True):
                if isinstance(entry.request, Evaluate):
                    self._keep_errors(entry)
                    again = [o for o in entry.known.values() if o.asked_again]
                    row.asked_again = len(again)
                    row.answered_again = sum(not o.error for o in again)
                    self._sum_trial(row, entry.answer())
                asked = isinstance(entry.request, Ask)
                row.replies = codec.to_json(entry.replies, Replies) if asked else None
                row.answered_at = now
                row.save(update_fields=["replies", "answered_at", "asked_again", "answered_again"])
        self.pass_over(opened)

    def pass_over(self, opened: Sequence[Open]) -> None:
        """Count examples that are answered, now or before."""
        if self.phase_base is not None:
            self._phase_done += sum(
                len(o.request.examples) for o in opened if isinstance(o.request, Evaluate)
            )

    def refused(self, opened: Sequence[Open], reason: str) -> None:
        """Record that the budget or the time ended here, so that a replay ends here too."""
        with self._writing(answer_size=0, answer_done=0):
            for row in self._rows(opened):
                row.refused, row.answered_at = reason, timezone.now()
                row.save(update_fields=["refused", "answered_at"])

    def finished(self, result: Result | StopReason) -> None:
        """Record the end of the conversation."""
        values: dict[str, Any] = {"stop_reason": result, "message": ""}
        if isinstance(result, Result):
            values = summary.of_result(result)
            values["best_candidate"] = self._candidate(result.best, {})
        with self._writing(
            status=Run.Status.FINISHED, ended_at=timezone.now(), heard_at=None, **values
        ):
            if isinstance(result, Result):
                for candidate, estimate in result.estimates:
                    row = self._candidate(candidate, {})
                    row.expected = codec.to_json(estimate)
                    row.save(update_fields=["expected"])
                joining.join(self._run)

    def left(
        self,
        status: Run.Status,
        stop_reason: str,
        message: Message = "",
        *,
        said: str = "",
        wished: bool = False,
    ) -> None:
        """Record that the run stops here, for now or for good (`resting.leave`)."""
        resting.leave(
            self._run.pk, self._run.epoch, status, stop_reason, message, said=said, wished=wished
        )

    def baseline(self, candidate: Candidate) -> None:
        """Make the baseline candidate 0 before anything else appears."""
        with self._writing():
            self._candidate(candidate, {})

    @contextmanager
    def _writing(self, **columns: Any) -> Iterator[None]:
        """One transaction of the owner: the summary, the rows, and the bell."""
        with transaction.atomic():
            mine = Run.objects.filter(pk=self._run.pk, epoch=self._run.epoch)
            if not mine.update(epoch=self._run.epoch, **columns):
                raise Superseded
            yield
            doorbell.ring("run", self._run.pk)

    def _rows(self, opened: Sequence[Open]) -> list[Exchange]:
        by_id = {row.pk: row for row in self._exchanges.values()}
        return [by_id[entry.exchange] for entry in opened]

    def _count(self, event: Event) -> None:
        if isinstance(event, PhaseStarted):
            self._phase, self._phase_done = event.phase, 0
        elif isinstance(event, InstructionProposed) and self._phase is Phase.PROPOSE:
            self._phase_done += event.index > 0
        elif isinstance(event, MinibatchScored | FullScored) and self._phase is Phase.SEARCH:
            self._phase_done += 1

    def _summarise(self, event: Event) -> None:
        run = Run.objects.filter(pk=self._run.pk)
        if isinstance(event, PhaseStarted):
            run.update(phase=event.phase, phase_steps=event.steps)
        elif isinstance(event, TrialStarted):
            self._expect(self._new_trial(event))
        elif isinstance(event, MinibatchScored | FullScored):
            score = codec.to_json(event.score)
            trial = {"score": score, "mean": event.score.mean, "scored_at": timezone.now()}
            self._run.trials.filter(number=event.number).update(**trial)
            run.update(**summary.of_baseline(self._run, event))
            if isinstance(event, FullScored) and event.expected is not None:
                run.update(estimate=codec.to_json(event.expected))
        elif isinstance(event, BestChanged):
            run.update(**summary.of_best(self._run, event))
        elif isinstance(event, TestScored):
            run.update(test_result=codec.to_json(event))

    def _new_trial(self, event: TrialStarted) -> Trial:
        return Trial.objects.create(
            run=self._run,
            number=event.number,
            full=event.full,
            candidate=self._candidate(event.candidate, event.choice),
            choice=event.choice,
            size=event.size,
        )

    def _candidate(self, candidate: Candidate, choice: dict[str, int]) -> CandidateRow:
        """The candidate's row; numbers follow the order of first appearance, whose choice may come
        later: what is tried on training examples first has none yet.
        """
        row = self._candidates.get(candidate.digest)
        if row is None:
            row = self._candidates[candidate.digest] = CandidateRow.objects.create(
                run=self._run,
                number=len(self._candidates),
                digest=candidate.digest,
                prompts=prompts.to_row(candidate),
                choice=choice,
            )
        elif row.number and choice and not row.choice:
            row.choice = choice
            row.save(update_fields=["choice"])
        return row

    def _expect(self, trial: Trial) -> None:
        """A started trial waits for the exchange that evaluates it."""
        if trial.exchange_id is None:
            self._waiting.append(trial)

    def _new_exchange(self, request: Request) -> Exchange:
        with self._writing():
            row = Exchange(
                run=self._run, seq=self._seq, digest=request.digest, kind=request.kind,
                purpose=request.purpose[:30],
            )  # fmt: skip
            if isinstance(request, Evaluate):
                row.candidate = self._candidate(request.candidate, {})
                row.role, row.size = request.role, len(request.examples)
                row.model, row.sample = request.model, request.sample
            else:
                row.role, row.size = "optimizer", len(request.prompts)
            row.save()
            self._link_trial(row)
        return row

    def _link_trial(self, row: Exchange) -> None:
        trial = next((t for t in self._waiting if t.candidate_id == row.candidate_id), None)
        if trial is not None:
            self._waiting.remove(trial)
            Trial.objects.filter(pk=trial.pk).update(exchange=row)

    def _keep_errors(self, entry: Open) -> None:
        for position, outcome in entry.errors().items():
            entry.known[position] = outcome
            OutcomeRow.objects.create(
                exchange_id=entry.exchange, position=position, example=outcome.example_id,
                error=outcome.error, data=codec.to_json(outcome),
            )  # fmt: skip

    def _sum_trial(self, row: Exchange, answer: Outcomes | Replies) -> None:
        found = [o for o in answer if isinstance(o, Outcome)]
        Trial.objects.filter(exchange=row).update(
            tokens=sum(o.tokens for o in found),
            cost=sum(o.cost for o in found),
            unpriced=sum(o.unpriced for o in found),
            seconds=sum(o.seconds for o in found),
        )
