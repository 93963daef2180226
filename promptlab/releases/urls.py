"""Addresses of the overview and of versions."""

from __future__ import annotations

from django.urls import path

from promptlab.releases import chain_views, public_views, router_views, views

app_name = "releases"

_VERSIONS = "p/<slug:project>/versions/"
_ROUTER = f"{_VERSIONS}router/<int:number>/"
_VERSION = f"{_VERSIONS}<int:program>/<int:number>/"

urlpatterns = [
    path("p/<slug:project>/", views.overview, name="overview"),
    path("p/<slug:project>/palette.json", views.palette, name="palette"),
    path(_VERSIONS, views.versions, name="list"),
    path(f"{_VERSIONS}<int:program>/labels.csv", views.label_moves, name="label_moves"),
    path(f"{_VERSIONS}<int:program>/roll-back/", views.roll_back, name="roll_back"),
    path(f"{_VERSIONS}<int:program>/remove-label/", views.remove_label, name="remove_label"),
    path(_ROUTER, router_views.router, name="router"),
    path(f"{_ROUTER}<slug:format>/", router_views.router_file, name="router_file"),
    path(_VERSION, views.version, name="version"),
    path(f"{_VERSION}demos/<str:module>/", views.demos, name="demos"),
    path(f"{_VERSION}chain/", chain_views.chain, name="chain"),
    path(f"{_VERSION}parity/", views.parity, name="parity"),
    path(f"{_VERSION}open/", views.open_as_program, name="open"),
    path(f"{_VERSION}public/open/", public_views.open_page, name="open_page"),
    path(f"{_VERSION}public/close/", public_views.close_page, name="close_page"),
    path("released/<slug:key>/", public_views.read, name="public"),
    path(f"{_VERSION}promote/", views.promote, name="promote"),
    path(f"{_VERSION}files/<slug:format>/", views.download, name="download"),
    path(f"{_VERSION}data/<slug:format>/", views.data, name="data"),
]
