"""The optimizer as a Django app: tables and jobs, no pages."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OptimizerConfig(AppConfig):
    name = "optimizer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("sentences")
