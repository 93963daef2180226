"""Demos as pages draw them: those that are always shown, and those chosen for each input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.optimizers.estimate import tokens_of
from optimizer.core.programs.demo import Choosing, Demo, Demos, NearestDemos, PooledDemo
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import Value, written
from promptlab.programs.models import Program

SEVERAL = 16
"""Demos of a pool that tokens are guessed from."""
FIRST_ROWS = 20
"""Rows of a pool that a page shows where it is about more than the pool, which may be large."""


@dataclass(frozen=True)
class ShownDemo:
    """A demo as the page draws it. `augmented`: written by a model, not taken from the data; `row`:
    the id of the training row that it was made of, "" where nobody knows it.
    """

    inputs: list[tuple[str, object]]
    outputs: list[tuple[str, object]]
    augmented: bool
    row: str = ""

    @property
    def title(self) -> str:
        """Who wrote it, and out of which row."""
        by = _("made by the teacher") if self.augmented else _("from the data")
        return _("row %(row)s, %(by)s") % {"row": self.row, "by": by} if self.row else by

    @property
    def texts(self) -> list[str]:
        return [value for _name, value in (*self.inputs, *self.outputs) if isinstance(value, str)]


def shown_demo(module: Module, demo: Demo) -> ShownDemo:
    """A demo's values in the order of a call: inputs, then what the module writes."""
    outputs = [f.name for f in module.shown_fields]
    return ShownDemo(
        [(f.name, demo.values.get(f.name)) for f in module.signature.inputs],
        [(name, demo.values[name]) for name in outputs if demo.values.get(name) is not None],
        demo.augmented,
        demo.example if isinstance(demo, PooledDemo) else "",
    )


