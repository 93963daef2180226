"""Addresses of runs, below /p/<project>/runs/."""

from __future__ import annotations

from django.urls import path

from promptlab.runs.views import candidates, run, start, trying

app_name = "runs"

urlpatterns = [
    path("", run.runs, name="list"),
    path("new/", start.new, name="new"),
    path("new/estimate/", start.estimate, name="estimate"),
    path("new/measure/", start.measure, name="measure"),
    path("<int:number>/", run.run, name="run"),
    path("<int:number>/live/", run.live, name="live"),
    path("<int:number>/pause/", run.pause, name="pause"),
    path("<int:number>/resume/", run.resume, name="resume"),
    path("<int:number>/cancel/", run.cancel, name="cancel"),
    path("<int:number>/cap/", run.raise_cap, name="raise_cap"),
    path("<int:number>/compare/", candidates.compare, name="compare"),
    path("<int:number>/candidates/<int:candidate>/", candidates.candidate, name="candidate"),
    path("<int:number>/candidates/<int:candidate>/try/", trying.try_candidate, name="try"),
    path(
        "<int:number>/candidates/<int:candidate>/try/<int:tryout>/",
        trying.tryout,
        name="tryout",
    ),
    path("<int:number>/examples/<str:example>/", candidates.example, name="example"),
]
