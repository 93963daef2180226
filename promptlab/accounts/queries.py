"""What pages about people and projects read."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from promptlab.accounts.models import ApiToken, Invitation, Membership, Project, User


def projects_of(user: User) -> QuerySet[Membership]:
    """The user's memberships by project name, each with its `project` and its `member_count`."""
    members = Membership.objects.filter(project=OuterRef("project")).order_by().values("project")
    return (
        user.memberships.select_related("project")
        .annotate(member_count=Subquery(members.annotate(n=Count("pk")).values("n")))
        .order_by("project__name", "pk")
    )


def only_project_of(user: User) -> Project | None:
    """The project of someone who has exactly one."""
    found = list(Project.objects.filter(memberships__user=user)[:2])
    return found[0] if len(found) == 1 else None


def members_of(project: Project) -> QuerySet[Membership]:
    return project.memberships.select_related("user").order_by("user__name", "user__email")


def open_invitations(project: Project) -> QuerySet[Invitation]:
    return project.invitations.filter(used_at=None, expires_at__gt=timezone.now()).select_related(
        "created_by"
    )


def living_tokens(user: User) -> QuerySet[ApiToken]:
    return user.api_tokens.filter(revoked_at=None)
