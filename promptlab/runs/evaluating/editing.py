"""A candidate's prompts as a form: instructions to rewrite; demos to write, drop and reorder."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.demos.labels import known_of_row
from optimizer.core.programs.candidate import Candidate, with_prompts
from optimizer.core.programs.demo import Demo, NearestDemos, fixed_of, with_fixed
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Value
from optimizer.sentences import sentence
from promptlab.programs.forms.demos import DemoForm, demo_form_for
from promptlab.programs.prompt_size import prompt_tokens
from promptlab.programs.rows import MOST_ROWS, Rows, changed, faults_of, wants_change
from promptlab.runs.comparing.prompt_changes import ModuleDiff, module_diff_of
from promptlab.ui.forms import PromptTextarea
from promptlab.ui.value_field import plain_lines

LONGEST = 20_000
"""Characters of an instruction."""
LOOK = "look"
"""The button that asks what is typed comes to."""
ROW = "row"
"""The button that adds a demo out of a row; its value is the module's name."""


@dataclass(frozen=True)
class TrainingRows:
    """Rows that demos can be made of: how one is found by its id, and which column holds an output
    of another name.
    """

    find: Callable[[str], Example | None]
    columns: dict[str, str]


@dataclass(frozen=True)
class Section:
    """A module's part of the form; `instruction` is None where it has no words. `chooses`: further
    demos are chosen for each input, and stay as they are. `refused`: why a row made no demo.
    """

    module: Module
    instruction: forms.BoundField | None
    rows: Rows[DemoForm]
    chooses: bool
    asked_row: str
    refused: str


