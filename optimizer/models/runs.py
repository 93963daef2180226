"""A run: its frozen spec, its status, and its conversation as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from optimizer.models.message import MessageField


class ExampleSet(models.Model):
    """Examples frozen by content: equal content is stored once."""

    digest = models.CharField(max_length=64, primary_key=True)
    examples = models.JSONField()
    count = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.count} examples {self.digest[:12]}"


class Run(models.Model):
    """One conversation that is held with models: its frozen spec, its status, and a summary written
    with its events. What it is for says `task`; only an optimization rests and is resumed, the
    others end where they cannot go on.

    One worker at a time acts for it (optimizer/ownership.py): `epoch` counts owners, of whom only
    the newest may write, and `heard_at` is when that one last said that it lives, by the database's
    clock; None: nobody holds it. `digest` is that of the spec, so that who asks the same again
    finds it. `message` is told by us, `said` what a provider itself said: in all rows, that
    is only for who may edit providers.
    `held_*` is reserved for calls in flight, `used_*` is settled; money is micro-USD. `over_cost`
    is what providers took beyond the upper bound that was reserved. `phase_done` of `phase_steps`
    is the phase's progress, `answer_done` of `answer_size` that of the examples being evaluated
    right now. `estimate` is what the best is expected to score on new examples. `beside`: the run
    whose candidates those of this one join when it has ended.
    """

    class Task(models.TextChoices):
        OPTIMIZE = "optimize", _("Optimize a program")
        EVALUATE = "evaluate", _("Evaluate programs as they stand")
        CHECK = "check", _("Check a model")
        IMPROVE = "improve", _("Improve an instruction")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")
        FINISHED = "finished", _("Finished")

    class Wish(models.TextChoices):
        RUN = "run", _("Run")
        PAUSE = "pause", _("Pause")
        CANCEL = "cancel", _("Cancel")

    ACTIVE = (Status.QUEUED, Status.RUNNING)
    ENDED = (Status.CANCELLED, Status.FAILED, Status.FINISHED)

    epoch = models.PositiveIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)

    task = models.CharField(max_length=10, choices=Task, default=Task.OPTIMIZE)
    spec = models.JSONField()
    digest = models.CharField(max_length=64, blank=True, default="")
    namespace = models.CharField(max_length=64, db_index=True)
    optimizer = models.CharField(max_length=40, blank=True)
    train = models.ForeignKey(ExampleSet, models.PROTECT, related_name="+")
    validation = models.ForeignKey(ExampleSet, models.PROTECT, related_name="+")
    test = models.ForeignKey(ExampleSet, models.PROTECT, related_name="+", null=True)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    wish = models.CharField(max_length=10, choices=Wish, default=Wish.RUN)
    phase = models.CharField(max_length=20, blank=True)
    phase_steps = models.PositiveIntegerField(default=0)
    phase_done = models.PositiveIntegerField(default=0)
    answer_size = models.PositiveIntegerField(default=0)
    answer_done = models.PositiveIntegerField(default=0)
    stop_reason = models.CharField(max_length=20, blank=True)
    message = MessageField(blank=True)
    said = models.TextField(blank=True, default="")

    max_calls = models.PositiveIntegerField(null=True)
    max_cost = models.BigIntegerField(null=True)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    accepts_cut = models.BooleanField(default=False)
    over_cost = models.BigIntegerField(default=0)
    used_tokens = models.BigIntegerField(default=0)
    reused_calls = models.PositiveIntegerField(default=0)

    baseline_score = models.JSONField(null=True)
    best_score = models.JSONField(null=True)
    estimate = models.JSONField(null=True)
    best_candidate = models.ForeignKey("Candidate", models.SET_NULL, null=True, related_name="+")
    beside = models.ForeignKey("self", models.PROTECT, null=True, related_name="evaluations")
    comparison = models.JSONField(null=True)
    test_result = models.JSONField(null=True)

    last_seq = models.PositiveIntegerField(default=0)
    active_seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="run_calls_within_cap",
                condition=Q(max_calls=None) | Q(max_calls__gte=F("used_calls") + F("held_calls")),
            ),
            models.CheckConstraint(
                name="run_cost_within_cap",
                condition=Q(max_cost=None) | Q(max_cost__gte=F("used_cost") + F("held_cost")),
            ),
        ]
        indexes = [
            models.Index(fields=["namespace", "digest"], name="run_of"),
            models.Index(
                fields=["status"], condition=Q(status__in=["queued", "running"]), name="run_active"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def resumable(self) -> bool:
        """Whether it rests where it cannot go on, for somebody to resume it."""
        return self.task == self.Task.OPTIMIZE

    @property
    def spent(self) -> int:
        """Micro-USD paid so far, calls in doubt at their upper bound."""
        return self.used_cost + self.over_cost


class DemoPool(models.Model):
    """Demos that prompts choose from for each input: equal content is stored once."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.JSONField()
    count = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.count} demos {self.digest[:12]}"


