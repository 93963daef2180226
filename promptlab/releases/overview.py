"""A project at a glance: what is in use, what goes on, what waits, what is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists
from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.models import Run
from promptlab.accounts.models import Project, User
from promptlab.providers import queries as providers
from promptlab.releases.pages import VersionLine, version_line
from promptlab.reviews import packets
from promptlab.reviews import queries as reviews
from promptlab.reviews.models import Mention, Packet
from promptlab.runs import queries
from promptlab.runs.watching import listing
from promptlab.runs.watching.listing import RunRow

FEW = 5


@dataclass(frozen=True)
class Step:
    """One line of the checklist of a new project; `text` says what it is good for."""

    label: str
    text: str
    done: bool
    url: str


@dataclass(frozen=True)
class Overview:
    versions: list[VersionLine]
    running: list[RunRow]
    waiting: list[RunRow]
    asked: list[Packet]
    mentions: list[Mention]
    recent: list[RunRow]
    steps: list[Step]

    @property
    def needs_you(self) -> int:
        return len(self.waiting) + len(self.asked) + len(self.mentions)

    @property
    def next(self) -> Step | None:
        """What to do next in a project that has not run anything yet."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def is_ready(self) -> bool:
        """Whether there is all that a run needs."""
        return self.next is None or self.next is self.steps[-1]


def overview_of(project: Project, reader: User) -> Overview:
    """As this member sees it: what they are asked to decide about, and where they are named."""
    rows = [listing.row_of(project_run) for project_run in queries.project_runs(project)[: 4 * FEW]]
    asked = list(packets.asked_of(reader, project)[:FEW])
    waiting = queries.project_runs(project).filter(queries.needs_review())
    waiting = waiting.exclude(pk__in=[packet.project_run_id for packet in asked])[:FEW]
    mentions = packets.mentions_of(reader, project).filter(read_at=None)[:FEW]
    active = (*Run.ACTIVE, Run.Status.PAUSED)
    return Overview(
        versions=_current(project),
        running=[row for row in rows if row.run.status in active],
        waiting=[listing.row_of(project_run) for project_run in waiting],
        asked=asked,
        mentions=list(mentions),
        recent=rows[:FEW],
        steps=_steps(project, bool(rows)),
    )


def _current(project: Project) -> list[VersionLine]:
    """Every program's newest version, and any other one that is in production."""
    found = []
    seen: set[int] = set()
    for version in reviews.versions_of(project):
        labels = {label.name for label in version.labels.all()}
        if version.program_id not in seen or "production" in labels:
            found.append(version_line(version))
        seen.add(version.program_id)
    return found[:FEW]


def _steps(project: Project, has_runs: bool) -> list[Step]:
    def page(name: str) -> str:
        return reverse(name, args=[project.slug])

    kept = (project.datasets, project.programs, project.metrics)
    present = [Exists(rows.order_by()) for rows in kept]
    has_data, has_programs, has_metrics = (
        Project.objects.filter(pk=project.pk).values_list(*present).get()
    )
    return [
        Step(
            _("Add a dataset"),
            _("Drop a CSV or JSONL file: examples, each with what is expected of it."),
            has_data, page("datasets:list"),
        ),
        Step(
            _("Draw a program"),
            _("What the model is asked, in one step or several; a dataset's columns are a start."),
            has_programs, page("programs:list"),
        ),
        Step(
            _("Connect a model"),
            _("The one the program runs with: a provider's, your own, or the embedded one."),
            bool(providers.model_choices(project)), page("providers:list"),
        ),
        Step(
            _("Choose a metric"),
            _("How an answer is compared with what was expected."),
            has_metrics, page("metrics:list"),
        ),
        Step(
            _("Start a first run"),
            _("Everything is ready. The run scores the program as it stands, then looks for "
              "instructions and worked examples that score better. It is filled in already: "
              "press Optimize on the next page."),
            has_runs, page("runs:new"),
        ),
    ]  # fmt: skip
