"""Addresses of the live pages."""

from __future__ import annotations

from django.urls import path

from promptlab.runs.consumers import RunConsumer

websocket_urlpatterns = [
    path("ws/p/<slug:project>/runs/<int:number>/", RunConsumer.as_asgi()),  # type: ignore[arg-type]
]
