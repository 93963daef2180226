"""Queues of a run: begun by an editor, graded blind by members with the keyboard alone."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role, role_of
from promptlab.grading import queues, results
from promptlab.grading.forms import QueueForm
from promptlab.grading.models import Grade, Queue
from promptlab.runs import queries as runs
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def queue_list(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    """The run's queues with what they came to, and the form of another one."""
    found = project_for(request.user, project, _role(request))
    project_run = runs.project_run_of(found, number)
    form = QueueForm(project_run, request.POST or None)
    if form.is_valid():
        try:
            made = queues.begin(project_run, form.wish, request.user)
            return redirect("grading:queue", found.slug, number, made.pk)
        except Refused as refusal:
            form.add_error(None, reasons(refusal))
    role = role_of(request.user, found)
    context = {
        "project": found,
        "project_run": project_run,
        "form": form,
        "found": [results.result_of(queue, request.user) for queue in project_run.queues.all()],
        "may_save": role is not None and role.at_least(Role.EDITOR),
    }
    status = 422 if form.is_bound else 200
    return render(request, "grading/queues.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: SignedInRequest, project: str, number: int, queue: int) -> HttpResponse:
    """One item at a time; without one that is left, the run's queues."""
    found = project_for(request.user, project, Role.EDITOR)
    row = _queue(found, number, queue)
    posted = request.method == "POST"
    asked = Parameters(request.POST) if posted else Parameters(request.GET)
    wished = asked.number("item")
    item = queues.next_item(row, request.user, wished)
    if posted and item is not None:
        try:
            queues.give(item, request.user, asked.text("verdict"), request.POST.get("note", ""))
        except Refused as refusal:
            messages.error(request, reasons(refusal))
        return redirect("grading:queue", found.slug, number, queue)
    if item is None:
        return redirect("grading:queues", found.slug, number)
    mine = Grade.objects.filter(item__queue=row, by=request.user)
    context = {
        "project": found,
        "project_run": row.project_run,
        "queue": row,
        "item": item,
        "given": mine.filter(item=item).first(),
        "done": mine.count(),
        "size": row.items.count(),
        "levels": queues.levels_of(row) if row.way == Queue.Way.GRADE else (),
        "back": item.position - 1,
    }
    return render(request, "grading/queue.html", context)


def _role(request: SignedInRequest) -> Role:
    return Role.EDITOR if request.method == "POST" else Role.VIEWER


def _queue(project: Project, number: int, queue: int) -> Queue:
    found = Queue.objects.select_related("project_run").filter(
        pk=queue, project_run__project=project, project_run__number=number
    )
    row = found.first()
    if row is None:
        raise Http404("This run has no such queue.")
    return row
