"""What every form of a step needs when it stands beside the canvas."""

from __future__ import annotations

from typing import Any

from optimizer.core.programs.demo import most_shown
from optimizer.core.programs.program import Module
from promptlab.accounts.http import SignedInRequest
from promptlab.programs.canvas_page import canvas_page
from promptlab.programs.last_try import last_try
from promptlab.programs.models import Program


def beside_context(
    request: SignedInRequest, program: Program, module: Module, step: str
) -> dict[str, Any]:
    """`step`: the call whose box is chosen. After a change, with the canvas as it is now."""
    context = {
        "beside": step,
        "calls": [c for c in program.core.calls if c.module == module.name],
        "shown_demos": most_shown(module.demos),
        "again": last_try(request.session, program.pk),
    }
    if request.method == "POST":
        context |= {"canvas": (canvas := canvas_page(program)), "outline": canvas.outline}
    return context