class EditForm(forms.Form):
    """The prompts of `before` with what somebody changes in them. `start` is what the names of its
    fields begin with where several stand on one page.
    """

    def __init__(
        self,
        program: Program,
        before: Candidate,
        data: QueryDict | None = None,
        training: TrainingRows | None = None,
        start: str = "",
    ) -> None:
        self.start = start
        self.redrawn = data is not None and (wants_change(data) or ROW in data)
        super().__init__(None if self.redrawn else data)
        self.program, self.before, self.training = program, before, training
        self.typed = data
        self.rows = {module.name: self._rows(module) for module in program.modules}
        for module in program.modules:
            if module.has_instruction:
                self.fields[self._words(module)] = self._instruction(module)

    def _instruction(self, module: Module) -> forms.CharField:
        was = self.before.modules[module.name].instruction
        drawn = self.typed.get(self._words(module), was) if self.redrawn and self.typed else was
        return forms.CharField(
            label=gettext_lazy("Instruction"), required=False, max_length=LONGEST, initial=drawn,
            widget=PromptTextarea(known=[f.name for f in module.signature.inputs]),
        )  # fmt: skip

    def _rows(self, module: Module) -> Rows[DemoForm]:
        kind, prefix = demo_form_for(module), f"{self.start}demos-{module.name}"
        if self.typed is not None and not self.redrawn:
            return Rows(kind, prefix, self.typed)
        if self.typed is None:
            shown = fixed_of(self.before.modules[module.name].demos)
            return Rows(
                kind, prefix, initial=[{**d.values, "augmented": d.augmented} for d in shown]
            )
        initial = changed(kind, prefix, self.typed)
        found = self._row_for(module)
        if found is not None and len(initial) < MOST_ROWS:
            initial.append(found)
        return Rows(kind, prefix, initial=initial)

    def _row_for(self, module: Module) -> dict[str, Value] | None:
        """What the wished row tells of a demo of the module; the rest is typed."""
        if not self._adds_row(module) or self.training is None:
            return None
        example = self.training.find(self._asked_row(module))
        if example is None:
            return None
        return known_of_row(self.program, module, example, self.training.columns)

    def _adds_row(self, module: Module) -> bool:
        return self.typed is not None and self.typed.get(ROW) == f"{self.start}{module.name}"

    def _asked_row(self, module: Module) -> str:
        name = f"{self.start}row-{module.name}"
        return "" if self.typed is None else self.typed.get(name, "").strip()

    @property
    def sections(self) -> list[Section]:
        """Modules with something to change, in the program's order."""
        return [self._section(module) for module in self.program.modules if _asks(module)]

    def _section(self, module: Module) -> Section:
        words = self[self._words(module)] if module.has_instruction else None
        chooses = isinstance(self.before.modules[module.name].demos, NearestDemos)
        missing = self._adds_row(module) and self._row_for(module) is None
        told = _("There is no such row in the training split of this run.") if missing else ""
        asked = self._asked_row(module) if missing else ""
        return Section(module, words, self.rows[module.name], chooses, asked, told)

    def is_valid(self) -> bool:
        sound = [super().is_valid(), *(rows.is_valid() for rows in self.rows.values())]
        if not all(sound):
            return False
        edited = with_prompts(self.program, self.candidate)
        for module in edited.modules:
            place = self._words(module) if module.has_instruction else None
            for told in module.problems():
                self.add_error(place, sentence(told))
        return not self.errors

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return faults_of(self, *(row for rows in self.rows.values() for row in rows.filled))

    @cached_property
    def candidate(self) -> Candidate:
        """The prompts as they are wished."""
        return Candidate({m.name: self._prompt(m) for m in self.program.modules})

    def _prompt(self, module: Module) -> ModulePrompt:
        before = self.before.modules[module.name]
        words = self._wished_words(module, before.instruction)
        known = list(fixed_of(before.demos))
        demos = tuple(_as_known(row, known) for row in self.rows[module.name].filled)
        return ModulePrompt(words, with_fixed(before.demos, demos))

    def _wished_words(self, module: Module, before: str) -> str:
        """What a browser does to line ends and at the rims is no edit."""
        words = plain_lines(self.cleaned_data.get(self._words(module), before))
        return before if words == plain_lines(before).strip() else words

    def _words(self, module: Module) -> str:
        return f"{self.start}instruction:{module.name}"

    @property
    def as_drawn(self) -> dict[str, str]:
        """What a browser sends of it where nothing was typed yet."""
        found: dict[str, str] = {}
        for section in self.sections:
            if section.instruction is not None:
                found[section.instruction.html_name] = str(section.instruction.value())
            found[section.rows.count_name] = str(len(section.rows))
            for row in section.rows:
                found |= {f.html_name: str(f.value() or "") for f in row.values}
                if row["augmented"].value():
                    found[row["augmented"].html_name] = "True"
        return found

    @cached_property
    def changes(self) -> list[ModuleDiff]:
        """What the valid form changes in the candidate that it began with, module by module."""
        before = {m.name: m for m in with_prompts(self.program, self.before).modules}
        after = with_prompts(self.program, self.candidate).modules
        found = (module_diff_of(module, before[module.name]) for module in after)
        return [diff for diff in found if diff.changed]

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens of all prompts before any input stands in them: as they were, and as wished."""
        was, wished = (
            prompt_tokens(with_prompts(self.program, one)) for one in (self.before, self.candidate)
        )
        return was, wished


def _asks(module: Module) -> bool:
    """Whether there is something to change in its prompt."""
    return module.has_instruction or module.takes_demos


def _as_known(row: DemoForm, known: list[Demo]) -> Demo:
    """The very demo that the row was drawn of, where nothing was changed in it; one that was is no
    longer a model's. What is found is taken out of `known`.
    """
    names = {field.name for field in row.values}
    for one in known:
        if _told(one, names) == _told(row.demo, names):
            known.remove(one)
            return one
    return Demo(row.demo.values)


def _told(demo: Demo, names: Collection[str]) -> dict[str, Any]:
    """Values as a form has them: nothing is no value, and lines end in one way."""
    return {
        name: plain_lines(value) if isinstance(value, str) else value
        for name, value in demo.values.items()
        if name in names and value not in (None, "")
    }
