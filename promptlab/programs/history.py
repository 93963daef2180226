"""What a program was: a row for each change, from which it is undone, done again and told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from optimizer.core.programs.demo import digest_of
from promptlab.accounts.models import User
from promptlab.programs.groups import MARK
from promptlab.programs.models import Program, ProgramChange, ProgramState

Places = Mapping[str, Sequence[float]]
"""By call, `input` and `output`: left and top of its box in pixels."""

Kind = ProgramChange.Kind

ONE_CHANGE = timedelta(seconds=60)
"""How long what somebody does to one part counts as one change."""


@dataclass(frozen=True)
class Drawn:
    """How a program is drawn: where its boxes stand, and which of its wires were guessed."""

    places: Places
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What kind of change is recorded, and between which it stands. `drawn` None: as before, and
    the inputs in `guessed` were connected by nobody.
    """

    kind: str = Kind.EDIT
    part: str = ""
    drawn: Drawn | None = None
    guessed: frozenset[str] = frozenset()
    before: ProgramChange | None = None
    after: ProgramChange | None = None


EDIT = Step()


def newest(program: Program) -> ProgramChange | None:
    """The change that made the program what it is; None while nothing was recorded."""
    related = program.changes.select_related("state", "by", "before", "after")
    return related.order_by("-pk").first()


def drawn_of(change: ProgramChange | None) -> Drawn:
    return Drawn(change.places, tuple(change.guessed)) if change else Drawn({})


def begun(program: Program) -> ProgramChange:
    """The newest change; for a program without any, how it stands becomes the first."""
    found = newest(program)
    if found is not None and found.revision == program.revision:
        return found
    return ProgramChange.objects.create(
        program=program,
        state=_state_of(program),
        revision=program.revision,
        kind=Kind.START,
        by=program.updated_by,
        at=program.updated_at,
    )


def record(program: Program, last: ProgramChange, step: Step, by: User | None) -> ProgramChange:
    """Write down what `program` has become since `last`."""
    drawn = step.drawn or _followed(program, last, step.guessed)
    now = ProgramChange(
        program=program,
        state=_state_of(program),
        revision=program.revision,
        kind=step.kind,
        part=step.part[:80],
        places=dict(drawn.places),
        guessed=list(drawn.guessed),
        by=by,
        at=timezone.now(),
        before=last if step.kind in (Kind.EDIT, Kind.BACK) else step.before,
        after=step.after,
    )
    if _goes_on(last, now):
        now.pk, now.at, now.before_id = last.pk, last.at, last.before_id
    now.save()
    return now


def _goes_on(last: ProgramChange, now: ProgramChange) -> bool:
    """Whether a change is the same one as the last, a little further."""
    same = last.kind == now.kind == Kind.EDIT and last.by_id == (now.by.pk if now.by else None)
    return same and bool(now.part) and last.part == now.part and now.at - last.at < ONE_CHANGE


def _state_of(program: Program) -> ProgramState:
    digest = digest_of(program.definition)
    state, _made = ProgramState.objects.get_or_create(
        program=program, digest=digest, defaults={"definition": program.definition}
    )
    return state


def _followed(program: Program, last: ProgramChange, more: frozenset[str]) -> Drawn:
    """The drawing as it was; a call with another name stays where it stood."""
    before, now = _calls(last.state.definition), _calls(program.definition)
    gone, come = [n for n in before if n not in now], [n for n in now if n not in before]
    renamed = dict(zip(gone, come, strict=True)) if len(gone) == len(come) == 1 else {}
    renamed |= {f"{MARK}{old}": f"{MARK}{new}" for old, new in renamed.items()}
    places = {renamed.get(name, name): place for name, place in last.places.items()}
    inputs = _inputs(program.definition)
    guessed = {_renamed_input(name, renamed) for name in last.guessed} | more
    return Drawn(places, tuple(sorted(guessed & inputs)))


def _renamed_input(name: str, renamed: Mapping[str, str]) -> str:
    call, _dot, field = name.partition(".")
    return f"{renamed.get(call, call)}.{field}"


def _calls(definition: Mapping[str, object]) -> list[str]:
    calls: Iterable[Mapping[str, str]] = definition["calls"]  # type: ignore[assignment]
    return [call["name"] for call in calls]


def _inputs(definition: Mapping[str, object]) -> set[str]:
    calls: Iterable[Mapping[str, Mapping[str, str]]] = definition["calls"]  # type: ignore[assignment]
    return {f"{c['name']}.{name}" for c in calls for name, source in c["inputs"].items() if source}
