from __future__ import annotations

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    name = "promptlab.programs"
    label = "programs"
