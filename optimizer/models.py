"""Rows of the optimizer. A run carries everything it needs; a worker reads no other table."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ExampleSet(models.Model):
    """Examples frozen by content: equal content is stored once."""

    digest = models.CharField(max_length=64, primary_key=True)
    examples = models.JSONField()
    count = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.count} examples {self.digest[:12]}"


class Owned(models.Model):
    """A row that one worker at a time acts for (optimizer/ownership.py).

    `epoch` counts owners: only the newest may write. `heard_at` is when that one last said that it
    lives, by the database's clock; None: nobody holds it.
    """

    epoch = models.PositiveIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @classmethod
    def described(cls) -> list[str]:
        """All columns but those of its owner, for whoever saves what it describes."""
        columns = [field.name for field in cls._meta.concrete_fields if not field.primary_key]
        return [name for name in columns if name not in ("epoch", "heard_at")]


class Provider(Owned):
    """Where models are called: a LiteLLM provider, an OpenAI-compatible endpoint, our own engine.

    `secret` is the API key, encrypted: of the endpoint at `api_base`, or of `family`, the vendor
    whose models LiteLLM calls, and the first part of all their names. Prices are micro-USD per
    million tokens; None means LiteLLM's price list for its providers, and unknown for an
    OpenAI-compatible endpoint.
    Whoever tests it owns it: a test is a call that is paid for.
    `check_message` is a sentence of ours, `check_said` what the provider itself said: as in all
    rows, what is called `said` is only for who may edit providers.
    """

    class Kind(models.TextChoices):
        EMBEDDED = "embedded", "Embedded model"
        OPENAI_COMPATIBLE = "openai_compatible", "OpenAI-compatible endpoint"
        LITELLM = "litellm", "LiteLLM provider"

    class Check(models.TextChoices):
        NEVER = "never", "Not tested"
        WAITING = "waiting", "Testing"
        WORKS = "works", "Works"
        FAILED = "failed", "Failed"

    namespace = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind)
    api_base = models.CharField(max_length=500, blank=True)
    family = models.CharField(max_length=60, blank=True, default="")
    secret = models.BinaryField(null=True)
    secret_hint = models.CharField(max_length=8, blank=True)
    models_offered = models.JSONField(default=list)
    concurrency = models.PositiveSmallIntegerField(default=8)
    input_price = models.BigIntegerField(null=True)
    output_price = models.BigIntegerField(null=True)
    constrains_replies = models.BooleanField(default=True)
    check_state = models.CharField(max_length=10, choices=Check, default=Check.NEVER)
    check_message = models.CharField(max_length=500, blank=True)
    check_said = models.TextField(blank=True, default="")
    check_seconds = models.FloatField(null=True)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="provider_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AllowedAddress(models.Model):
    """Where calls may go although it is not public: what an administrator of the installation said.

    `host` is a network (10.0.0.0/8), an address as a network of one (127.0.0.1/32), or a name,
    which is looked up when it is called. `port` None is any. `added_by` is who, in words.
    """

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    added_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["host", "port"], name="address_allowed_once", nulls_distinct=False
            ),
        ]
        ordering = ["host", "port"]

    def __str__(self) -> str:
        return shown_address(self.host, self.port)


def shown_address(host: str, port: int | None) -> str:
    """A host or a network with its port, as people write it."""
    alone = host.removesuffix("/32").removesuffix("/128")
    if port is None:
        return alone
    return f"[{alone}]:{port}" if ":" in alone else f"{alone}:{port}"


class Run(Owned):
    """One optimization: its frozen spec, its status, and a summary written with its events.

    `held_*` is reserved for calls in flight, `used_*` is settled; money is micro-USD. `over_cost`
    is what providers took beyond the upper bound that was reserved. `phase_done` of `phase_steps`
    is the phase's progress, `answer_done` of `answer_size` that of the examples being evaluated
    right now. `estimate` is what the best is expected to score on new examples.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"
        FINISHED = "finished", "Finished"

    class Wish(models.TextChoices):
        RUN = "run", "Run"
        PAUSE = "pause", "Pause"
        CANCEL = "cancel", "Cancel"

    ACTIVE = (Status.QUEUED, Status.RUNNING)
    ENDED = (Status.CANCELLED, Status.FAILED, Status.FINISHED)

    spec = models.JSONField()
    namespace = models.CharField(max_length=64, db_index=True)
    optimizer = models.CharField(max_length=40)
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
    message = models.TextField(blank=True)
    said = models.TextField(blank=True, default="")

    max_calls = models.PositiveIntegerField(null=True)
    max_cost = models.BigIntegerField(null=True)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    over_cost = models.BigIntegerField(default=0)
    used_tokens = models.BigIntegerField(default=0)
    reused_calls = models.PositiveIntegerField(default=0)
    planned_calls = models.PositiveIntegerField(default=0)

    baseline_score = models.JSONField(null=True)
    best_score = models.JSONField(null=True)
    estimate = models.JSONField(null=True)
    best_candidate = models.ForeignKey("Candidate", models.SET_NULL, null=True, related_name="+")
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

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def spent(self) -> int:
        """Micro-USD paid so far, calls in doubt at their upper bound."""
        return self.used_cost + self.over_cost


