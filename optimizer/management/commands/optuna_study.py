"""`manage.py optuna_study`: a run's trials, for Optuna's plots and dashboard."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from optimizer.core.problems import Refused
from optimizer.models import Run
from optimizer.sentences import reasons


class Command(BaseCommand):
    help = "Write a run's trials to a storage of Optuna, as a study to plot or to browse."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, metavar="RUN")
        parser.add_argument(
            "--storage", required=True, metavar="URL", help='as Optuna takes it: "sqlite:///run.db"'
        )
        parser.add_argument("--name", default="", help="of the study; default: run-RUN")
        parser.add_argument(
            "--scores", choices=["full", "minibatch"], default="full",
            help="trials that count as complete; the others are there as pruned ones",
        )  # fmt: skip
        parser.add_argument("--replace", action="store_true", help="a study of the same name")

    def handle(self, *args: Any, **options: Any) -> None:
        import optuna
        from sqlalchemy.exc import ArgumentError, OperationalError

        from optimizer.optuna_extra.study import study_of

        run = Run.objects.filter(pk=options["run"], task=Run.Task.OPTIMIZE).first()
        if run is None:
            raise CommandError(f"There is no run {options['run']}.", returncode=2)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        given = {name: options[name] for name in ("scores", "storage", "name", "replace")}
        try:
            study = study_of(run, **given)
        except Refused as error:
            raise CommandError(f"{reasons(error)} (--replace, --name)", returncode=2) from error
        except (ArgumentError, OperationalError, ImportError) as error:
            raise CommandError(f"The storage cannot be opened: {error}", returncode=2) from error
        self.stdout.write(
            f"{len(study.trials)} trials of run {run.pk} are in “{study.study_name}”."
        )
