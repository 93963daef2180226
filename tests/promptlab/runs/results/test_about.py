"""What each model of a run took, by what it does."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.programs.lm import OwnModel, Role
from optimizer.models import Completion
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from promptlab.runs.results.about import models_of, spent_of


def test_what_a_model_took_is_told_for_each_of_its_roles(finished: ProjectRun) -> None:
    run, spec = finished.run, spec_of(finished.run)
    task = spec.models[Role.TASK]
    levels = (Level("good", 1.0), Level("poor", 0.0))
    own = OwnModel(task.provider, task.model)  # one model in two roles
    spec = replace(spec, metric=LlmJudge("intent", "", model=own, rubric="Right?", levels=levels))
    run.completions.all().delete()
    for number, (role, cost) in enumerate([("task", 3), ("judge", 5), ("judge", 7)]):
        Completion.objects.create(
            key=f"k{number}", namespace=run.namespace, run=run, role=role, provider=task.provider,
            model=task.model, state="settled", owner="run", request={}, cost=cost,
        )  # fmt: skip
    told = {shown.role: (shown.calls, shown.cost) for shown in models_of(spec, {}, spent_of(run))}
    assert (told["task"], told["judge"]) == ((1, 3), (2, 12))
    assert {shown.calls for shown in models_of(spec, {}, {})} == {0}
