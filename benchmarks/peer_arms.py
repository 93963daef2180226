"""The arms of `make bench-peer`, by name: a new one is a line here."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.core.programs.program import Program


@dataclass(frozen=True)
class Ours:
    """An optimizer of ours, with `share` of the evaluations; `nearest`: demos chosen for each input
    are among its options, where it has such options.
    """

    title: str
    optimizer: str
    share: float = 1.0
    nearest: bool = True

    def takes(self, program: Program) -> bool:
        return True

    def evaluations(self, allowed: int) -> int:
        """Program evaluations that it may make, of so many."""
        return int(allowed * self.share)


@dataclass(frozen=True)
class Peer:
    """Another library's optimizer, run by .venv-bench through `module`.

    `one_prompt`: it optimizes one prompt with one input, and programs of that kind only.
    """

    title: str
    optimizer: str
    module: str = "benchmarks.peer_dspy_run"
    one_prompt: bool = False

    def takes(self, program: Program) -> bool:
        return not self.one_prompt or len(program.modules) == len(program.inputs) == 1


Arm = Ours | Peer

YARDSTICK = "miprov2"
"""What the others are compared with, and whose evaluations they may make."""
ARMS: dict[str, Arm] = {
    YARDSTICK: Peer("MIPROv2 (DSPy)", "miprov2"),
    "gepa": Peer("GEPA (DSPy)", "gepa"),
    "capo": Peer("CAPO (promptolution)", "capo", "benchmarks.peer_capo_run", one_prompt=True),
    "racing": Ours("racing", "racing"),
    "racing_half": Ours("racing, half", "racing", share=0.5),
    "racing_fixed": Ours("racing, fixed demos", "racing", nearest=False),
    "racing_fixed_half": Ours("racing, fixed demos, half", "racing", share=0.5, nearest=False),
    "reflective": Ours("reflective", "reflective"),
}
SHORT_ARMS = (YARDSTICK, "racing", "racing_half")
