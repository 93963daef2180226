"""Addresses of metrics."""

from __future__ import annotations

from django.urls import path

from promptlab.metrics import from_tests, views

app_name = "metrics"

urlpatterns = [
    path("", views.metrics, name="list"),
    path("new/", views.new_metric, name="new"),
    path("from-tests/", from_tests.from_tests, name="from_tests"),
    path("code/", views.ready_code, name="code"),
    path("<int:metric>/", views.metric, name="metric"),
    path("<int:metric>/delete/", views.delete, name="delete"),
]
