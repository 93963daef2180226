"""What the demo project is made of, through the same services as anybody's project."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from optimizer.core.metrics import standard_kind
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.files import program_file
from promptlab.accounts.models import Project
from promptlab.accounts.services import found_project
from promptlab.datasets.services import import_dataset
from promptlab.metrics.services import create_metric
from promptlab.programs.services import create_program

NAME = "Restaurant bookings"
DATA = Path(__file__).parent / "data"
PROGRAMS = ("two_steps.json", "one_step.json")


def load_demo() -> Project | None:
    """Create the demo project; None when this installation has a project already."""
    with transaction.atomic():
        if Project.objects.exists():
            return None
        project = found_project(None, NAME)
        with (DATA / "bookings.csv").open("rb") as file:
            import_dataset(
                project, None, "Booking messages", file, Mapping(USES, SplitPlan(column="split")),
                source_name="bookings.csv",
            )  # fmt: skip
        for name in PROGRAMS:
            program = program_file.read((DATA / name).read_text(encoding="utf-8"))
            create_program(project, None, program.name, program)
        create_metric(project, None, "Date, exact match", standard_kind()("date", "date"))
    return project


USES = (
    Use("id", Role.IGNORED, "id"),
    Use("message", Role.INPUT, "message"),
    Use("date", Role.EXPECTED, "date"),
    Use("split", Role.IGNORED, "split"),
)
