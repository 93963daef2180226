"""The product's settings in a home that lives as long as the test session."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Workers of pytest-xdist inherit the home, and so share one Postgres.
if "PROMPTLAB_TEST_HOME" not in os.environ:
    home = Path(tempfile.mkdtemp(prefix="promptlab-tests-"))
    home.chmod(0o755)  # as root, Postgres runs as another user, who must get in
    os.environ["PROMPTLAB_TEST_HOME"] = str(home)

os.environ["PROMPTLAB_HOME"] = os.environ["PROMPTLAB_TEST_HOME"]
os.environ["PROMPTLAB_TESTING"] = "1"
os.environ.pop("DATABASE_URL", None)

from promptlab.settings import *  # noqa: F403
