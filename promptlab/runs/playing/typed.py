"""What is typed into the playground, as a browser sends it: kept, and changed by its buttons."""

from __future__ import annotations

import re
from datetime import datetime

from django.http import QueryDict

from promptlab.accounts.models import Project, User
from promptlab.runs.models import PlayDraft
from promptlab.ui.parameters import number_in

MOST_COLUMNS, MOST_ROWS = 4, 8
COLUMN, LINE = "column", "line"
"""Buttons that add or remove columns and rows."""
NOT_TYPED = ("csrfmiddlewaretoken", "add", "remove", "up", "row", "show", "go", COLUMN, LINE)
"""What a form sends beside what was typed."""


def keep(project: Project, by: User, state: QueryDict) -> None:
    """Keep what was typed, in place of what was kept before."""
    PlayDraft.objects.update_or_create(
        project=project, by=by, defaults={"typed": plain(state).urlencode()}
    )


def kept(project: Project, by: User) -> tuple[QueryDict, datetime] | None:
    """The form as it was left, and when that was."""
    found = project.play_drafts.filter(by=by).first()
    return (QueryDict(found.typed, mutable=True), found.at) if found else None


def forget(project: Project, by: User) -> None:
    project.play_drafts.filter(by=by).delete()


def plain(state: QueryDict) -> QueryDict:
    """What was typed, without the buttons."""
    found = state.copy()
    for name in NOT_TYPED:
        found.pop(name, None)
    return found


def count(state: QueryDict, what: str) -> int:
    """How many `columns` or `rows` there are."""
    most = MOST_COLUMNS if what == "columns" else MOST_ROWS
    return min(number_in(state.get(what, "")) or 0, most)


def after_column_button(state: QueryDict) -> None:
    """One more column is a copy of the last one, to be varied."""
    button, places = state.get(COLUMN, ""), list(range(count(state, "columns")))
    if button == "add" and 0 < len(places) < MOST_COLUMNS:
        arrange(state, "c", [*places, places[-1]])
    elif button.startswith("remove-") and len(places) > 1:
        gone = number_in(button.removeprefix("remove-"))
        arrange(state, "c", [place for place in places if place != gone])


def remove_row(state: QueryDict, place: int | None) -> None:
    arrange(state, "r", [each for each in range(count(state, "rows")) if each != place])


def add_row(state: QueryDict, key: str = "") -> None:
    """A row of a dataset by its key, “3:row-17”; without one, a row to be typed. What is there
    already, or one too many, is left out.
    """
    places = range(count(state, "rows"))
    if len(places) == MOST_ROWS or (key and key in (state.get(f"r{n}-key") for n in places)):
        return
    state[f"r{len(places)}-key"] = key
    state["rows"] = str(len(places) + 1)


def add_column(state: QueryDict, what: str) -> bool:
    """A column of what is named, unless one begins with it already. False: no room."""
    places = range(count(state, "columns"))
    if what in (state.get(f"c{n}-what") for n in places):
        return True
    if len(places) == MOST_COLUMNS:
        return False
    state[f"c{len(places)}-what"] = what
    state["columns"] = str(len(places) + 1)
    return True


def arrange(state: QueryDict, kind: str, places: list[int]) -> None:
    """Columns ("c") or rows ("r") in another order: each the old place of what stands there now."""
    taken: dict[int, dict[str, list[str]]] = {}
    for name in list(state):
        found = re.fullmatch(rf"{kind}(\d{{1,2}})-(.*)", name, re.DOTALL)
        if found:
            taken.setdefault(int(found[1]), {})[found[2]] = state.getlist(name)
            del state[name]
    for now, was in enumerate(places):
        for rest, values in taken.get(was, {}).items():
            state.setlist(f"{kind}{now}-{rest}", values)
    state["columns" if kind == "c" else "rows"] = str(len(places))


def drawn_of(state: QueryDict, prefix: str) -> dict[str, str]:
    """What a part of the form begins with, by the names of its fields."""
    start = f"{prefix}-" if prefix else ""
    return {
        name.removeprefix(start): str(state.get(name, ""))
        for name in state
        if name.startswith(start)
    }


def column_of(state: QueryDict, place: int) -> QueryDict:
    """What was typed of one column's prompts, as the page that edits a candidate sends it."""
    found, start = QueryDict(mutable=True), f"c{place}-"
    for name in state:
        rest = name.removeprefix(start)
        if name.startswith((f"{start}instruction:", f"{start}demos-")):
            found.setlist(rest, state.getlist(name))
    return found
