"""A project for one test, furnished through the same services as the pages."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.browser import desk

if TYPE_CHECKING:
    from optimizer.models import Provider, Run
    from promptlab.accounts.models import Project, User
    from promptlab.datasets.models import Dataset
    from promptlab.metrics.models import Metric
    from promptlab.programs.models import Program
    from promptlab.runs.models import ProjectRun

PATIENCE = 60.0
QUICK = {
    "trials": 6, "minibatch_size": 6, "full_every": 3, "instructions": 2, "demo_sets": 3,
    "max_bootstrapped_demos": 2, "max_labeled_demos": 2, "max_validation": 16,
}  # fmt: skip
"""Own settings of a run that a scripted model ends within seconds."""


@dataclass(frozen=True)
class Names:
    """What people called things."""

    project: str = "Help desk"
    provider: str = "Desk"
    model: str = "scripted"
    dataset: str = "Messages"
    program: str = "Triage"
    message: str = "message"
    team: str = "team"


class NeverCame(Exception):
    """Something that was waited for did not happen."""


@dataclass
class Lab:
    """One project and its people. Whatever it lacks is made when it is first asked for."""

    model_url: str
    slug: str = field(default_factory=lambda: f"desk-{uuid4().hex[:8]}")
    people: dict[str, User] = field(default_factory=dict)
    names: Names = Names()
    price: int = 0
    """Of a million tokens, in micro-USD."""

    def __post_init__(self) -> None:
        from promptlab.accounts.models import Project
        from tests.allowance import allow_loopback

        allow_loopback()
        self.project: Project = Project.objects.create(slug=self.slug, name=self.names.project)

    @property
    def path(self) -> str:
        return f"/p/{self.slug}"

    def person(self, name: str, role: str) -> User:
        """A member of the project with that role; the same one when asked again."""
        from promptlab.accounts.models import User

        if name not in self.people:
            email = f"{name}-{self.slug}@example.org"
            user = User.objects.create_user(email, None, name=name.capitalize())
            self.project.memberships.create(user=user, role=role)
            self.people[name] = user
        return self.people[name]

    @property
    def alice(self) -> User:
        return self.person("alice", "admin")

    @property
    def olga(self) -> User:
        """An admin who administers the installation, too."""
        user = self.person("olga", "admin")
        user.is_superuser = True
        user.save(update_fields=["is_superuser"])
        return user

    def provider(self, **different: Any) -> Provider:
        from optimizer.models import Provider
        from promptlab.providers.services import Connection, save_provider

        found: Provider | None = self._own(
            Provider.objects.filter(namespace=self.project.namespace, name=self.names.provider)
        )
        if found is not None and not different:
            return found
        key = different.pop("api_key", None)
        wanted = {
            "name": self.names.provider, "kind": Provider.Kind.OPENAI_COMPATIBLE,
            "models": (self.names.model,), "api_base": self.model_url,
            "input_price": self.price, "output_price": self.price, **different,
        }  # fmt: skip
        return save_provider(self.project, self.alice, Connection(**wanted), api_key=key)

    def dataset(self, count: int = 40) -> Dataset:
        from promptlab.datasets.services import import_dataset

        found = self._own(self.project.datasets.all())
        return found or import_dataset(
            self.project, self.alice, self.names.dataset,
            io.BytesIO(desk.as_csv(count, self.names.message, self.names.team)),
            source_name="messages.csv",
        )  # fmt: skip

    def program(self) -> Program:
        from promptlab.datasets.queries import fields
        from promptlab.programs.services import create_program
        from promptlab.programs.starters import one_module

        found = self._own(self.project.programs.all())
        inputs, expected = fields(self.dataset())
        core = one_module(self.names.program, inputs, expected)
        return found or create_program(self.project, self.alice, self.names.program, core)

    def metric(self) -> Metric:
        from promptlab.metrics.services import suggest

        wanted = suggest(self.program(), self.dataset())
        assert wanted is not None
        return wanted

    def start_run(self, **different: Any) -> ProjectRun:
        """A run with own settings; keywords replace settings of QUICK, Limits by `limits`, or the
        task model's name by `model`.
        """
        from optimizer.core.conversation.spec import Effort, Limits, ModelRef, Settings
        from optimizer.core.programs.lm import Role
        from promptlab.runs.starting.planning import RunRequest, look_at
        from promptlab.runs.starting.services import start_run

        limits = different.pop("limits", Limits())
        optimizer = different.pop("optimizer", "mipro")
        task = ModelRef(self.provider().pk, different.pop("model", self.names.model))
        writer = ModelRef(self.provider().pk, self.names.model)
        settings = Settings(effort=Effort.CUSTOM, **{**QUICK, **different})
        wanted = RunRequest(
            self.program(), self.dataset(), self.metric(), optimizer, Effort.CUSTOM,
            settings, {Role.TASK: task, Role.OPTIMIZER: writer}, limits,
        )  # fmt: skip
        return start_run(self.project, self.alice, look_at(self.project, wanted))

    def finished_run(self, **different: Any) -> ProjectRun:
        project_run = self.start_run(**different)
        await_run(project_run.run, lambda run: run.ended)
        project_run.refresh_from_db()
        assert project_run.run.status == "finished", project_run.run.message
        return project_run

    def cancel_runs(self) -> None:
        """Leave the worker to others."""
        from optimizer.core.problems import Conflict
        from promptlab.runs.watching.steering import cancel

        for project_run in self.project.runs.all():
            with suppress(Conflict):
                cancel(project_run)

    @staticmethod
    def _own(rows: Any) -> Any:
        return rows.order_by("pk").first()


def await_run(run: Run, until: Callable[[Run], bool], seconds: float = PATIENCE) -> Run:
    """Read the run again and again until the condition holds."""
    deadline = time.monotonic() + seconds
    while True:
        run.refresh_from_db()
        if until(run):
            return run
        if time.monotonic() > deadline:
            raise NeverCame(f"Run {run.pk} is {run.status} ({run.phase}): {run.message}")
        time.sleep(0.1)
