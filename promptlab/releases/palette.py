"""Where one can go from here: the index behind “Search or jump to”."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program
from promptlab.reviews import queries as reviews
from promptlab.runs import queries as runs
from promptlab.ui.navigation import project_links

FEW = 50


@dataclass(frozen=True)
class Place:
    """A page, what it is called, and what kind of page it is."""

    label: str
    url: str
    hint: str


def places_of(project: Project, *, may_edit: bool) -> list[Place]:
    """Pages and, for those who may act, actions; newest things first."""
    slug = project.slug
    found = _actions(slug) if may_edit else []
    for group in project_links(slug, "", {}):
        found += [Place(str(link.label), link.url, _("Page")) for link in group]
    found += [
        Place(
            _("Run %d") % project_run.number,
            reverse("runs:run", args=[slug, project_run.number]),
            _("Run"),
        )
        for project_run in runs.project_runs(project)[:FEW]
    ]
    programs = Program.objects.filter(project=project).only("pk", "name")
    found += [
        Place(p.name, reverse("programs:program", args=[slug, p.pk]), _("Program"))
        for p in programs
    ]
    datasets = Dataset.objects.filter(project=project).only("pk", "name")
    found += [
        Place(d.name, reverse("datasets:detail", args=[slug, d.pk]), _("Dataset")) for d in datasets
    ]
    return found + [
        Place(
            f"{v.program.name} v{v.number}",
            reverse("releases:version", args=[slug, v.program_id, v.number]),
            _("Version"),
        )
        for v in reviews.versions_of(project)[:FEW]
    ]


def _actions(slug: str) -> list[Place]:
    return [
        Place(_("Start a run"), reverse("runs:new", args=[slug]), _("Action")),
        Place(_("Add a dataset"), reverse("datasets:new", args=[slug]), _("Action")),
        Place(_("Create a program"), reverse("programs:new", args=[slug]), _("Action")),
        Place(_("Create a metric"), reverse("metrics:new", args=[slug]), _("Action")),
    ]
