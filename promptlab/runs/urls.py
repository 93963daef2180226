"""Addresses of runs, below /p/<project>/runs/."""

from __future__ import annotations

from django.urls import path

from promptlab.runs.board import views as board
from promptlab.runs.comparing import demos, trying
from promptlab.runs.comparing import views as comparing
from promptlab.runs.evaluating import beside_views
from promptlab.runs.evaluating import views as evaluating
from promptlab.runs.library import views as library
from promptlab.runs.playing import views as playing
from promptlab.runs.starting import views as starting
from promptlab.runs.watching import views as watching

app_name = "runs"

urlpatterns = [
    path("", watching.runs, name="list"),
    path("new/", starting.new, name="new"),
    path("evaluate/", evaluating.evaluate, name="evaluate"),
    path("evaluate/estimate/", evaluating.estimate, name="evaluate_estimate"),
    path("new/estimate/", starting.estimate, name="estimate"),
    path("new/measure/", starting.measure, name="measure"),
    path("playground/", playing.playground, name="playground"),
    path("playground/<int:play>/stop/", playing.stop, name="stop_play"),
    path("playground/<int:play>/again/", playing.again, name="play_again"),
    path("playground/<int:play>/edit/<int:column>/", playing.edit_on, name="edit_played"),
    path("compare/", comparing.across, name="across"),
    path("library/", library.library, name="library"),
    path("library/<int:card>/remove/", library.remove_card, name="remove_card"),
    path("library/<int:card>/share/", library.share_card, name="share_card"),
    path("<int:number>/", watching.run, name="run"),
    path("<int:number>/live/", watching.live, name="live"),
    path("<int:number>/pause/", watching.pause, name="pause"),
    path("<int:number>/resume/", watching.resume, name="resume"),
    path("<int:number>/cancel/", watching.cancel, name="cancel"),
    path("<int:number>/cap/", watching.raise_cap, name="raise_cap"),
    path("<int:number>/history/", board.board, name="board"),
    path("<int:number>/compare/", comparing.compare, name="compare"),
    path("<int:number>/candidates/<int:candidate>/", comparing.candidate, name="candidate"),
    path("<int:number>/candidates/<int:candidate>/score/", beside_views.score, name="score"),
    path("<int:number>/candidates/<int:candidate>/edit/", beside_views.edit, name="edit"),
    path("<int:number>/candidates/<int:candidate>/open/", comparing.open_as_program, name="open"),
    path("<int:number>/candidates/<int:candidate>/try/", trying.try_candidate, name="try"),
    path(
        "<int:number>/candidates/<int:candidate>/demos/<str:module>/",
        demos.candidate_demos,
        name="demos",
    ),
    path("<int:number>/demo-sets/<str:module>/<int:index>/", demos.demo_set, name="demo_set"),
    path("<int:number>/examples/<str:example>/", comparing.example, name="example"),
]
