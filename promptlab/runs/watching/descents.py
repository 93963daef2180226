"""What an instruction was made of: the one it rewrites, and what it was written beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.core.conversation.events import InstructionDescended


@dataclass(frozen=True)
class Relative:
    """Another instruction of the module; `mean` is None before its first trial."""

    index: int
    text: str
    mean: float | None


@dataclass(frozen=True)
class Descent:
    """`edited` words lie between it and `parent`, of at most `budget`, where there was one."""

    parent: Relative
    shown: tuple[Relative, ...]
    edited: int
    budget: int


@dataclass(frozen=True)
class Node:
    """An instruction of a tree, with those that rewrite it."""

    index: int
    mean: float | None
    chosen: bool
    children: tuple[Node, ...] = field(default=())


def descents_of(
    told: Sequence[InstructionDescended], relatives: Mapping[int, Relative]
) -> dict[int, Descent]:
    """By the index of the instruction."""
    return {
        one.index: Descent(
            relatives[one.parent],
            tuple(relatives[i] for i in one.shown if i in relatives and i != one.parent),
            one.edited,
            one.budget,
        )
        for one in told
        if one.parent in relatives and one.index in relatives
    }


def tree_of(
    descents: Mapping[int, Descent], relatives: Mapping[int, Relative], chosen: set[int]
) -> tuple[Node, ...]:
    """The trees that these instructions make, each child under what it rewrites; () where none
    descends from another.
    """
    if not descents:
        return ()
    children: dict[int, list[int]] = {}
    for index, descent in descents.items():
        children.setdefault(descent.parent.index, []).append(index)
    # A child is told after its parent, so that its branch is whole when the parent's turn comes.
    found: dict[int, Node] = {}
    for index in sorted(relatives, reverse=True):
        branch = tuple(found.pop(child) for child in children.get(index, ()))
        found[index] = Node(index, relatives[index].mean, index in chosen, branch)
    return tuple(found[index] for index in sorted(found))
