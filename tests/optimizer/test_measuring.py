"""What a program's calls take, measured before a run; and looks at a sealed split, counted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.utils import timezone

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.pilot import Pilot, pilot_of
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.programs.lm import Reply
from optimizer.core.runs.conclusion import conclude
from optimizer.files.report import report, sentence
from optimizer.jobs import evaluations
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed, ProviderRefused, Unreachable
from optimizer.models import Completion, Run
from optimizer.running import snapshots
from optimizer.running.summary import conclusion_of
from optimizer.running.test_set_uses import look_of
from tests.evaluations import held, start_measurement
from tests.fakes.scripted_lm import ScriptedLM, always_right, by_skill
from tests.fakes.telling import told
from tests.optimizer.conftest import Create, again, carry_on


def measured(spec: RunSpec, lm: ScriptedLM) -> Run:
    return held(start_measurement(spec), lm)


def pilot(row: Run) -> Pilot | None:
    return pilot_of(evaluations.outcomes_of(row), 5)


def test_a_measurement_runs_the_program_on_five_training_examples(spec: RunSpec) -> None:
    lm = ScriptedLM(seconds=0.01)
    row = measured(spec, lm)
    found = pilot(row)

    assert row.status == "finished"
    assert len(lm.calls) == 5 == lm.most_at_once
    assert found is not None
    assert (found.examples, found.calls, found.failed, found.unreadable) == (5, 5, 0, 0)
    assert found.prompt_tokens == (40, 40)
    assert found.completion_tokens == (10, 10)


def test_what_was_measured_is_in_the_ledger_and_not_paid_again(
    spec: RunSpec, create: Create
) -> None:
    lm = ScriptedLM()
    measured(spec, lm).delete()
    measured(spec, lm)
    assert len(lm.calls) == 5
    assert Completion.objects.filter(role="task").count() == 5
    row = carry_on(create(), lm)
    assert row.status == "finished"
    assert max(lm.sent().values()) == 1


def test_who_asks_the_same_again_finds_it(spec: RunSpec) -> None:
    first = start_measurement(spec)
    assert evaluations.latest(snapshots.thawed(first, EvaluationSpec)) == first
    assert evaluations.is_waiting(first)
    other = start_measurement(replace(spec, train=spec.train[5:]))
    assert evaluations.latest(snapshots.thawed(other, EvaluationSpec)) == other
    lost = timezone.now() - 2 * evaluations.PATIENCE
    Run.objects.filter(pk=first.pk).update(created_at=lost)
    assert not evaluations.is_waiting(again(first))


@pytest.mark.parametrize("failure", [Unreachable("gone"), ProviderRefused("answered 401")])
def test_a_provider_that_does_not_answer_fails_it_with_its_words(
    spec: RunSpec, failure: CallFailed
) -> None:
    row = measured(spec, ScriptedLM(script=lambda call: failure))

    assert row.status == "failed"
    assert str(failure) in told(row.message)
    assert pilot(row) is None


def test_one_failed_example_is_left_out_and_told(spec: RunSpec) -> None:
    def failing(call: LMCall) -> str | CallFailed:
        if call.messages[-1].content.endswith(spec.train[1].inputs["message"]):
            return Unreachable("gone")
        return by_skill(call)

    lm = ScriptedLM(script=failing)
    found = pilot(measured(spec, lm))

    assert found is not None
    assert (found.examples, found.failed) == (4, 1)


def test_replies_that_were_cut_off_are_told_as_no_answers_and_not_as_unreadable(
    spec: RunSpec,
) -> None:
    lm = ScriptedLM(script=lambda call: Reply('{"lab', 40, 50, finish_reason="length"))
    found = pilot(measured(spec, lm))

    assert found is not None
    assert (found.failed, found.unreadable) == (found.examples, 0)


def test_measured_tokens_replace_the_guess(spec: RunSpec) -> None:
    found = pilot(measured(spec, ScriptedLM(usage=(400, 100))))
    assert found is not None
    guess, known = estimate(spec), estimate(spec, found)

    assert known.calls == guess.calls
    asks = known.optimizer_calls
    assert known.completion_tokens[0] == known.task_calls[0] * 100 + asks[0] * 250
    assert known.prompt_tokens[0] == known.task_calls[0] * 400 + asks[0] * 900
    assert known.prompt_tokens[1] > guess.prompt_tokens[1]


def test_looks_at_the_same_sealed_examples_are_counted_across_runs(create: Create) -> None:
    lm = ScriptedLM()
    first = carry_on(create(), lm)
    second = carry_on(create(seed=4), lm)

    assert (look_of(first), look_of(second)) == (1, 2)
    assert report(second)["test"]["look"] == 2
    Run.objects.filter(pk=first.pk).update(namespace="elsewhere")
    assert look_of(second) == 1


def test_looks_go_on_being_counted_when_a_sealed_example_was_corrected(
    create: Create, spec: RunSpec
) -> None:
    lm = ScriptedLM()
    carry_on(create(), lm)
    corrected = replace(spec.test[0], inputs={**spec.test[0].inputs, "message": "corrected"})
    second = carry_on(create(test=(corrected, *spec.test[1:]), seed=4), lm)
    assert look_of(second) == 2


def test_other_test_examples_and_runs_that_never_looked_do_not_count(
    create: Create, spec: RunSpec
) -> None:
    lm = ScriptedLM()
    carry_on(create(test=spec.test[:5]), lm)
    stopped = carry_on(create(limits={"max_calls": 20}, seed=5), lm)
    unsealed = carry_on(create(test=()), lm)
    looked = carry_on(create(seed=6), lm)

    assert stopped.stop_reason == "budget"
    assert look_of(stopped) is None
    assert look_of(unsealed) is None
    assert look_of(looked) == 1


def test_the_report_tells_what_is_expected_and_recommended(create: Create) -> None:
    row = carry_on(create(), ScriptedLM())
    found = report(row)

    assert found["best"]["expected"]["score"] <= found["best"]["score"]
    assert found["conclusion"]["on"] in {"test", "validation"}
    assert found["conclusion"]["sentence"] in sentence(row)
    assert found["test"]["split"] == "test"
    assert "expected on new examples" in sentence(row)
    assert json.dumps(found)


def test_the_final_word_is_spoken_on_the_remainder_without_a_test_split(
    create: Create, spec: RunSpec
) -> None:
    small = replace(spec.settings, max_validation=12)
    validation = (*spec.validation, *(replace(e, id=f"{e.id}'") for e in spec.train))
    row = carry_on(create(test=(), validation=validation, settings=small, seed=9), ScriptedLM())

    assert row.test_result["split"] == "remainder"
    assert row.test_result["comparison"]["n"] == 12
    assert "nothing was chosen by" in sentence(row)
    assert look_of(row) is None


def test_rows_written_before_there_was_an_estimate_are_read(create: Create) -> None:
    row = carry_on(create(), ScriptedLM())
    del row.test_result["split"]
    row.estimate = None
    row.save()

    assert conclusion_of(row) is not None
    assert report(row)["best"]["expected"] is None
    assert report(row)["test"]["split"] == "test"


def test_a_run_without_a_scored_baseline_concludes_nothing(create: Create) -> None:
    assert conclusion_of(create()) is None
    assert conclude(False, None, None, None) is None


def test_a_perfect_baseline_is_kept(create: Create) -> None:
    row = carry_on(create(), ScriptedLM(script=always_right))
    found = conclusion_of(row)

    assert found is not None
    assert (found.kind, found.kept) == ("unchanged", True)
