"""Addresses of signing in and out: allauth's views with our templates, and no open sign-up.

They have allauth's own names, which its code looks up, and so stand outside the room's namespace.
"""

from __future__ import annotations

from allauth.account import views
from django.urls import path, reverse_lazy
from django.views.generic import TemplateView

_personal_page = reverse_lazy("accounts:person")

urlpatterns = [
    path(
        "login/",
        views.LoginView.as_view(template_name="accounts/login.html"),
        name="account_login",
    ),
    path(
        "logout/",
        views.LogoutView.as_view(template_name="accounts/logout.html"),
        name="account_logout",
    ),
    path(
        "inactive/",
        views.AccountInactiveView.as_view(template_name="accounts/inactive.html"),
        name="account_inactive",
    ),
    path(
        "password/change/",
        views.PasswordChangeView.as_view(
            template_name="accounts/password.html", success_url=_personal_page
        ),
        name="account_change_password",
    ),
    path(
        "password/set/",
        views.PasswordSetView.as_view(
            template_name="accounts/password.html", success_url=_personal_page
        ),
        name="account_set_password",
    ),
    path(
        "password/reset/",
        TemplateView.as_view(template_name="accounts/password_reset.html"),
        name="account_reset_password",
    ),
]
