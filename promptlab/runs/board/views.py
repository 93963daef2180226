"""The board's page, and wishes from it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.instructions.history_board import BEST, Sign
from optimizer.core.problems import Refused, problem
from optimizer.models import Run
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.runs import queries
from promptlab.runs.board import wishing
from promptlab.runs.board.entries import ModuleBoard, board_of, has_board, prompts_of
from promptlab.runs.results.state import read_state
from promptlab.ui.parameters import may_be_kept
from promptlab.ui.value_field import plain_lines


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    """Everybody sees what the writer reads; editors wish."""
    posts = request.method == "POST"
    found = project_for(request.user, project, Role.EDITOR if posts else Role.VIEWER)
    state = read_state(queries.project_run_of(found, number))
    reads = has_board(state.spec.optimizer)
    boards = board_of(state) if reads else ()
    typed = {"module": "", "text": ""}
    if posts:
        typed = {name: plain_lines(request.POST.get(name, "")) for name in typed}
        try:
            told = _act(request, state.run, state.spec, boards, **typed)
        except Refused as refusal:
            messages.error(request, reasons(refusal))
        else:
            messages.success(request, told)
            return redirect("runs:board", found.slug, number)
    context = {
        "project": found, "project_run": state.project_run, "reads": reads,
        "boards": boards, "prompts": prompts_of(state.run), "most": BEST, "typed": typed,
        "least": state.spec.settings.history_least,
    }  # fmt: skip
    return render(request, "runs/board.html", context, status=422 if posts else 200)


def _act(
    request: SignedInRequest, run: Run, spec: RunSpec, boards: Sequence[ModuleBoard],
    module: str, text: str,
) -> str:  # fmt: skip
    if not may_be_kept(module + text):
        raise Refused(problem("history.null", "text"))
    listed = _listed(boards, module, text)
    text = text.strip() if listed is None else listed
    wished = request.POST.get("wish", "")
    if wished.removeprefix("no_") not in set(Sign):
        raise Refused.because("history.no_wish")
    sign = Sign(wished.removeprefix("no_"))
    if wished.startswith("no_"):
        wishing.take_back(run, module, sign, text)
        return str(_("The wish is taken back."))
    wishing.wish(run, spec, request.user, module, sign, text, listed=listed is not None)
    return str(_("It counts from the next step on."))


def _listed(boards: Sequence[ModuleBoard], module: str, text: str) -> str | None:
    """The entry that a form means: on its way a text loses its line ends and the space around."""
    texts = [e.text for board in boards if board.module == module for e in board.entries]
    return next((one for one in texts if plain_lines(one).strip() == text.strip()), None)
