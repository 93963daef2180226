"""A project's programs. Each is one core Program with a name, and a revision that saves compare;
what it was before, and where its boxes stand, are rows beside it."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.db import models

from optimizer.core.programs.program import Program as CoreProgram
from optimizer.models import Run
from optimizer.running import prompts
from promptlab.accounts.models import Project


class Program(models.Model):
    """A program as it is being worked on: a draft may have problems, a run freezes its own copy.

    `definition` is the JSON of a program file, its pools of demos kept by content; `revision`
    counts its saves. `set_aside`: by module, how its demos were chosen for each input before they
    became the same for all, so that nothing is lost. `slug` is what who fetches its versions calls
    it: it stays when the name changes.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="programs")
    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=80)
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
            models.UniqueConstraint(fields=["project", "slug"], name="program_slug_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def core(self) -> CoreProgram:
        return prompts.from_row(CoreProgram, self.definition)


class ProgramState(models.Model):
    """What a program once was, kept once by content."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="states")
    digest = models.CharField(max_length=64)
    definition = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "digest"], name="program_state_once"),
        ]

    def __str__(self) -> str:
        return self.digest

    @cached_property
    def core(self) -> CoreProgram:
        return prompts.from_row(CoreProgram, self.definition)


class ProgramChange(models.Model):
    """One change of a program: what it made of it, by whom and when. The newest says how the
    program is drawn, too.

    `before`: the change that is undone to, `after`: the one that is done again. `places`: by call,
    where its box stands, in pixels; `guessed`: inputs (`classify.message`) whose wires nobody has
    looked at. `part`: what it was about, so that typing is one change and not one a key.
    """

    class Kind(models.TextChoices):
        START = "start"
        EDIT = "edit"
        UNDO = "undo"
        REDO = "redo"
        BACK = "back"

    program = models.ForeignKey(Program, models.CASCADE, related_name="changes")
    state = models.ForeignKey(ProgramState, models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    part = models.CharField(max_length=80, blank=True)
    places = models.JSONField(default=dict)
    guessed = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    before = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    after = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.program}, revision {self.revision}"


class PreferencePair(models.Model):
    """Which of two rewrites of an instruction somebody took; `prompt` asked for both."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="pairs")
    run = models.OneToOneField(Run, models.PROTECT, related_name="+")
    module = models.CharField(max_length=120)
    prompt = models.TextField()
    chosen = models.TextField()
    rejected = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.module} of {self.program}"
