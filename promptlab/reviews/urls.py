"""Addresses of reviews: they stand below the run they are about."""

from __future__ import annotations

from django.urls import path

from promptlab.reviews import packet_views, views

app_name = "reviews"

_CANDIDATE = "p/<slug:project>/runs/<int:number>/review/<int:candidate>/"

urlpatterns = [
    path(_CANDIDATE, views.review, name="review"),
    path(f"{_CANDIDATE}decide/", views.decide, name="decide"),
    path(f"{_CANDIDATE}send/", packet_views.send, name="send"),
    path(f"{_CANDIDATE}look/", packet_views.look, name="look"),
    path(f"{_CANDIDATE}waive/", packet_views.waive, name="waive"),
    path(f"{_CANDIDATE}comment/", packet_views.comment, name="comment"),
    path(f"{_CANDIDATE}packet.json", packet_views.download, name="packet"),
    path("p/<slug:project>/mentions/<int:mention>/", packet_views.read_mention, name="mention"),
]
