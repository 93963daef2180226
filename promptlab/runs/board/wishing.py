"""Wishes of a history: made, taken back, and carried over to a run that goes on."""

from __future__ import annotations

from django.db import transaction

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.instructions.guards import MAX_LENGTH, refusal
from optimizer.core.instructions.history_board import Sign
from optimizer.core.problems import Conflict, Refused, problem
from optimizer.models import HistoryWish, Run
from promptlab.accounts.models import User
from promptlab.runs.board.entries import has_board

MOST = 200
"""Wishes that a run may have."""


def wish(
    run: Run, spec: RunSpec, by: User, module: str, sign: Sign, text: str, *, listed: bool = False
) -> None:
    """From the next step on the text is always shown, never shown, or tried; one that is `listed`
    on the board already may be as long as it is.

    Raises:
        Conflict: the run's optimizer reads no history, or there are too many wishes.
        Refused: no module of this name is rewritten, or a text that is added may not be tried.
    """
    if not has_board(spec.optimizer):
        raise Conflict.because("history.none")
    found = next((m for m in spec.program.modules if m.name == module and m.writable), None)
    if found is None:
        raise Refused(problem("history.no_module", "module", module=module))
    if not listed and not 0 < len(text) <= MAX_LENGTH:
        raise Refused(problem("history.length", "text", most=MAX_LENGTH))
    reason = refusal(spec, found, text, [found.signature.instruction]) if sign is Sign.ADD else None
    if reason:
        raise Refused(problem("history.refused", "text", why=reason))
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=run.pk)
        if HistoryWish.objects.filter(run=run).count() >= MOST:
            raise Conflict.because("history.full", most=MOST)
        other = {Sign.PIN: Sign.HIDE, Sign.HIDE: Sign.PIN}.get(sign)
        HistoryWish.objects.filter(run=run, module=module, text=text, sign=other).delete()
        HistoryWish.objects.get_or_create(
            run=run, module=module, text=text, sign=sign, defaults={"by": str(by)}
        )


def take_back(run: Run, module: str, sign: Sign, text: str) -> None:
    HistoryWish.objects.filter(run=run, module=module, sign=sign, text=text).delete()


def carry_over(before: Run, after: Run) -> None:
    """What people wished of the run that another goes on from holds there, too."""
    HistoryWish.objects.bulk_create(
        HistoryWish(run=after, module=w.module, sign=w.sign, text=w.text, by=w.by)
        for w in HistoryWish.objects.filter(run=before)
    )
