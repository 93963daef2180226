"""A provider's test as its page shows it, while it is made and after."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from optimizer.jobs import model_checks
from optimizer.jobs.model_checks import CheckState
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.providers import queries
from promptlab.ui.parameters import Parameters


class LiveCheck(LivePage):
    """The test of a provider. `?bare`: its page shows no models, and is drawn anew when it has."""

    gather = 0.1

    def __init__(self, project: Project, provider: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._pk = project, provider
        self._waits = True
        self._bare = asked.has("bare")

    def rings(self) -> list[Ring]:
        run = self._read()["provider"].check_run_id
        return [("run", run)] if run else []

    @property
    def goes_on(self) -> bool:
        return self._waits

    def read(self, role: Role) -> dict[str, Any]:
        return {**self._read(), "can_administer": role.at_least(Role.ADMIN)}

    def parts(self) -> dict[str, str]:
        return {f"check-{self._pk}": "providers/_check.html"}

    def _read(self) -> dict[str, Any]:
        provider = queries.providers_of(self._project).filter(pk=self._pk).first()
        if provider is None:
            raise Http404("There is no such provider in this project.")
        check = model_checks.latest(provider)
        self._waits = check.state is CheckState.WAITING
        listed = self._bare and bool(provider.models_offered) and not self._waits
        return {"project": self._project, "provider": provider, "check": check, "listed": listed}
