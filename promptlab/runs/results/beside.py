"""What was done to a candidate beside its run: who wrote it, where it is scored, on what it was
tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q, Subquery

from optimizer.codec import from_json
from optimizer.core.conversation.events import TestScored
from optimizer.core.optimizers import EVALUATION
from optimizer.jobs.besides import TAKES_IN
from optimizer.models import Candidate, Run
from optimizer.running import test_set_uses
from promptlab.runs.models import EditedCandidate, ProjectRun


@dataclass(frozen=True)
class Look:
    """A candidate on the sealed test split: in which run, which look it was, and what it said."""

    run: int
    number: int | None
    scored: TestScored


@dataclass(frozen=True)
class BesideRun:
    """Of one candidate of one run. Nothing is read before it is asked for."""

    project_run: ProjectRun
    digest: str

    @property
    def takes_in(self) -> bool:
        """Whether candidates can be scored beside those of the run now."""
        return self.project_run.run.status in TAKES_IN

    @property
    def has_test(self) -> bool:
        return self.project_run.run.test_id is not None

    @cached_property
    def edited(self) -> EditedCandidate | None:
        """Who wrote it by hand, out of which; None where the run found it."""
        found = self.project_run.edits.filter(digest=self.digest)
        return found.select_related("by", "evaluation").first()

    @cached_property
    def being_scored(self) -> list[ProjectRun]:
        """Evaluations of this very candidate that are under way; not those of edits of it."""
        going = self.project_run.followers.filter(
            run__beside=self.project_run.run_id, run__status__in=[*Run.ACTIVE, Run.Status.PAUSED]
        )
        edits = self.project_run.edits
        number = Candidate.objects.filter(run=self.project_run.run_id, digest=self.digest)
        as_it_is = Q(origin_candidate=Subquery(number.values("number")[:1])) & ~Q(
            pk__in=edits.values("evaluation")
        )
        mine = as_it_is | Q(pk__in=edits.filter(digest=self.digest).values("evaluation"))
        return list(going.filter(mine).select_related("run").order_by("number"))

    @cached_property
    def looks(self) -> list[Look]:
        """At the sealed test split, by evaluations of this very candidate, the newest first."""
        evaluations = self.project_run.followers.filter(
            run__optimizer=EVALUATION, run__test_result__isnull=False,
            run__candidates__digest=self.digest, run__candidates__number=1,
        )  # fmt: skip
        return [
            Look(e.number, test_set_uses.look_of(e.run), from_json(TestScored, e.run.test_result))
            for e in evaluations.select_related("run").order_by("-number")
        ]
