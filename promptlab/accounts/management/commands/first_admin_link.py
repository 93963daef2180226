"""Print the link that signs the first administrator in, while none has a password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from promptlab.accounts.entrance import issue_setup_link


class Command(BaseCommand):
    help = (
        "Print a one-time link (24 hours) that signs the first administrator in. "
        "Prints nothing once an administrator has a password."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        secret = issue_setup_link()
        if secret is not None:
            self.stdout.write(settings.PUBLIC_URL + reverse("accounts:setup", args=[secret]))
