"""What every project page shows around itself: the project, the reader's role, the counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from promptlab.accounts.models import Membership, Project, User
from promptlab.accounts.roles import Role
from promptlab.ui.navigation import page_url

# Section of the side navigation → the rows it counts, by their related name.
COUNTED = {
    "datasets": "datasets",
    "programs": "programs",
    "metrics": "metrics",
    "runs": "runs",
    "releases": "versions",
    "accounts": "memberships",
}


def project_menu(request: HttpRequest) -> dict[str, Any]:
    """`project`, `role`, `can_edit`, `can_review`, `can_administer`, `nav_counts`: read when used,
    so that a partial costs no query. `palette_url`: the index of places to go to."""
    match = request.resolver_match
    slug = match.kwargs.get("project") if match else None
    user = request.user
    if not slug or not user.is_authenticated:
        return {}
    menu = _Menu(user, slug)
    return {
        "project": _lazily(lambda: menu.membership and menu.membership.project),
        "role": _lazily(lambda: menu.role),
        "can_edit": _lazily(lambda: menu.may(Role.EDITOR)),
        "can_review": _lazily(lambda: menu.may(Role.REVIEWER)),
        "can_administer": _lazily(lambda: menu.may(Role.ADMIN)),
        "nav_counts": _lazily(lambda: menu.counts),
        "palette_url": page_url("releases:palette", slug),
    }


class _Menu:
    def __init__(self, user: User, slug: str) -> None:
        self.user, self.slug = user, slug

    @cached_property
    def membership(self) -> Any:
        """One query: the membership, its project, and all counts."""
        counts = {f"n_{section}": _count(rows) for section, rows in _present().items()}
        mine = Membership.objects.filter(user=self.user, project__slug=self.slug)
        return mine.select_related("project").annotate(**counts).first()

    @property
    def role(self) -> Role | None:
        return Role(self.membership.role) if self.membership else None

    def may(self, needed: Role) -> bool:
        return self.role is not None and self.role.at_least(needed)

    @property
    def counts(self) -> dict[str, int]:
        return {section: getattr(self.membership, f"n_{section}", 0) for section in _present()}


def _present() -> dict[str, str]:
    """Rooms above this one are known by their relation to Project, not by import."""
    known = {relation.get_accessor_name() for relation in Project._meta.related_objects}
    return {section: rows for section, rows in COUNTED.items() if rows in known}


def _count(related_name: str) -> Coalesce:
    relation = next(
        r for r in Project._meta.related_objects if r.get_accessor_name() == related_name
    )
    key = relation.field.name
    rows = relation.related_model._default_manager.filter(**{key: OuterRef("project")})
    counted = rows.order_by().values(key).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _lazily(read: Callable[[], Any]) -> Any:
    return SimpleLazyObject(read)
