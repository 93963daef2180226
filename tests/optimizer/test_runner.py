"""A run, whole: carried out with a scripted model and recorded so that it can be explained."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.models import Completion, Run
from tests.fakes.scripted_lm import ScriptedLM
from tests.optimizer.conftest import carry_on


def test_a_run_ends_with_its_best_candidate_and_what_it_cost(create: Callable[..., Run]) -> None:
    lm = ScriptedLM()
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason, row.message) == ("finished", "completed", "")
    assert row.best_score["mean"] >= row.baseline_score["mean"]
    assert row.used_calls == len(lm.calls) == len(lm.sent())
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert row.used_cost == sum(Completion.objects.values_list("cost", flat=True))
