from __future__ import annotations

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "promptlab.datasets"
    label = "datasets"
