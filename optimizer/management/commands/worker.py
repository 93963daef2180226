"""`manage.py worker`: takes runs and short jobs until it is stopped."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from optimizer.lm.environment import keep_only_ours

RUNS_AT_ONCE = 4


class Command(BaseCommand):
    requires_system_checks = ()  # the web process makes them; a worker has to be up soon
    help = (
        "Take runs and short jobs until stopped. Several workers may run, also on other machines."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--runs", type=int, default=RUNS_AT_ONCE, metavar="N", help="runs at once (default 4)"
        )

    def handle(self, *args: Any, runs: int, **options: Any) -> None:
        keep_only_ours(os.environ)
        from optimizer.jobs.worker import Worker

        asyncio.run(Worker(max(runs, 1)).work())
