"""The client as a command.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from promptlab.releases.client.checking import (
    MEASURES,
    at_least,
    better_than_before,
    report,
    same_as_scored,
)
from promptlab.releases.client.fetching import Away, Promptlab, Refused
from promptlab.releases.client.workspace import Conflict, Workspace

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
    except Conflict as error:
        complain(error)
        return FAILED
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
    check = commands.add_parser("check", help="fail where a version is not good enough")
    named(check)
    check.add_argument("--min", type=float, default=None, help="the least score, 0 to 1")
    check.add_argument("--on", choices=MEASURES, default="validation", help="which score")
    check.add_argument("--surely", action="store_true", help="take the interval's lower end")
    check.add_argument("--better", action="store_true", help="fail if its run found no gain")
    check.add_argument("--parity", type=int, default=0, help="check its files on so many rows")
    check.add_argument("--junit", default="", help="write JUnit XML there")
    check.add_argument("--summary", default="", help="append a table in Markdown there")
    check.set_defaults(does=check_prompt)
    watch = commands.add_parser("watch", help="follow a run to its end")
    watch.add_argument("run", type=int, help="the run's number")
    watch.set_defaults(does=watch_run)
    for name, does, told in (
        ("pull", pull, "fetch programs, and what a label points at, as files"),
        ("push", push, "save program files that changed"),
        ("diff", diff, "show what is otherwise here than there; fails where anything is"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("names", nargs="*", help="names in addresses; none: all")
        command.add_argument("--folder", default=".")
        command.add_argument("--label", default="production")
        command.add_argument("--force", action="store_true", help="overwrite what changed here")
        command.set_defaults(does=does)
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


def check_prompt(lab: Promptlab, asked: Any) -> int:
    lab.fresh = 0
    told, stale = lab.kept(asked.name, asked.label, asked.version, "json")
    if stale:
        raise Away(f"{lab.url} does not answer: an old version is not checked")
    content = json.loads(told)
    checks = []
    if asked.min is not None:
        checks.append(at_least(content, asked.on, asked.min, asked.surely))
    if asked.better:
        checks.append(better_than_before(content))
    if asked.parity:
        program = program_of(lab, asked.name)
        checks.append(same_as_scored(lab, program, content["version"], asked.parity))
    if not checks:
        raise ValueError("Say what has to hold: --min, --better or --parity.")
    report(checks, asked.junit, asked.summary)
    for check in checks:
        tell(f"{'ok  ' if check.holds else 'FAIL'} {check.name}: {check.told}")
    return DONE if all(check.holds for check in checks) else FAILED


def program_of(lab: Promptlab, name: str) -> int:
    """The id of a program in the project."""
    row = Workspace(lab, ".").there().get(name)
    if row is None:
        raise ValueError(f"There is no program “{name}” in {lab.project}.")
    return int(row["id"])


def watch_run(lab: Promptlab, asked: Any) -> int:
    """Tells every event; ends as the run does."""
    after = 0
    while True:
        found = lab.call("GET", f"/runs/{asked.run}/events?after={after}&limit=200")
        for event in found["items"]:
            after = event["seq"]
            tell(f"{event['at'][:19]} {event['kind']} {told_of(event['data'])}".rstrip())
        if found["ended"] and not found["items"]:
            break
        if not found["items"]:
            time.sleep(2)
    run = lab.call("GET", f"/runs/{asked.run}")
    tell(f"Run {asked.run}: {run['label']}. {run['verdict'] or ''}".rstrip())
    return DONE if run["status"] == "finished" else FAILED


def told_of(data: dict[str, Any]) -> str:
    """What is short in an event's data."""
    short = {k: v for k, v in data.items() if k != "kind" and isinstance(v, int | float | str)}
    return " ".join(f"{name}={str(value)[:80]}" for name, value in short.items())


def pull(lab: Promptlab, asked: Any) -> int:
    for line in Workspace(lab, asked.folder).pull(asked.names, asked.label, asked.force):
        tell(line)
    return DONE


def push(lab: Promptlab, asked: Any) -> int:
    for line in Workspace(lab, asked.folder).push(asked.names):
        tell(line)
    return DONE


def diff(lab: Promptlab, asked: Any) -> int:
    code = DONE
    for line in Workspace(lab, asked.folder).diff(asked.names):
        tell(line)
        code = FAILED
    return code
