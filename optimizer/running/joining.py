"""What an evaluation found of a run's candidates joins that run: candidates, and trials."""

from __future__ import annotations

from django.db.models import Max

from optimizer import doorbell
from optimizer.models import Candidate, Run, Trial


def join(run: Run) -> None:
    """Write what was fully scored with the run's own model beside what `run.beside` knows; to be
    called within the transaction that ends `run`.
    """
    if run.beside_id is None:
        return
    Run.objects.select_for_update().only("pk").get(pk=run.beside_id)
    last = Trial.objects.filter(run=run.beside_id).aggregate(last=Max("number"))["last"]
    number = last or 0  # trial 0 is the baseline's, whether or not there was one
    for trial in _found(run):
        number += 1
        Trial.objects.create(
            run_id=run.beside_id,
            number=number,
            full=True,
            candidate=_candidate(run.beside_id, trial.candidate),
            size=trial.size,
            exchange_id=trial.exchange_id,
            score=trial.score,
            mean=trial.mean,
            tokens=trial.tokens,
            cost=trial.cost,
            unpriced=trial.unpriced,
            seconds=trial.seconds,
            scored_at=trial.scored_at,
        )
    doorbell.ring("run", run.beside_id)


def _found(run: Run) -> list[Trial]:
    scored = Trial.objects.filter(
        run=run, full=True, score__isnull=False, candidate__number__gt=0,
        exchange__model=0,
    )  # fmt: skip
    return list(scored.select_related("candidate").order_by("number"))


def _candidate(run: int, found: Candidate) -> Candidate:
    """The row of these prompts in the run; they may be new to it."""
    known = Candidate.objects.filter(run=run, digest=found.digest).first()
    if known is not None:
        return known
    last = Candidate.objects.filter(run=run).aggregate(last=Max("number"))["last"]
    return Candidate.objects.create(
        run_id=run,
        number=0 if last is None else last + 1,
        digest=found.digest,
        prompts=found.prompts,
    )
