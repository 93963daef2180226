"""How many shapes of replies are read as what they mean: `python -m benchmarks.replies`.

Each reply of tests/data/replies goes through the reader of runs and try-outs, which downloads
carry, too. `--list` names the shapes that are read as something else.
"""

from __future__ import annotations

import argparse

from optimizer.core.instructions.cleaning import clean
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.parse import parse
from tests.fakes.replies import Said, cases, instructions, siblings


def is_right(said: Said) -> bool:
    """Whether what is given of the right outputs is read, and nothing where nothing may be."""
    try:
        values = parse(said.module, said.reply)
    except UnreadableReply:
        return said.right is None
    return said.right is not None and said.right.items() <= values.items()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    field = cases()
    for title, replies in (
        ("a choice alone", [said for said in field if said.module.name == "choice"]),
        ("a chain of thought", [said for said in field if said.module.name != "choice"]),
        ("their siblings", siblings()),
    ):
        wrong = [said for said in replies if not is_right(said)]
        right = len(replies) - len(wrong)
        print(f"{title}: {right} of {len(replies)} ({right / len(replies):.0%})")
        for said in wrong if arguments.list else ():
            print(f"  {said.shape!r}")
    written = instructions()
    right = sum(clean(reply) == text for reply, text in written)
    print(f"instructions in what a model writes: {right} of {len(written)}")


if __name__ == "__main__":
    main()
