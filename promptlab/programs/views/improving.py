"""Improving an instruction: the request with its slots, two rewrites side by side, a choice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.instructions.improving import MOST_CALLS, REWRITES
from optimizer.core.problems import Refused
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module
from optimizer.sentences import reasons
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role as Member
from promptlab.programs import improving
from promptlab.programs.access import program_for
from promptlab.programs.improving import LONGEST, Improvement, Slots
from promptlab.programs.last_try import last_values
from promptlab.programs.models import Program
from promptlab.providers.queries import default_models, model_choices
from promptlab.ui.parameters import Parameters
from promptlab.ui.value_field import plain_lines


class LinesField(forms.CharField):
    """Counts a line's end as one character, as the browser does that keeps to `max_length`."""

    def to_python(self, value: Any) -> str:
        return plain_lines(super().to_python(value) or "")


class ImproveForm(forms.Form):
    """Three slots, two of which may be empty."""

    model = forms.ChoiceField(label=gettext_lazy("Optimizer model"))
    inputs = LinesField(
        label=gettext_lazy("An input"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    given = LinesField(
        label=gettext_lazy("What a model answered"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    right = LinesField(
        label=gettext_lazy("The right answer"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, program: Program, data: Any, initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        choices = model_choices(program.project)
        self.models = {choice.value: choice.ref() for choice in choices}
        field = self.fields["model"]
        field.choices = [(c.value, c.label) for c in choices]  # type: ignore[attr-defined]

    @property
    def slots(self) -> Slots:
        data = self.cleaned_data
        return Slots(data["inputs"], data["given"], data["right"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def improve(request: SignedInRequest, project: str, program: int, module: str) -> HttpResponse:
    starts = request.method == "POST"
    found = program_for(request.user, project, program, Member.EDITOR if starts else Member.VIEWER)
    own = _module(found, module)
    asked = Parameters(request.GET)
    form = _form(request, found, own)
    if starts and form.is_valid():
        model = form.models[form.cleaned_data["model"]]
        try:
            run = improving.start(found, module, model, form.slots)
        except Refused as refusal:
            form.add_error(None, reasons(refusal))
        else:
            return redirect(f"{request.path}?of={run.pk}")
    improvement = _asked_for(found, module, asked)
    context = {
        "program": found, "module": own, "form": form, "improvement": improvement,
        "calls": REWRITES, "most": MOST_CALLS, "has_pairs": found.pairs.exists(),
    }  # fmt: skip
    return render(request, "programs/improve.html", context, status=422 if starts else 200)


@login_required
@require_POST
def choose(request: SignedInRequest, project: str, program: int, module: str) -> HttpResponse:
    found = program_for(request.user, project, program, Member.EDITOR)
    improvement = _asked_for(found, module, Parameters(request.POST))
    here = reverse("programs:improve", args=[project, program, module])
    if improvement is None:
        messages.error(request, _("There is no such improvement."))
        return redirect(here)
    which = Parameters(request.POST).number("which")
    try:
        improving.choose(found, improvement, -1 if which is None else which, request.user)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
        return redirect(f"{here}?of={improvement.run.pk}")
    messages.success(request, _("The instruction is taken over. Undo takes it back."))
    return redirect("programs:module", project, program, module)


@login_required
@require_safe
def pairs(request: SignedInRequest, project: str, program: int) -> StreamingHttpResponse:
    found = program_for(request.user, project, program)
    lines = (line.encode() for line in improving.pairs_of(found))
    name = f"{found.slug}-preferences.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    kind = "application/jsonl; charset=utf-8"
    return StreamingHttpResponse(lines, content_type=kind, headers=headers)


def _form(request: SignedInRequest, program: Program, own: Module) -> ImproveForm:
    if request.method == "POST":
        return ImproveForm(program, request.POST, {})
    tried = Parameters(last_values(request.session, program.pk)).number("tryout")
    slots = improving.slots_of(program.project, own, tried)
    initial = {"inputs": slots.inputs, "given": slots.given, "right": slots.right}
    writer = default_models(program.project).get(Role.OPTIMIZER)
    return ImproveForm(program, None, initial | ({"model": writer.value} if writer else {}))


def _asked_for(program: Program, module: str, asked: Parameters) -> Improvement | None:
    number = asked.number("of")
    found = improving.improvement_of(program, number) if number else None
    return found if found is not None and found.spec.module == module else None


def _module(program: Program, name: str) -> Module:
    found = next((m for m in program.core.modules if m.name == name), None)
    if found is None:
        raise Http404("There is no such module in this program.")
    return found
