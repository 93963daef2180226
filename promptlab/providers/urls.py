"""Addresses of models and keys, under a project."""

from __future__ import annotations

from django.urls import path

from promptlab.providers import views

app_name = "providers"

urlpatterns = [
    path("", views.list_providers, name="list"),
    path("new/<slug:preset>/", views.new, name="new"),
    path("<int:provider>/", views.edit, name="edit"),
    path("<int:provider>/remove/", views.remove, name="remove"),
    path("<int:provider>/check/", views.check, name="check"),
]
