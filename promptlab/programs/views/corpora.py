"""Corpora of a project: the list with its form, one as a file, its removal."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.problems import Conflict, Refused
from optimizer.models import Corpus
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets.forms import FileForm
from promptlab.datasets.turns import Busy
from promptlab.programs import corpora as services
from promptlab.ui.forms import NameField


class CorpusForm(FileForm):
    name = NameField(label=gettext_lazy("Name of the corpus"))

    field_order = ("name", "file")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def corpora(request: SignedInRequest, project: str) -> HttpResponse:
    """Everybody sees what there is; editors add one."""
    posts = request.method == "POST"
    found = project_for(request.user, project, Role.EDITOR if posts else Role.VIEWER)
    form = CorpusForm(request.POST, request.FILES) if posts else CorpusForm()
    if form.is_valid():
        name, file = form.cleaned_data["name"], form.cleaned_data["file"]
        try:
            made = services.make(found, request.user, name, file)
        except Conflict as refusal:
            taken = any(wrong.place == "name" for wrong in refusal.problems)
            form.add_error("name" if taken else "file", reasons(refusal))
        except Refused as refusal:
            form.add_error("file", reasons(refusal))
        except Busy as busy:
            form.add_error("file", str(busy))
        else:
            told = _("“%(name)s” has %(n)s passages. A retrieve step can look things up in it.")
            messages.success(request, told % {"name": made.name, "n": f"{made.count:,}"})
            return redirect("programs:corpora", found.slug)
    context = {"project": found, "corpora": services.corpora_of(found), "form": form}
    return render(request, "programs/corpora.html", context, status=422 if posts else 200)


@login_required
@require_safe
def corpus_file(request: SignedInRequest, project: str, corpus: int) -> HttpResponse:
    """All passages as JSON lines, under the name by which a version's Python file finds them."""
    found = project_for(request.user, project)
    row = _corpus_or_404(found, corpus)
    name = f"corpus-{row.digest[:12]}.jsonl"
    return HttpResponse(
        services.as_lines(row),
        content_type="application/jsonl; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@require_POST
def remove_corpus(request: SignedInRequest, project: str, corpus: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    row = _corpus_or_404(found, corpus)
    try:
        services.remove(found, row, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
    else:
        messages.success(request, _("Corpus “%s” was removed.") % row.name)
    return redirect("programs:corpora", found.slug)


def _corpus_or_404(project: Project, corpus: int) -> Corpus:
    return get_object_or_404(Corpus, pk=corpus, namespace=project.namespace)
