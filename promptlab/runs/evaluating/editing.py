"""A candidate's prompts as a form: instructions to rewrite, demos to leave out and to reorder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.programs.candidate import Candidate, with_prompts
from optimizer.core.programs.demo import Demo, Demos, NearestDemos
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.sentences import sentence
from promptlab.programs.shown_demos import ShownDemo, shown_demo
from promptlab.ui.forms import PromptTextarea

LONGEST = 20_000
"""Characters of an instruction."""


@dataclass(frozen=True)
class DemoRow:
    """A demo with its fields: whether it stays, and at which place."""

    shown: ShownDemo
    keep: forms.BoundField
    place: forms.BoundField


@dataclass(frozen=True)
class Section:
    """A module's part of the form; `instruction` is None where it has no words. `chooses`: its
    demos are chosen for each input, and stay as they are.
    """

    module: Module
    instruction: forms.BoundField | None
    demos: list[DemoRow]
    chooses: bool


class EditForm(forms.Form):
    """The prompts of `before` with what somebody changes in them."""

    def __init__(
        self, program: Program, before: Candidate, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data)
        self.program, self.before = program, before
        for module in program.modules:
            self._offer(module, before.modules[module.name])

    def _offer(self, module: Module, prompt: ModulePrompt) -> None:
        if module.has_instruction:
            self.fields[f"instruction:{module.name}"] = forms.CharField(
                label=_("Instruction"), required=False, max_length=LONGEST,
                initial=prompt.instruction, strip=True,
                widget=PromptTextarea(known=[f.name for f in module.signature.inputs]),
            )  # fmt: skip
        for at in range(len(_fixed(prompt.demos))):
            self.fields[f"keep:{module.name}:{at}"] = forms.BooleanField(
                label=_("Show it"), required=False, initial=True
            )
            self.fields[f"place:{module.name}:{at}"] = forms.IntegerField(
                label=_("Place"), min_value=1, max_value=999, initial=at + 1,
                widget=forms.NumberInput({"class": "short", "min": 1}),
            )  # fmt: skip

    @property
    def sections(self) -> list[Section]:
        """Modules with something to change, in the program's order."""
        found = [self._section(module) for module in self.program.modules]
        return [one for one in found if one.instruction or one.demos or one.chooses]

    def _section(self, module: Module) -> Section:
        name, prompt = module.name, self.before.modules[module.name]
        demos = [
            DemoRow(shown_demo(module, demo), self[f"keep:{name}:{at}"], self[f"place:{name}:{at}"])
            for at, demo in enumerate(_fixed(prompt.demos))
        ]
        words = self[f"instruction:{name}"] if module.has_instruction else None
        return Section(module, words, demos, isinstance(prompt.demos, NearestDemos))

    def clean(self) -> dict[str, Any]:
        """What the program would say of itself with these prompts is said at its module."""
        if not self.errors:
            edited = with_prompts(self.program, self.candidate)
            for module in edited.modules:
                for told in module.problems():
                    self.add_error(f"instruction:{module.name}", sentence(told))
        return self.cleaned_data

    @property
    def candidate(self) -> Candidate:
        """The prompts as they are wished."""
        return Candidate(
            {m.name: self._prompt(m, self.before.modules[m.name]) for m in self.program.modules}
        )

    def _prompt(self, module: Module, before: ModulePrompt) -> ModulePrompt:
        words = self.cleaned_data.get(f"instruction:{module.name}", before.instruction)
        if isinstance(before.demos, NearestDemos):
            return ModulePrompt(words, before.demos)
        kept = [
            (self.cleaned_data.get(f"place:{module.name}:{at}") or at + 1, at, demo)
            for at, demo in enumerate(before.demos)
            if self.cleaned_data.get(f"keep:{module.name}:{at}")
        ]
        return ModulePrompt(words, tuple(demo for _place, _at, demo in sorted(kept, key=_by_place)))


def _by_place(row: tuple[int, int, Demo]) -> tuple[int, int]:
    return row[:2]


def _fixed(demos: Demos) -> tuple[Demo, ...]:
    """Those that every prompt shows; none where they are chosen for each input."""
    return () if isinstance(demos, NearestDemos) else tuple(demos)