@dataclass(frozen=True)
class ShownNearest:
    """Demos that are chosen for each input, in words; `url`: the page with all rows of the pool."""

    module: Module
    demos: NearestDemos
    url: str

    @property
    def size(self) -> int:
        return len(self.demos.pool.demos)

    @property
    def told(self) -> str:
        """“For each input: the 4 most alike of 60 training rows (58 labelled, 2 written …)”."""
        rows = len({demo.example for demo in self.demos.pool.demos})
        values = {"k": self.demos.k, "n": self.size, "made_of": self.made_of}
        if rows == self.size:
            told = _("For each input: the %(k)s most alike of %(n)s training rows (%(made_of)s).")
        else:
            told = _("For each input: the %(k)s most alike of %(n)s demos (%(made_of)s).")
        return told % values

    @property
    def made_of(self) -> str:
        """Who wrote the demos of the pool: “58 labelled, 2 written by the model”."""
        made = sum(demo.augmented for demo in self.demos.pool.demos)
        labelled = self.size - made
        parts = [_("%(n)s labelled") % {"n": labelled}] if labelled or not made else []
        return ", ".join([*parts, _("%(n)s written by the model") % {"n": made}] if made else parts)

    @property
    def in_a_line(self) -> str:
        """The choice and the pool, beside others of a run."""
        if self.demos.embedding is not None:
            return f"{self._by_choice}; {_('by meaning')}"
        return self._by_choice

    @property
    def _by_choice(self) -> str:
        ways = {
            Choosing.NEAREST: _("%(demos)s of %(n)s (%(made_of)s)"),
            Choosing.DIVERSE: _("%(demos)s that differ, of %(n)s (%(made_of)s)"),
            Choosing.BALANCED: _("%(demos)s, labels by turns, of %(n)s (%(made_of)s)"),
        }
        values = {"demos": self.in_short, "n": self.size, "made_of": self.made_of}
        return ways[self.demos.choosing] % values

    @property
    def how(self) -> str:
        """How they are chosen, and what stands before them."""
        told = [how_chosen(self.demos)]
        fixed = len(self.demos.fixed)
        if fixed:
            told.append(
                ngettext(
                    "%d demo that is always the same stands before them.",
                    "%d demos that are always the same stand before them.", fixed,
                ) % fixed
            )  # fmt: skip
        told.append(_("Never the example itself or a duplicate of it."))
        return " ".join(told)

    @property
    def tokens(self) -> int:
        """Tokens that the chosen demos add to a call: the mean of a few of the pool, times `k`."""
        pool = self.demos.pool.demos
        few = pool[:: max(len(pool) // SEVERAL, 1)][:SEVERAL]
        if not few:
            return 0
        values: dict[str, Value] = dict(few[0].values)
        bare, full = (
            tokens_of(self.module, ModulePrompt("", demos), values) for demos in ((), few)
        )
        return round((full - bare) / len(few) * min(self.demos.k, len(pool)))

    @property
    def cost(self) -> str:
        """What they cost: tokens, and what a provider cannot cache."""
        return _(
            "About %(n)s tokens a call, guessed from a few rows; the part of the prompt that a "
            "provider can cache ends before them."
        ) % {"n": self.tokens}

    @property
    def in_short(self) -> str:
        return nearest_in_short(self.demos)

    @property
    def first(self) -> list[ShownDemo]:
        return shown_rows(self.module, self.demos.pool.demos[:FIRST_ROWS])

    @property
    def more(self) -> int:
        """Rows of the pool beyond the first."""
        return max(self.size - FIRST_ROWS, 0)

    @property
    def texts(self) -> Iterable[str]:
        """All that a prompt may show of the pool."""
        for demo in self.demos.pool.demos:
            yield from (value for value in demo.values.values() if isinstance(value, str))


def shown_nearest(module: Module, demos: Demos, url: str) -> ShownNearest | None:
    """None where the demos are the same for every input."""
    return ShownNearest(module, demos, url) if isinstance(demos, NearestDemos) else None


def saved_nearest(program: Program, module: Module) -> ShownNearest | None:
    """The same of a module of a stored program."""
    url = reverse("programs:all_demos", args=[program.project.slug, program.pk, module.name])
    return shown_nearest(module, module.demos, url)


def shown_rows(module: Module, demos: Iterable[Demo]) -> list[ShownDemo]:
    return [shown_demo(module, demo) for demo in demos]


def how_chosen(demos: NearestDemos) -> str:
    if demos.embedding is not None:
        values = {"label": demos.label, "model": demos.embedding.model}
        return _by_meaning(demos.choosing) % values
    told = {
        Choosing.NEAREST: _("The nearest by their words, the best match last."),
        Choosing.DIVERSE: _(
            "Near ones that differ from one another in their words, the best match last."
        ),
        Choosing.BALANCED: _("Of each “%(label)s” the nearest by turns, the best match last."),
    }
    return told[demos.choosing] % {"label": demos.label}


def _by_meaning(choosing: Choosing) -> str:
    return {
        Choosing.NEAREST: _("The nearest in meaning, by %(model)s, the best match last."),
        Choosing.DIVERSE: _(
            "Near ones in meaning, by %(model)s, that differ from one another, the best match last."
        ),
        Choosing.BALANCED: _(
            "Of each “%(label)s” the nearest in meaning, by %(model)s, by turns, the best match "
            "last."
        ),
    }[choosing]


def nearest_in_short(demos: NearestDemos) -> str:
    """“4 nearest demos”, “2 demos, then 4 nearest”."""
    chosen, fixed = min(demos.k, len(demos.pool.demos)), len(demos.fixed)
    if not fixed:
        return ngettext("%d nearest demo", "%d nearest demos", chosen) % chosen
    own = ngettext("%d demo", "%d demos", fixed) % fixed
    return _("%(demos)s, then %(n)s nearest") % {"demos": own, "n": chosen}


def demos_in_short(demos: Demos) -> str:
    """“4 demos”, “4 nearest demos”; "" where there are none."""
    if isinstance(demos, NearestDemos):
        return nearest_in_short(demos)
    return ngettext("%d demo", "%d demos", len(demos)) % len(demos) if demos else ""


def with_words(demos: Sequence[PooledDemo], words: str) -> Sequence[PooledDemo]:
    """Those of a pool in which the words stand, in any case, or whose row has this id."""
    wanted = words.casefold().strip()
    if not wanted:
        return demos
    return [
        demo
        for demo in demos
        if demo.example.casefold() == wanted
        or any(wanted in written(value).casefold() for value in demo.values.values())
    ]