class RunEvent(models.Model):
    """One announcement of a run, in order."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    data = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_once")]
        # Pages read a few kinds; most events are of two others.
        indexes = [
            models.Index(fields=["run", "kind"], name="events_of_kind"),
            # The library looks for these in all runs; there are a few of them.
            models.Index("run", name="judged_rewrites", condition=models.Q(kind="rewrite_judged")),
        ]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"event {self.seq} of run {self.run_id}: {self.kind}"


class Candidate(models.Model):
    """One candidate of a run; number 0 is the baseline. `expected` is what it may score on new
    examples, known of those that were fully evaluated when the run ended.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="candidates")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    prompts = models.JSONField()
    choice = models.JSONField(default=dict)
    expected = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="candidate_number_once"),
            models.UniqueConstraint(fields=["run", "digest"], name="candidate_content_once"),
        ]

    def __str__(self) -> str:
        return f"candidate {self.number} of run {self.run_id}"


class Exchange(models.Model):
    """One request of the conversation and its answer, by position; what a replay is made of.

    An Evaluate's answer is its Outcome rows, an Ask's answer is `replies`. `refused` says that the
    budget ended here. `model` and `sample`: with which model of the role, and which draw.
    `asked_again`: examples whose calls failed in passing and that were run once more before the
    answer counted, `answered_again` of them with success.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="exchanges")
    seq = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    purpose = models.CharField(max_length=30)
    role = models.CharField(max_length=10)
    model = models.PositiveSmallIntegerField(default=0)
    sample = models.PositiveSmallIntegerField(default=0)
    candidate = models.ForeignKey(Candidate, models.CASCADE, null=True)
    size = models.PositiveIntegerField(default=0)
    replies = models.JSONField(null=True)
    refused = models.CharField(max_length=20, blank=True)
    asked_again = models.PositiveIntegerField(default=0, db_default=0)
    answered_again = models.PositiveIntegerField(default=0, db_default=0)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="exchange_once")]
        indexes = [
            # What models' cards say of them; there are a few, one a run at most.
            models.Index(
                "run",
                name="probes_of_models",
                condition=models.Q(purpose="trial of the optimizer model"),
            ),
        ]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} of run {self.run_id}"


class Trial(models.Model):
    """One scored evaluation of a candidate, minibatch or full. Trial 0 is the baseline. `unpriced`
    counts calls that are missing in `cost`, as their price was not known.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    full = models.BooleanField()
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="trials")
    choice = models.JSONField(default=dict)
    size = models.PositiveIntegerField()
    exchange = models.ForeignKey(Exchange, models.SET_NULL, null=True, related_name="+")
    score = models.JSONField(null=True)
    mean = models.FloatField(null=True)
    tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    scored_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="trial_once")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"trial {self.number} of run {self.run_id}"


class Outcome(models.Model):
    """One candidate on one example within an exchange; written as soon as it is known."""

    exchange = models.ForeignKey(Exchange, models.CASCADE, related_name="outcomes")
    position = models.PositiveIntegerField()
    example = models.CharField(max_length=200)
    score = models.FloatField(null=True)
    error = models.TextField(blank=True)
    data = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exchange", "position"], name="outcome_once"),
        ]
        indexes = [models.Index(fields=["exchange", "example"])]

    def __str__(self) -> str:
        return f"outcome {self.position} of exchange {self.exchange_id}"


class HistoryWish(models.Model):
    """What somebody wishes of a text in the history that a run's writer reads: always shown, never
    shown, or tried as one of their own. It counts from the next step on; what a step was told
    stands in its exchange.
    """

    class Sign(models.TextChoices):
        PIN = "pin"
        HIDE = "hide"
        ADD = "add"

    run = models.ForeignKey(Run, models.CASCADE, related_name="history_wishes")
    module = models.CharField(max_length=120)
    sign = models.CharField(max_length=4, choices=Sign)
    text = models.TextField()
    by = models.CharField(max_length=254)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.sign} in {self.module} of run {self.run_id}"
