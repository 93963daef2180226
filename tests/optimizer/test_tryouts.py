"""Programs tried on one example, by the same runner as whole runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.jobs import controls, evaluations
from optimizer.lm.call import LMCall
from optimizer.lm.failures import ProviderRefused
from optimizer.models import Completion, Run
from tests.evaluations import held, start_tryout
from tests.fakes.scripted_lm import ScriptedLM, always_right, by_skill
from tests.fakes.telling import told
from tests.fakes.world import LABEL, messages, one_module_program, two_module_program
from tests.optimizer.conftest import Create, carry_on, elsewhere


def tried(
    program: Program, spec: RunSpec, lm: ScriptedLM, metric: Metric | None = LABEL
) -> tuple[Run, Outcome | None]:
    (example,) = messages(1)
    row = held(start_tryout(spec, example, metric, program), lm)
    return row, next(iter(evaluations.outcomes_of(row)), None)


def test_a_tryout_keeps_every_reply_and_its_score(
    spec: RunSpec, ears: Callable[[], list[str]]
) -> None:
    row, outcome = tried(spec.program, spec, ScriptedLM(script=always_right))
    assert (row.status, row.message) == ("finished", "")
    assert outcome is not None
    assert outcome.score == Score(1.0, "as expected")
    assert outcome.trace[0].reply == '{"label": "ham"}'
    assert set(ears()) == {f"run:{row.pk}"}


def test_a_tryout_without_a_metric_says_whether_the_replies_could_be_read(spec: RunSpec) -> None:
    _, well = tried(spec.program, spec, ScriptedLM(script=always_right), metric=None)
    assert well is not None
    assert well.outputs == {"label": "ham"}
    Completion.objects.all().delete()
    row, ill = tried(spec.program, spec, ScriptedLM(script=lambda call: "{}"), metric=None)
    assert row.status == "finished"
    assert ill is not None
    assert ill.score is not None
    assert "lacks “label”" in ill.score.reason


def test_a_tryout_that_cannot_be_answered_says_why(spec: RunSpec) -> None:
    refusal = ProviderRefused("answered 401: wrong key", said="<b>sk-… is no key</b>")
    row, outcome = tried(spec.program, spec, ScriptedLM(script=lambda call: refusal))
    assert (row.status, outcome) == ("failed", None)
    assert "answered 401: wrong key" in told(row.message)
    assert "then try again" in told(row.message)
    assert row.said == "<b>sk-… is no key</b>"


def test_a_tryout_can_be_stopped_before_and_while_it_is_answered(spec: RunSpec) -> None:
    waiting = start_tryout(spec)
    controls.cancel(waiting.pk)
    assert held(waiting, ScriptedLM()).status == "cancelled"

    row = start_tryout(spec, program=two_module_program())

    def stopping(call: LMCall) -> str:
        elsewhere(lambda: controls.cancel(row.pk))
        time.sleep(1.2)  # until the next beat
        return by_skill(call)

    lm = ScriptedLM(script=stopping)
    assert held(row, lm).status == "cancelled"
    assert len(lm.calls) == 1


def test_candidates_are_tried_with_several_models_at_once(spec: RunSpec) -> None:
    task, program = spec.models[Role.TASK], spec.program
    bare = baseline_of(program)
    (name,) = bare.modules
    plain = Candidate({name: ModulePrompt("Say ham or spam.")})
    lm = ScriptedLM()
    row = evaluations.start(
        EvaluationSpec(
            program, (bare, plain), (task, replace(task, model="other")), Purpose.FULL,
            spec.namespace, tuple(messages(3)), LABEL,
        )
    )  # fmt: skip
    assert held(row, lm).status == "finished"
    assert Counter(call.model for call in lm.calls) == {task.model: 6, "other": 6}
    assert len(evaluations.outcomes_of(row)) == 12
    assert row.candidates.count() == 2


def test_what_a_run_has_paid_for_answers_a_tryout(create: Create, spec: RunSpec) -> None:
    lm = ScriptedLM()
    carry_on(create(), lm)
    paid = len(lm.calls)
    row = held(start_tryout(spec, spec.validation[0], LABEL, one_module_program()), lm)
    (outcome,) = evaluations.outcomes_of(row)
    assert outcome.trace[0].cached is True
    assert len(lm.calls) == paid
