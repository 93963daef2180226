"""The embedded model: every project has it, whether or not its engine runs on this machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from optimizer.models import Provider
from promptlab.accounts.models import Project
from promptlab.launch.model_weights import MODEL_NAME

NAME = "Embedded model"
CONCURRENCY = 4


def runs_here() -> bool:
    return bool(settings.EMBEDDED_MODEL_URL)


def came_along() -> bool:
    """Whether it runs the model that comes along, and no file of somebody's own."""
    return bool(settings.EMBEDDED_MODEL_NAME == MODEL_NAME)


def give_to_new_project(instance: Project, created: bool, raw: bool = False, **_: Any) -> None:
    """A row for each new project, so that reading pages need not write one."""
    if created and not raw:
        Provider.objects.create(
            namespace=instance.namespace,
            name=NAME,
            kind=Provider.Kind.EMBEDDED,
            models_offered=[settings.EMBEDDED_MODEL_NAME],
            concurrency=CONCURRENCY,
        )
