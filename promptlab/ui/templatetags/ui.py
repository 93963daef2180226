"""Tags and filters of the design system: `{% load ui %}`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.sentences import term
from promptlab.ui import navigation, numbers, styles, unseen
from promptlab.ui.diff import Op, Segment, word_diff
from promptlab.ui.graph import Shape
from promptlab.ui.graph import port_shape as shape_of
from promptlab.ui.marks import marked
from promptlab.ui.scripts import language_of
from promptlab.ui.words import told

register = template.Library()

NAMED = 6
"""Invisible characters, or words of mixed letters, that a note names."""


def _shown(number: Callable[..., str]) -> Callable[..., str]:
    """A value that a page does not have is "" in a template; it is shown like None."""

    @wraps(number)
    def shown(value: Any, *rest: Any) -> str:
        return number(*(None if part == "" else part for part in (value, *rest)))

    return shown


for _number in (
    numbers.percent,
    numbers.points,
    numbers.points_size,
    numbers.direction,
    numbers.arrow,
    numbers.score,
    numbers.interval,
    numbers.span,
    numbers.sampled,
    numbers.sign_test,
    numbers.money,
    numbers.duration,
    numbers.compact,
    numbers.whole,
):
    register.filter(_number.__name__, _shown(_number))
register.filter("lang_of", language_of)


@register.filter
def tick_score(value: float) -> str:
    """A score on an axis: 0.7 → 70, 0.725 → 72.5."""
    return f"{100 * value:g}"


@register.filter
def pairs(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Names with their values, of a dict or of a list that is one already."""
    return list(fields.items() if isinstance(fields, Mapping) else fields)


@register.filter
def role_name(role: str) -> str:
    """Who speaks in a transcript."""
    names = {
        "system": _("System"), "user": _("User"), "assistant": _("Assistant"), "demos": _("Demos"),
    }  # fmt: skip
    return names.get(role, role)


@register.filter
def outcome_glyph(outcome: str) -> str:
    """What stands before the word of an outcome, and alone where there is no room for it."""
    return {"win": "▲", "loss": "▼", "tie": "="}.get(outcome, numbers.NOTHING)


@register.filter
def outcome_word(outcome: str) -> str:
    """An outcome from the candidate's side."""
    words = {"win": _("won"), "loss": _("lost"), "tie": _("same")}
    return words.get(outcome, _("not scored"))


@register.inclusion_tag("parts/icon.html")
def icon(name: str) -> dict[str, str]:
    return {"path": f"parts/icons/{name}.svg"}


@register.inclusion_tag("parts/lang.html")
def lang_attr(text: object) -> dict[str, object]:
    """` lang="ja"` where the script of the text tells its language; ` dir="auto"` where some of it
    is written from right to left, so that it orders nothing but itself; otherwise nothing."""
    words = str(text)
    return {"language": language_of(words), "turns": unseen.is_right_to_left(words)}


@register.filter
def visible(value: Any) -> Any:
    """A text in which invisible characters are marked; what is no text stays as it is.

    Comes last, or before what makes line breaks: `|truncatechars:80|visible|linebreaksbr`.
    """
    return marked(str(value)) if isinstance(value, str | Promise) else value


@register.filter
def spelled(value: Any) -> Any:
    """The same for attributes and options, where only text can stand: ⟨U+200B⟩."""
    return unseen.spelled(str(value)) if isinstance(value, str | Promise) else value


@register.inclusion_tag("parts/unseen_note.html")
def unseen_note(texts: object, kind: str = "") -> dict[str, object]:
    """How many invisible characters a text or a list of texts holds, and which; nothing where it
    holds none or is a value of another kind.

    `kind` "callout" draws a notice, otherwise it is a line below a field.
    """
    held = texts if isinstance(texts, list | tuple) else [texts]
    tally = unseen.tally(text for text in held if isinstance(text, str))
    told = [*_counted(tally, where=kind == "callout"), *_mixed(tally)]
    return {"told": " ".join(told), "kind": kind}


def _counted(tally: unseen.Tally, *, where: bool) -> list[str]:
    if not tally.count:
        return []
    names = [name if n == 1 else f"{name} × {n}" for name, n in tally.invisible[:NAMED]]
    one, many = "One invisible character: %(which)s", "%(n)s invisible characters: %(which)s"
    told = {"n": tally.count, "which": ", ".join(names)}
    counted = ngettext(one, many, tally.count) % told + _rest(tally.invisible)
    return [counted, _("Each is marked where it stands.")] if where else [counted]


def _mixed(tally: unseen.Tally) -> list[str]:
    if not tally.mixed:
        return []
    told = _("Words of Latin and Cyrillic letters, which look alike: %(which)s")
    return [told % {"which": ", ".join(tally.mixed[:NAMED])} + _rest(tally.mixed)]


def _rest(of: Sequence[object]) -> str:
    return ", …" if len(of) > NAMED else "."


@register.inclusion_tag("parts/stylesheets.html")
def stylesheets() -> dict[str, list[str]]:
    return {"addresses": styles.stylesheets()}


@register.inclusion_tag("parts/side_nav.html", takes_context=True)
def side_nav(context: template.Context) -> dict[str, Any]:
    project = context.get("project")
    match = getattr(context.get("request"), "resolver_match", None)
    section = context.get("section") or navigation.section_of(match)
    counts = context.get("nav_counts") or {}
    return {"groups": navigation.project_links(project.slug, section, counts) if project else []}


@register.filter
def model_role(role: str) -> str:
    """What a model in this role is called."""
    return term(f"role.{role}")


@register.simple_tag
def priced_share(calls: Any, unpriced: Any) -> str:
    """Of how many calls a cost is, where the price of some was not known."""
    return numbers.priced_share(calls or 0, unpriced or 0)


@register.simple_tag(name="told", takes_context=True)
def told_tag(context: template.Context, sentence: str, said: str) -> str:
    """A sentence, with what a provider said where its reader administers the project."""
    return told(sentence, said, bool(context.get("can_administer")))


@register.simple_tag
def project_url(project: Any) -> str:
    return navigation.project_url(project.slug)


@register.simple_tag(name="word_diff")
def word_diff_tag(before: str, after: str) -> list[Segment]:
    return word_diff(before, after)


@register.filter
def without(segments: Iterable[Segment], op: Op) -> list[Segment]:
    """The side of a diff on which nothing was inserted, or deleted."""
    return [segment for segment in segments if segment.op != op]


@register.filter
def drawn(segment: Segment) -> str:
    """A stretch of a diff, for eyes and ears."""
    if segment.op == "equal":
        return marked(segment.text)
    name, opened, closed = (
        ("ins", _("inserted"), _("end of insertion"))
        if segment.op == "insert"
        else ("del", _("deleted"), _("end of deletion"))
    )
    return format_html(
        '<{0}><span class="sr">{1}: </span>{2}<span class="sr"> {3}</span></{0}>',
        name, opened, marked(segment.shown), closed,
    )  # fmt: skip


@register.simple_tag
def port_shape(type_: str, r: float = 6.0) -> Shape:
    return shape_of(type_, r)


@dataclass(frozen=True, slots=True)
class SortLink:
    """`state` as aria-sort wants it; `next` is the value of ?sort= after a click."""

    state: str
    next: str


@register.simple_tag
def sort_link(key: str, sort: str | None) -> SortLink:
    if sort == key:
        return SortLink("ascending", f"-{key}")
    return SortLink("descending" if sort == f"-{key}" else "none", key)
