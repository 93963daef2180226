"""A metric of the assertions in a promptfoo configuration."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Conflict, Refused
from optimizer.datasets.yaml_text import as_json
from optimizer.files.promptfoo import AssertedMetric, asserted_metric
from optimizer.sentences import reasons, sentence
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.metrics import services
from promptlab.ui.forms import CodeTextarea, FileDrop, NameField, show

FILE_LIMIT = 2 << 20  # bytes


class FromTestsForm(forms.Form):
    name = NameField(label=_("Name of the metric"))
    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=FileDrop(
            accept=".yaml,.yml,.json,application/json",
            hint=_("a promptfoo configuration, up to 2 MB"),
        ),
    )
    text = forms.CharField(label=_("Or paste it"), required=False, widget=CodeTextarea())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        at = "file" if file else "text"
        if file and (file.size or 0) > FILE_LIMIT:
            self.add_error("file", _("The file is larger than 2 MB."))
            return cleaned
        try:
            text = file.read().decode("utf-8-sig") if file else cleaned.get("text", "")
            written = text if text.lstrip()[:1] in ("{", "[") else as_json(text)
            data = json.loads(written)
        except Refused as refusal:
            self.add_error(at, reasons(refusal))
            return cleaned
        except (ValueError, RecursionError):
            self.add_error(at, _("This is neither JSON nor YAML."))
            return cleaned
        try:
            cleaned["asserted"] = asserted_metric(data if isinstance(data, dict) else {})
        except Refused as refusal:
            self.add_error(at, reasons(refusal))
        return cleaned

    @property
    def asserted(self) -> AssertedMetric:
        found: AssertedMetric = self.cleaned_data["asserted"]
        return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def from_tests(request: SignedInRequest, project: str) -> HttpResponse:
    """The metric is created, and opened, with what was not carried over."""
    found = project_for(request.user, project, Role.EDITOR)
    posts = request.method == "POST"
    form = FromTestsForm(request.POST, request.FILES) if posts else FromTestsForm()
    if posts and form.is_valid():
        name, metric = form.cleaned_data["name"], form.asserted.metric
        try:
            made = services.create_metric(found, request.user, name, metric)
        except Conflict as refusal:
            show(refusal, form)
        else:
            for told in form.asserted.told:
                messages.info(request, sentence(told))
            return redirect("metrics:metric", found.slug, made.pk)
    context = {"project": found, "form": form}
    return render(request, "metrics/from_tests.html", context, status=422 if posts else 200)
