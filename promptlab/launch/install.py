"""`make setup`: a .venv with the locked, hashed requirements. Run by the machine's bare Python.

Only the standard library is used, and nothing else of promptlab.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
MODEL = "requirements-model.txt"
SETS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
OLDEST = (3, 11)


class CannotInstall(Exception):
    """Setup cannot go on; the message says what helps."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and lint need")
    wanted = "dev" if parser.parse_args().dev else "run"
    try:
        install(wanted)
    except CannotInstall as reason:
        sys.exit(f"promptlab: {reason}")


def install(wanted: str) -> None:
    """Bring .venv to the locked state, unless it is there already.

    What tests need contains what the product needs, so that one .venv serves both.
    """
    due = due_set(wanted)
    if due is None:
        return
    wanted = due
    say(
        "Installing the locked requirements into .venv (700 MB; on a slow line this takes a while)."
    )
    uv = shutil.which("uv") or bootstrapped_uv()
    make_venv(with_pip=False)
    model = (
        []
        if sync(uv, [SETS[wanted], MODEL], quiet=not sys.stderr.isatty())
        else without_model(uv, wanted)
    )
    forget_stamps()
    stamp(wanted).write_text(digest(wanted) + "\n")
    say(*model, "The requirements are installed.")


def without_model(uv: str, wanted: str) -> list[str]:
    """The engine of the embedded model has no wheel for some platforms: go on without it."""
    if not sync(uv, [SETS[wanted]], quiet=False):
        raise CannotInstall("the requirements could not be installed; the reason is above.")
    return [
        f"The embedded model has no wheel for {platform.system()} {platform.machine()}; "
        "promptlab works without it."
    ]


def sync(uv: str, files: Sequence[str], *, quiet: bool) -> bool:
    """Make .venv hold exactly what the files lock; False when that fails."""
    command = [uv, "pip", "sync", "--python", str(PYTHON), "--require-hashes"]
    command += ["--only-binary", ":all:", *files]
    # Trust what the machine trusts, as pip does: companies have authorities of their own.
    trust = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    environ = {**trust, **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environ,
        check=False,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    return done.returncode == 0


def bootstrapped_uv() -> str:
    """Install the pinned uv into .venv with pip: a minute faster than installing all with pip."""
    make_venv(with_pip=True)
    uv = VENV / "bin" / "uv"
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = CHECKOUT / "requirements" / "uv.txt"
    done = subprocess.run([*command, "--require-hashes", "-r", str(lock)], check=False)
    if done.returncode or not uv.exists():
        raise CannotInstall("pip could not install uv; the reason is above.")
    return str(uv)


def make_venv(*, with_pip: bool) -> None:
    """A virtual environment of this Python; an older or broken one is replaced."""
    if venv_version() == list(sys.version_info[:2]) and (not with_pip or has_pip()):
        return
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    done = subprocess.run(
        command if with_pip else [*command, "--without-pip"],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise CannotInstall(
            "this Python cannot make a virtual environment. Install its venv package (Debian: "
            "apt install python3-venv), or install uv, and try again."
        )


def venv_version() -> list[int] | None:
    ask = "import sys; print(*sys.version_info[:2])"
    try:
        said = subprocess.run(
            [PYTHON, "-c", ask], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return [int(part) for part in said.stdout.split()]


def has_pip() -> bool:
    asked = [str(PYTHON), "-c", "import pip"]
    return subprocess.run(asked, check=False, stderr=subprocess.DEVNULL).returncode == 0


def due_set(wanted: str) -> str | None:
    """Which set is to be installed; None while .venv is as it should be.

    What tests need stays once it was there: `make run` between two `make test` takes nothing away.
    """
    if any(is_current(name) for name in {wanted, "dev"}):
        return None
    return "dev" if stamp("dev").exists() or (VENV / "bin" / "pytest").exists() else wanted


def is_current(name: str) -> bool:
    try:
        return stamp(name).read_text().strip() == digest(name) and PYTHON.exists()
    except FileNotFoundError:
        return False


def stamp(name: str) -> Path:
    return VENV / f"promptlab-{name}.stamp"


def forget_stamps() -> None:
    for name in SETS:
        stamp(name).unlink(missing_ok=True)


def digest(name: str) -> str:
    """What the locked state depends on: the files, this Python, this machine."""
    state = hashlib.sha256(f"{sys.version_info[:2]} {platform.machine()}".encode())
    for file in (SETS[name], MODEL):
        state.update((CHECKOUT / file).read_bytes())
    return state.hexdigest()


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    if sys.version_info[:2] < OLDEST:
        sys.exit("promptlab: Python 3.11 or newer is needed, and this is " + sys.version.split()[0])
    main()
