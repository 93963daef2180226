"""A project's programs. Each is one core Program with a name, and a revision that saves compare."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.db import models

from optimizer.core.programs.program import Program as CoreProgram
from optimizer.running import prompts
from promptlab.accounts.models import Project


class Program(models.Model):
    """A program as it is being worked on: a draft may have problems, a run freezes its own copy.

    `definition` is the JSON of a program file, its pools of demos kept by content; `revision`
    counts its saves. `set_aside`: by module, how its demos were chosen for each input before they
    became the same for all, so that nothing is lost.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="programs")
    name = models.CharField(max_length=80)
    definition = models.JSONField()
    set_aside = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="program_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def core(self) -> CoreProgram:
        return prompts.from_row(CoreProgram, self.definition)
