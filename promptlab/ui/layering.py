"""Layered places for a directed graph: longest path, barycentre order, then level wires.

After Sugiyama, Tagawa and Toda (1981). A wire that passes over layers gets a thin place in each of
them, so that it never runs under a box.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Link:
    """From one box to another; the offsets say how far below the top of its box each end is."""

    source: Hashable
    target: Hashable
    source_offset: float = 0.0
    target_offset: float = 0.0


def layers_of(ids: Sequence[Hashable], links: Sequence[Link]) -> dict[Hashable, int]:
    """The longest way to each box. Of a cycle, the link that closes it does not count."""
    before: dict[Hashable, list[Hashable]] = {box: [] for box in ids}
    for link in links:
        before[link.target].append(link.source)
    found: dict[Hashable, int] = {}

    def visit(box: Hashable, path: frozenset[Hashable]) -> int:
        if box in path:
            return -1
        if box not in found:
            deeper = (visit(other, path | {box}) for other in before[box])
            found[box] = 1 + max(deeper, default=-1)
        return found[box]

    for box in ids:
        visit(box, frozenset())
    return found


def ordered(
    ids: Sequence[Hashable], layer: Mapping[Hashable, int], links: Sequence[Link]
) -> list[list[Hashable]]:
    """Boxes by layer, each layer in an order that crosses few links. Every link spans one layer."""
    rows: list[list[Hashable]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for box in ids:
        rows[layer[box]].append(box)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for row in rows if forward else reversed(rows):
            place = {box: i for other in rows for i, box in enumerate(other)}
            ends = _other_ends(links, forward)
            row.sort(key=_barycentre(ends, place))
    return rows


def _other_ends(
    links: Sequence[Link], forward: bool
) -> dict[Hashable, list[tuple[Hashable, float]]]:
    ends: dict[Hashable, list[tuple[Hashable, float]]] = {}
    for link in links:
        here, there = (link.target, link.source) if forward else (link.source, link.target)
        offset = link.source_offset if forward else link.target_offset
        ends.setdefault(here, []).append((there, offset))
    return ends


def _barycentre(
    ends: Mapping[Hashable, list[tuple[Hashable, float]]], place: Mapping[Hashable, int]
) -> Callable[[Hashable], float]:
    def key(box: Hashable) -> float:
        # The offset keeps the order of ports of one and the same box; it never outweighs a box.
        met = [place[other] + offset / 10_000 for other, offset in ends.get(box, [])]
        return sum(met) / len(met) if met else float(place[box])

    return key


def tops(
    rows: Sequence[Sequence[Hashable]],
    heights: Mapping[Hashable, float],
    links: Sequence[Link],
    gap: float,
) -> dict[Hashable, float]:
    """The top of each box: as level with its links to the left as its neighbours allow."""
    incoming: dict[Hashable, list[Link]] = {}
    for link in links:
        incoming.setdefault(link.target, []).append(link)
    found: dict[Hashable, float] = {}
    for row in rows:
        wishes = []
        for box in row:
            levels = [
                found[link.source] + link.source_offset - link.target_offset
                for link in incoming.get(box, [])
                if link.source in found
            ]
            wishes.append(sum(levels) / len(levels) if levels else -heights[box] / 2)
        spaced = spread(wishes, [heights[box] + gap for box in row])
        found.update(zip(row, spaced, strict=True))
    return found


def spread(wishes: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """The places nearest to the wishes (least squares) where nothing overlaps, order kept.

    Pool adjacent violators: neighbours that would overlap become a block at their mean wish.
    """
    blocks: list[tuple[float, int]] = []  # mean wish of the block's start, members
    starts, passed = [], 0.0
    for wish, size in zip(wishes, sizes, strict=True):
        starts.append(passed)
        mean, members = wish - passed, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean = (mean * members + other * count) / (members + count)
            members += count
        blocks.append((mean, members))
        passed += size
    level = [mean for mean, members in blocks for _ in range(members)]
    return [mean + start for mean, start in zip(level, starts, strict=True)]
