"""Addresses of ready examples."""

from __future__ import annotations

from django.urls import path

from promptlab.demo import views

app_name = "demo"

urlpatterns = [
    path("", views.examples, name="examples"),
    path("<slug:ready>/", views.begin, name="begin"),
]
