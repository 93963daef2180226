"""How far a judge, or who writes its rubric, is; at the end the page is asked for anew."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from optimizer.core.conversation.requests import Purpose
from optimizer.core.programs.lm import Role as ModelRole
from optimizer.models import Run
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.ui.parameters import Parameters


class LiveJudging(LivePage):
    """`asked` says which page it is: of `metric`, or of a new one; `of` is "form" or "measured"."""

    gather = 0.1

    def __init__(self, project: Project, judging: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._pk = project, judging
        self._metric, self._of = asked.number("metric"), asked.text("of", "form")
        self._run: Run | None = None

    def rings(self) -> list[Ring]:
        self._read()
        return [("run", self._pk)]

    @property
    def goes_on(self) -> bool:
        return self._run is None or self._run.active

    def read(self, role: Role) -> dict[str, Any]:
        run = self._read()
        wrote = run.spec.get("role") == ModelRole.OPTIMIZER
        return {
            "project": self._project, "run": run, "metric_pk": self._metric, "of": self._of,
            "wrote": wrote,
        }  # fmt: skip

    def parts(self) -> dict[str, str]:
        return {"judging-progress": "metrics/_judging_progress.html"}

    def _read(self) -> Run:
        asked = Run.objects.filter(namespace=self._project.namespace, task=Run.Task.EVALUATE)
        roles = (ModelRole.JUDGE.value, ModelRole.OPTIMIZER.value)
        self._run = (
            asked.filter(spec__role__in=roles, spec__purpose=Purpose.TRYOUT)
            .filter(pk=self._pk)
            .first()
        )
        if self._run is None:
            raise Http404("Nothing is judged there in this project.")
        return self._run
