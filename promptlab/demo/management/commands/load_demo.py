"""Load the demo project into an installation that has no project yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from promptlab.demo.project import load_demo


class Command(BaseCommand):
    help = "Create the demo project, unless there is a project already."

    def handle(self, *args: Any, **options: Any) -> None:
        project = load_demo()
        if project is None:
            self.stdout.write("There is a project already: the demo was not loaded.")
        else:
            self.stdout.write(f"The demo project “{project.name}” is ready.")
