"""Create an API token for someone and print it, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptlab.accounts.models import User
from promptlab.accounts.tokens import DEFAULT_DAYS, create_token


class Command(BaseCommand):
    help = "Create an API token that may do what its user may, and print it. It is shown only here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--days", type=int, default=DEFAULT_DAYS, help="expires after (default: %(default)s)"
        )
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--read-only", action="store_true", help="a token that changes nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']}.")
        if not 1 <= options["days"] <= 3650:
            raise CommandError("--days goes from 1 to 3650.")
        _, secret = create_token(
            user, options["name"], options["days"], read_only=options["read_only"]
        )
        self.stdout.write(secret)
