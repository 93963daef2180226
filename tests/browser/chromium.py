"""The machine's Chromium or Chrome, and how to get one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_A_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOW_TO_GET_ONE = (
    "No Chromium or Chrome was found, so the browser tests do not run. "
    "Debian, Ubuntu: apt-get install chromium. Fedora: dnf install chromium. "
    "macOS: brew install --cask chromium. "
    "Elsewhere: install one and name it, PROMPTLAB_BROWSER=/path/to/chrome."
)


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """The program's path, PROMPTLAB_BROWSER first; None when there is none."""
    named = environ.get("PROMPTLAB_BROWSER")
    if named:
        return named if Path(named).exists() else None
    found = (shutil.which(name) for name in NAMES)
    on_a_mac = (path for path in ON_A_MAC if Path(path).exists())
    return next((path for path in (*found, *on_a_mac) if path), None)
