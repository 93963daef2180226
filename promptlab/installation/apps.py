from __future__ import annotations

from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "promptlab.installation"
    label = "installation"
