"""The links beside every page of a project. Rooms are named by their URLs, never imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Section:
    """A room's first page. `key` follows `g` on the keyboard."""

    name: str
    label: str | Promise
    page: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool
    count: int | None
    key: str


GROUPS = (
    (
        Section("overview", _("Overview"), "accounts:project", "o"),
        Section("datasets", _("Datasets"), "datasets:list", "d"),
        Section("programs", _("Programs"), "programs:list", "p"),
        Section("metrics", _("Metrics"), "metrics:list", "m"),
        Section("runs", _("Runs"), "runs:list", "r"),
        Section("releases", _("Versions"), "releases:list", "v"),
    ),
    (
        Section("providers", _("Models & keys"), "providers:list", "k"),
        Section("accounts", _("Members & settings"), "accounts:members", "s"),
    ),
)

# The first leads to the second, which needs rooms that the first may not know.
OVERVIEWS = {"accounts:project", "runs:overview"}
# Rooms without a link of their own, and under which one their pages are shown.
SHARED = {"reviews": "releases"}


def project_url(slug: str) -> str:
    """The overview of a project, or the start page while there is none."""
    return page_url(GROUPS[0][0].page, slug) or "/"


def project_links(slug: str, current: str, counts: Mapping[str, int]) -> list[list[Link]]:
    """Links in their groups; a room without pages is left out."""
    groups = [[(section, page_url(section.page, slug)) for section in group] for group in GROUPS]
    return [
        [
            Link(
                str(section.label),
                url,
                section.name == current,
                counts.get(section.name),
                section.key,
            )
            for section, url in group
            if url
        ]
        for group in groups
    ]


def section_of(match: ResolverMatch | None) -> str:
    """Which section a page belongs to: its room, but the overview is a section of its own."""
    if match is None:
        return ""
    if match.view_name in OVERVIEWS:
        return "overview"
    return SHARED.get(match.app_name, match.app_name)


def page_url(name: str, slug: str) -> str:
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""
