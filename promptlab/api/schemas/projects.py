from __future__ import annotations

from ninja import Schema

from promptlab.accounts.models import Membership


class ProjectOut(Schema):
    """`slug` is what addresses have; `role` is the token's user's."""

    slug: str
    name: str
    role: str
    requires_second_person: bool

    @classmethod
    def of(cls, membership: Membership) -> ProjectOut:
        project = membership.project
        return cls(
            slug=project.slug,
            name=project.name,
            role=membership.role,
            requires_second_person=project.requires_second_person,
        )
