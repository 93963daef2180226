"""Addresses of reviews: they stand below the run they are about."""

from __future__ import annotations

from django.urls import path

from promptlab.reviews import views

app_name = "reviews"

_CANDIDATE = "p/<slug:project>/runs/<int:number>/review/<int:candidate>/"

urlpatterns = [
    path(_CANDIDATE, views.review, name="review"),
    path(f"{_CANDIDATE}decide/", views.decide, name="decide"),
]
