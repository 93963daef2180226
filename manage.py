"""Django's command line, with the embedded Postgres around commands that need a database."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from promptlab.launch.failures import told_in_one_sentence
from promptlab.launch.home import home_from
from promptlab.launch.postgres import running_server
from promptlab.outage import answer_to

WITHOUT_DATABASE = {
    "check", "collectstatic", "diffsettings", "help", "import_preview", "version", "--help", "-h",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        execute()
        return
    with told_in_one_sentence(), running_server(home_from(os.environ)) as server:
        os.environ["DATABASE_URL"] = server.url
        execute()


def execute() -> None:
    """Do the command; a database that is away and a full disk are told in a sentence."""
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        answer = answer_to(error)
        if answer is None:
            raise
        sys.exit(f"promptlab: {answer.told}")


if __name__ == "__main__":
    main()
