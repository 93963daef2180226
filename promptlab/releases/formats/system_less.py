"""Messages for a model that takes none of the system, in downloaded files: its text is copied.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

# ----------------------------------------------------------------------------------------------


def without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The instruction stands in the first message of the user: the model takes no other."""
    instruction, first, *rest = messages
    content = f"{instruction['content']}\n\n{first['content']}"
    return [{"role": "user", "content": content}, *rest]
