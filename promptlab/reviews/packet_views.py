"""What is done with a packet: sending it, looking at its points, commenting on its lines."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.reviews import packets, queries
from promptlab.reviews.forms import CommentForm, LookForm, ReasonForm
from promptlab.reviews.models import Packet, Point
from promptlab.reviews.packet_page import PacketPage
from promptlab.reviews.views import review_page, send_form
from promptlab.ui.parameters import Parameters


@login_required
@require_POST
def send(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """Freeze the evidence and ask for a decision."""
    found = project_for(request.user, project, Role.EDITOR)
    project_run, row = queries.candidate_of(found, number, candidate)
    form = send_form(project_run, request.POST)
    if not form.is_valid():
        return review_page(request, project_run, row, sending=form, status=422)
    note, asked = form.cleaned_data["note"], form.cleaned_data["asked"]
    try:
        packets.send(project_run, row, request.user, note, asked)
    except Refused as refusal:
        form.add_error("note", reasons(refusal))
        return review_page(request, project_run, row, sending=form, status=422)
    messages.success(request, _("Sent to review. Its evidence does not change any more."))
    return redirect("reviews:review", found.slug, number, candidate)


@login_required
@require_POST
def look(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """Tick a changed module as seen, or open an example that got worse."""
    packet = _packet(request, project, number, candidate, Role.REVIEWER)
    form = LookForm(request.POST)
    if not form.is_valid():
        return redirect("reviews:review", project, number, candidate)
    kind, name = form.cleaned_data["kind"], form.cleaned_data["name"]
    known = packets.look(packet, kind, name, request.user)
    if known and kind == Point.Kind.REGRESSION:
        return redirect(PacketPage(packet, request.user, Parameters({})).example_url(name))
    return _back(packet, f"module-{name}")


@login_required
@require_POST
def waive(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """Let the regressions that were not opened pass, with a reason."""
    packet = _packet(request, project, number, candidate, Role.REVIEWER)
    form = ReasonForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        packets.waive(packet, request.user, reason)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    return _back(packet, "regressions")


@login_required
@require_POST
def comment(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    packet = _packet(request, project, number, candidate, Role.EDITOR)
    form = CommentForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a line, and write up to 4,000 characters."))
        return _back(packet, "h-changed")
    data = form.cleaned_data
    try:
        packets.comment(packet, data["module"], data["line"], data["text"], request.user)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    return _back(packet, f"module-{data['module']}")


@login_required
@require_safe
def download(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """The evidence as it was stored, byte for byte."""
    packet = _packet(request, project, number, candidate, Role.VIEWER)
    name = f"run-{number}-candidate-{candidate}-packet-{packet.number}.json"
    return HttpResponse(
        packet.canonical.encode(),
        content_type="application/json; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@login_required
@require_POST
def read_mention(request: SignedInRequest, project: str, mention: int) -> HttpResponse:
    """Open the comment that names the reader, who has read it then."""
    found = project_for(request.user, project)
    row = get_object_or_404(packets.mentions_of(request.user, found), pk=mention)
    packets.read(row)
    packet = row.comment.packet
    where = [found.slug, packet.project_run.number, packet.candidate.number]
    return redirect(f"{reverse('reviews:review', args=where)}#module-{row.comment.module}")


def _packet(
    request: SignedInRequest, project: str, number: int, candidate: int, role: Role
) -> Packet:
    found = project_for(request.user, project, role)
    project_run, row = queries.candidate_of(found, number, candidate)
    packet = packets.newest(project_run, row)
    if packet is None:
        raise Http404("Nothing was sent to review yet.")
    return packet


def _back(packet: Packet, place: str) -> HttpResponse:
    run = packet.project_run
    where = [run.project.slug, run.number, packet.candidate.number]
    return redirect(f"{reverse('reviews:review', args=where)}#{place}")
