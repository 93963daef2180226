"""`promptlab_client.py`: one file for programs that fetch their prompts, and for the command line.

Its parts are the files of this room, below their lines of dashes, behind the reader of replies that
all files of a version carry. It stands on the standard library alone.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

from promptlab.releases.formats.carried import CHOOSING, FLOW, chooser, copied, imports, reader

NAME = "promptlab_client.py"
PARTS = (
    "prompt.py",
    "asking.py",
    "fetching.py",
    "checking.py",
    "workspace.py",
    "command.py",
)
_CARRIED = (
    FLOW,
    ("optimizer.core.programs", "voting.py"),
    ("optimizer.core.programs", "picking.py"),
    ("promptlab.releases.formats", "system_less.py"),
    ("promptlab.releases.formats", "standalone.py"),
    ("promptlab.releases.formats", "picker.py"),
)
_IMPORTS = (
    *CHOOSING,
    "import argparse",
    "import difflib",
    "import hashlib",
    "import logging",
    "import os",
    "import sys",
    "import tempfile",
    "import time",
    "import urllib.error",
    "import urllib.request",
    "from contextvars import ContextVar",
    "from pathlib import Path",
    "from urllib.parse import quote, urlencode",
    "from xml.sax.saxutils import escape, quoteattr",
)
_HEAD = '''"""promptlab's client: prompts that people approved, fetched by name and label.

    import promptlab_client
    lab = promptlab_client.Promptlab("http://127.0.0.1:8000", token="plab_…")
    prompt = lab.prompt("support-triage", label="production")
    prompt.run({"message": "Where is it?"}, client=OpenAI())   # any OpenAI-compatible client
    prompt.messages({"message": "Where is it?"})               # what it says, to send yourself

It keeps what it fetched on the disk, asks with an ETag whether that is still the newest, and goes
on with the last good one while the server is away. PROMPTLAB_URL, PROMPTLAB_TOKEN and
PROMPTLAB_PROJECT say what is left out. As a command: python -m promptlab_client --help

One file, for Python 3.11 and the standard library. Replies that are almost JSON are read, too,
where json-repair is installed.
"""

from __future__ import annotations

'''


@cache
def client_file() -> str:
    """The source of `promptlab_client.py`, the same for everybody."""
    parts = [
        reader(),
        chooser(),
        *(copied(*each) for each in _CARRIED),
        *(copied(__package__, name) for name in PARTS),
        'if __name__ == "__main__":\n    sys.exit(main())\n',
    ]
    return _HEAD + imports("Any, NamedTuple", *_IMPORTS) + "\n\n\n" + "\n\n".join(parts)


@cache
def client_module() -> ModuleType:
    """The file as a module, as whoever downloads it has it."""
    made = ModuleType("promptlab_client")
    exec(compile(client_file(), NAME, "exec"), made.__dict__)  # noqa: S102  # text of ours
    return made
