from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "promptlab.accounts"
    label = "accounts"
