"""The form of a new run, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.conversation.spec import Effort, ModelRef, Settings
from optimizer.core.optimizers import DEFAULT, OPTIMIZERS, Optimizer
from optimizer.core.programs.lm import Role
from optimizer.core.runs.validation import OWN_SETTINGS, ignored_faults
from optimizer.sentences.optimizers import description_of, title_of
from promptlab.accounts.models import Project
from promptlab.providers.fields import EmbeddingModelField
from promptlab.runs.library.cards import cards_for
from promptlab.runs.results.style import style_of
from promptlab.runs.starting import material
from promptlab.runs.starting.material import MATERIAL, MaterialForm, count
from promptlab.runs.starting.planning import RunRequest, Start
from promptlab.runs.starting.run_choices import RunChoices
from promptlab.runs.starting.start_of import start_of
from promptlab.ui.forms import CardRadios, Choice, FoldedRadios

NEEDED = (*MATERIAL, "optimizer", "effort")
IDLE = "idle_"
"""What the names of settings begin with that the chosen optimizer makes no use of."""
PLACES = {
    **material.PLACES,
    "model_optimizer": "models.optimizer",
    "model_teacher": "models.teacher",
    "model_further": "further_optimizers",
    "model_embedding": "models.embedding",
    **{name: f"settings.{name}" for name in OWN_SETTINGS},
}
"""Fields whose problems have a place of another name."""


class RunForm(MaterialForm):
    """What to optimize, with what, how hard, and how much it may cost."""

    measures = True
    needed = NEEDED
    places = PLACES

    model_optimizer = forms.ChoiceField(
        label=_("Optimizer model"), required=False, help_text=_("Writes instructions.")
    )
    model_teacher = forms.ChoiceField(
        label=_("Teacher model"), required=False,
        help_text=_("Makes demos by solving training examples."),
    )  # fmt: skip
    model_further = forms.MultipleChoiceField(
        label=_("Further optimizer models"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("The run finds out which of them writes the best instructions."),
    )  # fmt: skip
    model_embedding = EmbeddingModelField(
        label=_("Embedding model"), required=False,
        help_text=_("Demos chosen for each input are tried by meaning, too, not by words alone."),
    )  # fmt: skip
    optimizer = forms.ChoiceField(
        label=_("What may change"), widget=FoldedRadios(_("Other ways to search"))
    )
    effort = forms.ChoiceField(label=_("Effort"), widget=CardRadios)
    seed = count(_("Seed"), 0, 2_147_483_647, _("The same seed makes the same choices."))
    trials = count(_("Trials"), 1, 2000)
    minibatch_size = count(_("Examples of a minibatch"), 1, 5000)
    full_every = count(_("Full evaluation every … trials"), 1, 2000)
    instructions = count(
        _("Instructions for each module"), 1, 50,
        _("The current one and those that are written; plain ones made from the fields come on "
          "top."),
    )  # fmt: skip
    demo_sets = count(_("Demo sets for each module"), 1, 50)
    max_bootstrapped_demos = count(_("Demos made by the teacher, at most"), 0, 32)
    max_labeled_demos = count(_("Demos taken from the data, at most"), 0, 32)
    max_validation = count(_("Validation examples scored, at most"), 1, 100_000)
    rounds = count(
        _("Rounds of new proposals"), 0, 20,
        _("In each, the race learns from what the leader gets wrong on training examples."),
    )  # fmt: skip
    late_rounds = count(
        _("Further rounds where the race is stuck"), 0, 20,
        _("Where the leader stays or no gain is expected, instructions are written from its "
          "failures alone, within the same caps. 0: the race ends and saves the rest."),
    )  # fmt: skip
    nearest_demos = count(
        _("Ways to choose demos for each input"), 0, 20,
        _("Tried beside the demo sets: every input is shown the training rows that are most like "
          "it. A provider can cache less of such prompts. 0: the same demos for every input."),
    )  # fmt: skip
    step_candidates = count(
        _("Instructions written in a step"), 1, 50, _("All of them are written from the same one.")
    )
    edit_budget = count(
        _("Words that a rewriting may change at first"), 1, 2000,
        _("What changes more is drawn again."),
    )  # fmt: skip
    edit_budget_end = count(
        _("Words that a rewriting may change at last"), 1, 2000,
        _("In between, the number falls along a cosine. The same number as above keeps it."),
    )  # fmt: skip
    failed_exemplars = count(
        _("Exemplars that fail most often"), 0, 3,
        _("Of the three that the writer sees. A few training examples are run in each step to know "
          "them; 0: all three are drawn anew."),
    )  # fmt: skip
    history_least = count(
        _("Least score of an attempt that is shown"), 0, 100,
        _("Of 100. What scored lower is left out of the history."),
    )  # fmt: skip
    related = count(
        _("Related attempts shown"), 1, 20,
        _("With their scores, the current instruction among them."),
    )  # fmt: skip
    without_rewrites = forms.BooleanField(
        label=_("Without rewritings of the library"), required=False,
        help_text=_("Otherwise the optimizer model sees up to three that raised scores before."),
    )  # fmt: skip
    start = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    """“12.4”: the run begins with the prompts of candidate 4 of run 12."""
    numbers_of = forms.CharField(required=False, widget=forms.HiddenInput)
    """Whose preset the own settings were filled in from (`prefill`)."""

    def __init__(
        self, project: Project, data: Mapping[str, Any], run_choices: RunChoices | None = None
    ) -> None:
        super().__init__(project, data, run_choices)
        self.chosen = OPTIMIZERS.get(str(self.data.get("optimizer")), OPTIMIZERS[DEFAULT])
        self.style = style_of(self.chosen.name)
        self._offer_writers()
        self._offer("optimizer", _optimizers())
        self._offer("effort", self._efforts())
        for name in self._idle:
            del self.fields[name]
            self.fields[f"{IDLE}{name}"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields["trials"].label = self.style.setting
        self.fields["trials"].help_text = self.style.setting_help
        if "minibatch_size" in self.fields:
            self.fields["minibatch_size"].label = self.style.part_size

    # --- What is offered -----------------------------------------------------------------------

    def _offer_writers(self) -> None:
        offered = self.offered_models
        same = [("", _("Same as the task model")), *offered]
        self._offer("model_optimizer", same)
        self._offer("model_teacher", same)
        self._offer("model_further", offered)
        none = [("", _("None: by words alone"))]
        embedding = [(choice.value, choice.label) for choice in self.run_choices.embedding_models]
        self._offer("model_embedding", [*none, *embedding])

    @property
    def compares_writers(self) -> bool:
        """Whether the chosen optimizer makes use of several optimizer models."""
        return self.chosen.compares_writers and len(self.run_choices.models) > 1

    @property
    def tries_meaning(self) -> bool:
        """Whether the chosen optimizer could choose demos by vectors that a model makes."""
        return self.chosen.uses_demos and bool(self.run_choices.embedding_models)

    @property
    def sees_library(self) -> bool:
        """Whether there are rewritings that the chosen optimizer could show to who writes."""
        return self.chosen.shows_rewrites and cards_for(self.project).exists()

    @property
    def own_settings(self) -> list[forms.BoundField]:
        """The settings that count with the chosen optimizer."""
        return [self[name] for name in OWN_SETTINGS if name in self.chosen.uses]

    @property
    def idle_settings(self) -> list[forms.BoundField]:
        """The others, out of sight under names of their own: another optimizer finds them as they
        were, and nobody asked for them with this one.
        """
        return [self[f"{IDLE}{name}"] for name in self._idle]

    @property
    def _idle(self) -> list[str]:
        return [name for name in OWN_SETTINGS if name not in self.chosen.uses]

    def _efforts(self) -> list[tuple[str, Choice]]:
        labels = {
            Effort.LIGHT: _("Light"), Effort.MEDIUM: _("Medium"), Effort.HEAVY: _("Heavy"),
        }  # fmt: skip
        found = []
        for effort, label in labels.items():
            preset = self._preset(effort)
            text = self.style.effort(preset, self.chosen.steps(preset, self._scored(preset)).trials)
            found.append((effort.value, Choice(str(label), text)))
        own = Choice(str(_("Own settings")), str(_("as under Advanced")))
        return [*found, (Effort.CUSTOM.value, own)]

    def _scored(self, settings: Settings) -> int:
        """Validation examples that a full evaluation scores; the most where no data is chosen."""
        dataset = self.run_choices.datasets.get(self._number("dataset"))
        known = self.run_choices.validation_size(dataset) if dataset else 0
        return min(known or settings.max_validation, settings.max_validation)

    def _preset(self, effort: Effort) -> Settings:
        if self._program is None:
            return Settings(effort=effort)
        return self.chosen.settings(effort, self._program.core)

    # --- What is wanted ------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        """A setting that the chosen optimizer makes no use of is refused, as over the API; but for
        one that was in sight until the optimizer was chosen a moment ago.
        """
        filled_in_for = str(self.data.get("numbers_of", "")).split(":")[1:2]
        if filled_in_for in ([], [self.chosen.name]) and "optimizer" in self.cleaned_data:
            said = (name for name in self._idle if self.data.get(name))
            self.add_problems(ignored_faults(said, self.chosen))
        if self.data.get("start") and self.begins_with is None:
            told = _("The candidate to go on from is not there, or its program has changed since.")
            self.add_error(None, told)
        return self.cleaned_data

    def run_request(self) -> RunRequest:
        """What a complete form asks for; a cap that cannot be read is none."""
        data = self.cleaned_data
        effort = Effort(data["effort"])
        return RunRequest(
            program=data["program"],
            dataset=data["dataset"],
            metric=data["metric"],
            optimizer=data["optimizer"],
            effort=effort,
            settings=self._settings(effort),
            models=self._models(),
            limits=self.limits,
            seed=data.get("seed") or 0,
            further_optimizers=self._further_optimizers(),
            embedding=data.get("model_embedding") if self.chosen.uses_demos else None,
            columns=self.read_from,
            shows_rewrites=not data.get("without_rewrites"),
            start=self.begins_with,
        )

    @cached_property
    def begins_with(self) -> Start | None:
        """The candidate that the run goes on from, where it fits the program."""
        found = start_of(self.project, str(self.data.get("start", "")))
        names = {module.name for module in self._program.core.modules} if self._program else set()
        return found if found and set(found.prompts.modules) == names else None

    def _settings(self, effort: Effort) -> Settings:
        if effort is not Effort.CUSTOM:
            return self._preset(effort)
        data, counts = self.cleaned_data, (field.name for field in self.own_settings)
        own = {name: value for name in counts if (value := data.get(name)) is not None}
        return replace(self._preset(self._departed_from), **own)

    @property
    def _departed_from(self) -> Effort:
        """The effort whose numbers own settings began with; one left empty is as there."""
        said = str(self.data.get("numbers_of", "")).rpartition(":")[2]
        return Effort(said) if said in set(Effort) else Effort.LIGHT

    def _models(self) -> dict[Role, ModelRef]:
        """Models by role. An optimizer left open is the task model; so is a teacher, unsaid. Who
        would have nothing to do is left out.
        """
        offered = {choice.value: choice.ref() for choice in self.run_choices.models}
        task = offered[self.cleaned_data["model_task"]]
        writer, teacher = (self.cleaned_data.get(f"model_{r}") for r in ("optimizer", "teacher"))
        if not self.chosen.uses_instructions:
            writer = None
        found = {Role.TASK: task, Role.OPTIMIZER: offered[writer] if writer else task}
        if teacher and self.chosen.bootstraps:
            found[Role.TEACHER] = offered[teacher]
        return found

    def _further_optimizers(self) -> tuple[ModelRef, ...]:
        """Each once, and none that is the optimizer model already."""
        offered = {choice.value: choice.ref() for choice in self.run_choices.models}
        first = self._models()[Role.OPTIMIZER]
        chosen = (offered[value] for value in self.cleaned_data.get("model_further") or ())
        return tuple(ref for ref in dict.fromkeys(chosen) if ref != first)


def _optimizers() -> list[tuple[Any, Any]]:
    """The default by itself, the others by what they change."""
    kinds: dict[tuple[bool, bool], Any] = {
        (True, True): _("Instructions and demos"), (True, False): _("Instructions only"),
        (False, True): _("Demos only"),
    }  # fmt: skip
    first = OPTIMIZERS[DEFAULT]
    others = [o for o in OPTIMIZERS.values() if o is not first]
    found: list[tuple[Any, Any]] = [(first.name, _choice(first))]
    for kind, label in kinds.items():
        group = [o for o in others if (o.uses_instructions, o.uses_demos) == kind]
        found.append((label, [(o.name, _choice(o)) for o in group]))
    return found


def _choice(optimizer: Optimizer) -> Choice:
    return Choice(title_of(optimizer), description_of(optimizer))
