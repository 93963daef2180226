"""Addresses of people and projects."""

from __future__ import annotations

from django.urls import path

from promptlab.accounts.views import entrance, members, person, projects, spending

app_name = "accounts"

urlpatterns = [
    path("", projects.projects, name="projects"),
    path("projects/new/", projects.new_project, name="new_project"),
    path("setup/<str:token>/", entrance.setup, name="setup"),
    path("welcome/", entrance.welcome, name="welcome"),
    path("invitations/<str:token>/", entrance.invitation, name="invitation"),
    path("account/", person.person, name="person"),
    path("account/tokens/", person.api_tokens, name="tokens"),
    path("account/tokens/<int:token>/revoke/", person.revoke_token, name="revoke_token"),
    path("p/<slug:project>/", projects.project, name="project"),
    path("p/<slug:project>/settings/", projects.settings, name="settings"),
    path("p/<slug:project>/spending/", spending.project_spending, name="spending"),
    path("p/<slug:project>/members/", members.members, name="members"),
    path("p/<slug:project>/members/invite/", members.invite, name="invite"),
    path("p/<slug:project>/members/leave/", members.leave, name="leave"),
    path("p/<slug:project>/members/<int:member>/role/", members.change_role, name="change_role"),
    path("p/<slug:project>/members/<int:member>/remove/", members.remove, name="remove"),
    path(
        "p/<slug:project>/invitations/<int:invitation>/withdraw/",
        members.withdraw,
        name="withdraw",
    ),
]