class RunEvent(models.Model):
    """One announcement of a run, in order."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    data = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_once")]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"event {self.seq} of run {self.run_id}: {self.kind}"


class Candidate(models.Model):
    """One candidate of a run; number 0 is the baseline."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="candidates")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    prompts = models.JSONField()
    choice = models.JSONField(default=dict)

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
    budget ended here.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="exchanges")
    seq = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    purpose = models.CharField(max_length=30)
    role = models.CharField(max_length=10)
    candidate = models.ForeignKey(Candidate, models.CASCADE, null=True)
    size = models.PositiveIntegerField(default=0)
    replies = models.JSONField(null=True)
    refused = models.CharField(max_length=20, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="exchange_once")]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} of run {self.run_id}"


class Trial(models.Model):
    """One scored evaluation of a candidate, minibatch or full. Trial 0 is the baseline."""

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


class Completion(models.Model):
    """The ledger of model calls and their cache: reserved before, settled after, never paid twice.

    `key` digests namespace, endpoint, model and the whole request. Costs are micro-USD;
    `held_cost` is the upper bound that was reserved. `owner` is who reserved it ("run:9:2" is run 9
    in its second epoch); a reserved row whose owner is gone is in doubt, and charged at its upper
    bound. `attempt` counts requests sent, `doubts` those whose end is unknown; `doubt_cost` is what
    these were charged with, beside the `cost` of the reply.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", "Reserved"
        SETTLED = "settled", "Settled"
        FAILED = "failed", "Failed"
        DOUBT = "doubt", "In doubt"

    key = models.CharField(max_length=64, primary_key=True)
    namespace = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="completions")
    role = models.CharField(max_length=10)
    provider = models.IntegerField()
    model = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State)
    owner = models.CharField(max_length=64)
    attempt = models.PositiveSmallIntegerField(default=1)
    doubts = models.PositiveSmallIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)
    request = models.JSONField()
    reply = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    doubt_cost = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    reserved_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "state"]),
            models.Index(fields=["run", "role"]),
            models.Index(fields=["owner"], condition=Q(state="reserved"), name="reserved_by"),
            models.Index(fields=["run"], condition=Q(cost__gt=F("held_cost")), name="overbilled"),
        ]

    def __str__(self) -> str:
        return f"{self.state} call {self.key[:12]}"


class Spending(models.Model):
    """What one run took in a calendar month (UTC), or the short jobs of a namespace together (`run`
    0): the run's account by months. A call counts in the month in which it was reserved.

    Each run has rows of its own, so that runs never wait for one another to count.
    """

    month = models.DateField()
    namespace = models.CharField(max_length=64)
    run = models.BigIntegerField()
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    over_cost = models.BigIntegerField(default=0)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "namespace", "run"], name="spending_once"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace} in {self.month:%B %Y}"


class SpendingCap(models.Model):
    """What a namespace may take in a calendar month, or the whole installation (`scope` "*").

    The sums are those of `month`: of all Spending rows below, kept here so that the database itself
    refuses to pass the cap. `passed_*` is what was taken and held already when a lower cap was set,
    which nothing can undo.
    """

    scope = models.CharField(max_length=64, primary_key=True)
    max_calls = models.PositiveIntegerField(null=True)
    max_cost = models.BigIntegerField(null=True)
    month = models.DateField()
    passed_calls = models.PositiveIntegerField(default=0)
    passed_cost = models.BigIntegerField(default=0)
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    over_cost = models.BigIntegerField(default=0)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="month_calls_within_cap",
                condition=Q(max_calls=None)
                | Q(max_calls__gte=F("used_calls") + F("held_calls"))
                | Q(passed_calls__gte=F("used_calls") + F("held_calls")),
            ),
            models.CheckConstraint(
                name="month_cost_within_cap",
                condition=Q(max_cost=None)
                | Q(max_cost__gte=F("used_cost") + F("held_cost"))
                | Q(passed_cost__gte=F("used_cost") + F("held_cost")),
            ),
        ]

    def __str__(self) -> str:
        return f"cap of {self.scope}"


class AcceptedOverrun(models.Model):
    """What calls of a run to one model had cost beyond their reservations, in micro-USD, when
    somebody resumed the run and so accepted it.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    provider = models.IntegerField()
    model = models.CharField(max_length=200)
    excess = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "provider", "model"], name="accepted_once"),
        ]

    def __str__(self) -> str:
        return f"accepted overrun of {self.model} in run {self.run_id}"


class Measurement(Owned):
    """A program run on a few examples before a run starts, to see what its calls take.

    `digest` is that of what was measured (program, model and examples): whoever wants the same
    finds it again. `outcomes` are the examples', `at_once` how many were under way together.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    namespace = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    program = models.JSONField()
    model = models.JSONField()
    examples = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    outcomes = models.JSONField(null=True)
    at_once = models.PositiveIntegerField(default=1)
    problem = models.TextField(blank=True)
    said = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["namespace", "digest"], name="measurement_of")]

    def __str__(self) -> str:
        return f"measurement {self.pk}"


class Tryout(Owned):
    """One program tried on one example, outside any run: asked by a page, answered by a worker."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    namespace = models.CharField(max_length=64)
    program = models.JSONField()
    prompts = models.JSONField()
    model = models.JSONField()
    metric = models.JSONField(null=True)
    example = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    outcome = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    said = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"tryout {self.pk}"
