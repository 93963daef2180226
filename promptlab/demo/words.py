"""What the ready examples are called, and what each is about."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TOLD: dict[str, tuple[str | Promise, str | Promise]] = {
    "citations": (
        _("Citations"),
        _("A reference as it was typed, taken apart into fifteen fields, most of them not there."),
    ),
    "cheaper_expressions": (
        _("Cheaper expressions"),
        _(
            "An expression is rewritten: right on all tests, or nothing counts; then the fewer "
            "operations the better."
        ),
    ),
    "grid_world": (
        _("Grid world: plan, walk, correct"),
        _(
            "A way to the goal is planned, walked in code, and corrected where it fails; the "
            "score walks it, too. Feedback rules say what went wrong."
        ),
    ),
    "heart_disease": (
        _("Heart disease: three doctors and a vote"),
        _(
            "A doctor is asked three times, at a temperature of 0.7, and the vote decides: "
            "one module, three draws."
        ),
    ),
    "hotpotqa": (
        _("HotPotQA: two hops through a corpus"),
        _(
            "A query, passages, a second query out of what they say, more passages, an "
            "answer: three prompts, searched together."
        ),
    ),
    "hotpotqa_conditional": (
        _("HotPotQA with a condition on the form"),
        _(
            "People in lower case, dates with “Peace!”, all else in capitals: does a search find "
            "the words that make a model keep to it?"
        ),
    ),
    "hover": (
        _("HoVer: three hops to the evidence"),
        _(
            "Four prompts between three searches, scored by what was found. It begins with titles "
            "alone: bring a corpus of your own."
        ),
    ),
    "iris": (
        _("Iris"),
        _(
            "One step says the species of a flower from four numbers: what do demos teach "
            "that words do not?"
        ),
    ),
    "iris_typo": (
        _("Iris with a typo"),
        _("The same flowers, with a species misspelt in the instruction: does a search notice?"),
    ),
    "scone": (
        _("ScoNe: what follows, and what does not"),
        _("Negations in negations: small models fall for them, and an instruction or demos help."),
    ),
    "slots": (
        _("Booking slots"),
        _(
            "Five values out of what a guest said, each of them perhaps not there: is “13” "
            "a time or people?"
        ),
    ),
    "triage": (
        _("E-mail triage"),
        _(
            "How urgent, in what mood, about what: three answers at once, one of them a "
            "list, scored by a small function."
        ),
    ),
}
"""By the folder of each: its title, and a sentence."""
