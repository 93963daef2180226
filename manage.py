"""Django's command line, with the embedded Postgres around commands that need a database."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from promptlab.launch.failures import told_in_one_sentence
from promptlab.launch.home import home_from
from promptlab.launch.postgres import running_server

WITHOUT_DATABASE = {"check", "collectstatic", "diffsettings", "help", "version", "--help", "-h"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        execute_from_command_line(sys.argv)
        return
    with told_in_one_sentence(), running_server(home_from(os.environ)) as server:
        os.environ["DATABASE_URL"] = server.url
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
