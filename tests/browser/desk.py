"""A help desk whose messages a scripted model sorts: the data of the browser tests.

The model knows every right answer and gives it more often the more demos it is shown, so that runs
gain by rule and end the same every time.
"""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any

from tests.fakes.rewriting import rewritten
from tests.fakes.scripted_lm import schema_properties
from tests.fakes.world import chance

LABELS = ("billing", "delivery", "account")
OPENINGS = ("Hello,", "Hi there,", "Good morning,", "Sorry to bother you, but", "Quick question:")
TROUBLES = {
    "billing": (
        "I was charged twice for order {n}", "the invoice {n} shows the wrong tax",
        "where is my refund for order {n}", "my card was declined for invoice {n}",
    ),
    "delivery": (
        "parcel {n} has not arrived", "the box {n} came damaged",
        "can you bring parcel {n} to the neighbour", "tracking of {n} says nothing since Monday",
    ),
    "account": (
        "I cannot sign in as customer {n}", "please change the address of customer {n}",
        "the code for customer {n} never comes", "delete the profile of customer {n}",
    ),
}  # fmt: skip
CLOSINGS = ("please help.", "what can I do?", "thank you.", "it is urgent.")


def messages(count: int) -> list[tuple[str, str]]:
    """Messages with their labels, all different, the same every time."""
    dice = random.Random(7)
    found = []
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        trouble = dice.choice(TROUBLES[label]).format(n=1000 + number)
        found.append((f"{dice.choice(OPENINGS)} {trouble}, {dice.choice(CLOSINGS)}", label))
    dice.shuffle(found)
    return found


def as_csv(count: int, message_field: str = "message", team_field: str = "team") -> bytes:
    """The messages as a file that somebody would drop on the page."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["ticket_id", message_field, team_field])
    for number, (message, label) in enumerate(messages(count)):
        writer.writerow([f"T-{number:03}", message, label])
    return out.getvalue().encode()


SORRY = "sorry"


def answers(body: dict[str, Any], most: float = 1.0) -> str:
    """The scripted model: instructions when asked for text, otherwise mostly the right team.

    `most` bounds the share of right answers, 0–1. The model “sorry” answers nothing that can be
    read where a schema is asked for.
    """
    said = body["messages"]
    wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
    properties = schema_properties(wanted)
    if not properties:
        way = int(chance(said[-1]["content"], body.get("seed")) * 1000)
        told = f"Read the message and name the team that can end the trouble, in way {way}."
        return rewritten(said[-1]["content"]) or told
    if body["model"] == SORRY:
        return f"I am sorry, I cannot say anything of that.\n\nAsk me about {said[-1]['content']}"
    demos = (len(said) - 2) // 2
    skill = 0.3 + 0.12 * demos + 0.25 * chance(said[0]["content"])
    right = chance(said[-1]["content"], said[0]["content"], demos) < min(skill, most)
    return json.dumps(
        {name: _value(kind, said[-1]["content"], right) for name, kind in properties.items()}
    )


def _value(kind: dict[str, Any], message: str, right: bool) -> object:
    choices: list[str] = kind.get("enum", [])
    if not choices:
        return {"integer": 1, "number": 1.5, "boolean": True, "array": ["a fact"]}.get(
            kind.get("type", ""), "Some thoughts about it."
        )
    true = label_of(message)
    wrong = next(choice for choice in choices if choice != true)
    return true if right and true in choices else wrong


def label_of(message: str) -> str:
    """The team of a message, told by its words."""
    for label, troubles in TROUBLES.items():
        if any(all(part in message for part in text.split("{n}")) for text in troubles):
            return label
    return LABELS[0]
