from __future__ import annotations

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "promptlab.providers"
    label = "providers"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from promptlab.accounts.models import Project
        from promptlab.providers.embedded import give_to_new_project

        post_save.connect(give_to_new_project, sender=Project, dispatch_uid="embedded-provider")
