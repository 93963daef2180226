"""Addresses of grading: judges stand below their metric, queues below their run."""

from __future__ import annotations

from django.urls import path

from promptlab.grading import judge_views, queue_views, rule_views

app_name = "grading"

_JUDGE = "p/<slug:project>/metrics/<int:metric>/judge/"

_QUEUES = "p/<slug:project>/runs/<int:number>/grading/"

urlpatterns = [
    path("p/<slug:project>/programs/<int:program>/feedback/", rule_views.rules, name="rules"),
    path(_QUEUES, queue_views.queue_list, name="queues"),
    path(f"{_QUEUES}<int:queue>/", queue_views.queue, name="queue"),
    path(_JUDGE, judge_views.judge, name="judge"),
    path(f"{_JUDGE}labels/", judge_views.set_labels, name="set_labels"),
    path(f"{_JUDGE}ask/", judge_views.ask, name="ask"),
    path(f"{_JUDGE}optimize/", judge_views.optimize, name="optimize"),
    path(f"{_JUDGE}take/", judge_views.take, name="take"),
]
