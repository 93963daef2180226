"""The model that the embedded engine runs now is the one that every project is offered."""

from __future__ import annotations

from django.conf import settings

from optimizer.models import Provider


def offer_what_runs() -> None:
    """Where the engine runs another model than it did, what was found out about that is forgotten.

    Runs of the former keep its name; they cannot go on until it runs again.
    """
    now = [settings.EMBEDDED_MODEL_NAME]
    Provider.objects.filter(kind=Provider.Kind.EMBEDDED).exclude(models_offered=now).update(
        models_offered=now, check_run=None, model_traits={}
    )
