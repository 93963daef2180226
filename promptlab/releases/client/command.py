"""The client as a command.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from promptlab.releases.client.fetching import Away, Promptlab, Refused

# ----------------------------------------------------------------------------------------------

DONE, FAILED, WRONG, AWAY = 0, 1, 2, 3
"""How the command ends: done; what was checked does not hold; it cannot be done as it was said;
the server is away.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Does what the words say; the exit code is one of the above."""
    parser = parser_of()
    asked = parser.parse_args(words)
    try:
        lab = Promptlab(asked.url, asked.token, asked.project)
        code: int = asked.does(lab, asked)
        return code
    except (Refused, ValueError, KeyError) as error:
        complain(error.args[0] if error.args else error)
        return WRONG
    except Away as error:
        complain(error)
        return AWAY


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def complain(why: object) -> None:
    sys.stderr.write(f"promptlab: {why}\n")


def parser_of() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("promptlab_client", description="promptlab from a shell.")
    parser.add_argument("--url", default="", help="PROMPTLAB_URL, else http://127.0.0.1:8000")
    parser.add_argument("--token", default="", help="an API token; PROMPTLAB_TOKEN is safer")
    parser.add_argument("--project", default="", help="PROMPTLAB_PROJECT")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    get = commands.add_parser("get", help="print an approved prompt's file")
    named(get)
    get.add_argument("--format", default="json", help="json, prompts, python, …")
    get.set_defaults(does=get_file)
    run = commands.add_parser("run", help="run an approved prompt on inputs in JSON")
    named(run)
    run.add_argument("inputs", help="a JSON object, or - for standard input")
    run.add_argument("--model", default=None, help="another model than it was scored with")
    run.set_defaults(does=run_prompt)
    return parser


def named(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="the prompt's name in addresses")
    command.add_argument("--label", default="production")
    command.add_argument("--version", type=int, default=None)


def get_file(lab: Promptlab, asked: Any) -> int:
    lab.fresh = 0
    told, _stale = lab.kept(asked.name, asked.label, asked.version, asked.format)
    sys.stdout.buffer.write(told)
    return DONE


def run_prompt(lab: Promptlab, asked: Any) -> int:
    told = sys.stdin.read() if asked.inputs == "-" else asked.inputs
    prompt = lab.prompt(asked.name, asked.label, asked.version)
    tell(json.dumps(prompt.run(json.loads(told), model=asked.model), ensure_ascii=False, indent=2))
    return DONE
