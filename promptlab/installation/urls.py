"""Addresses of what concerns the whole installation."""

from __future__ import annotations

from django.urls import path

from promptlab.installation import views

app_name = "installation"

urlpatterns = [
    path("", views.home, name="home"),
    path("model/", views.choose_model, name="model"),
    path("cap/", views.cap, name="cap"),
    path("addresses/", views.allow, name="allow"),
    path("addresses/<int:address>/remove/", views.withdraw, name="withdraw"),
]
