"""Where each activation lives in memory: one arena, planned over the whole network.

Tensors share memory when they are not needed at the same time. Beyond that, a kernel that reads its
input before it overwrites it may write its output on top of it: in place, or "diagonally", when the
output grows into the input from below as fast as the kernel has read it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from tinykit.compiler.graph import Graph, Reshape
from tinykit.compiler.steps import LoweredStep

ALIGNMENT = 4  # kernels load words
_READ_TOO_FAR = 3  # bytes behind an activation, which kernels that load words read and do not use
_TRIES = 200  # orders that each search looks at; more have not found better plans


@dataclass(frozen=True)
class Box:
    """One buffer in the arena.

    Attributes:
        name: of the operator that writes it, or "input".
        kind: "activation" or "scratch" (working memory of one step).
        offset, size: in bytes from the start of the arena.
        first_step, last_step: it is in use from the first through the last of these steps; -1 is
            before the first step.
    """

    name: str
    kind: Literal["activation", "scratch"]
    offset: int
    size: int
    first_step: int
    last_step: int


@dataclass(frozen=True)
class MemoryPlan:
    """All boxes, and the bytes they take together."""

    boxes: tuple[Box, ...]
    arena_bytes: int


@dataclass(frozen=True)
class Placement:
    """A plan, and where the generated code finds what it needs (offsets in bytes)."""

    plan: MemoryPlan
    values: dict[int, int]
    scratch: tuple[int | None, ...]


@dataclass
class _Buffer:
    name: str
    kind: Literal["activation", "scratch"]
    size: int
    first: int
    last: int


def plan_memory(graph: Graph, lowered: Sequence[LoweredStep | None]) -> Placement:
    """Place all activations and scratch buffers.

    Args:
        graph: constants take no memory, a Reshape's output is its input.
        lowered: one per operator; None for a Reshape.
    """
    buffers, owner = _buffers(graph)
    scratch: list[int | None] = []
    for i, (op, step) in enumerate(zip(graph.ops, lowered, strict=True)):
        wanted = step.scratch_bytes if step else 0
        scratch.append(len(buffers) if wanted else None)
        if wanted:
            buffers.append(_Buffer(op.name, "scratch", wanted, i, i))
    offsets = _search(buffers, _rules(graph, lowered, buffers, owner))
    # Steps are counted without the operators that cost nothing; before the first one is -1.
    steps = [*accumulate((step is not None for step in lowered), initial=0), -1]
    boxes = [
        Box(b.name, b.kind, offset, b.size, steps[b.first], steps[b.last])
        for b, offset in zip(buffers, offsets, strict=True)
    ]
    return Placement(
        MemoryPlan(tuple(boxes), _top(buffers, offsets)),
        {value: offsets[buffer] for value, buffer in owner.items()},
        tuple(None if index is None else offsets[index] for index in scratch),
    )


def _buffers(graph: Graph) -> tuple[list[_Buffer], dict[int, int]]:
    """A buffer per activation, and the buffer's index by value; a Reshape's values share one."""
    buffers = [_Buffer("input", "activation", graph.values[graph.inputs[0]].size, -1, 0)]
    owner = {graph.inputs[0]: 0}
    for i, op in enumerate(graph.ops):
        for value in op.inputs:
            if value in owner:
                buffers[owner[value]].last = i
        if isinstance(op, Reshape):
            owner[op.output] = owner[op.inputs[0]]
        else:
            owner[op.output] = len(buffers)
            size = graph.values[op.output].size
            buffers.append(_Buffer(op.name, "activation", size, i, i))
    buffers[owner[graph.outputs[0]]].last = len(graph.ops)
    return buffers, owner


@dataclass
class _Rules:
    """What may be where. Only buffers that are in use at the same time appear.

    gaps[i][j]: when buffer i lies above buffer j, its offset is greater by at least that.
    same[i]: the buffers at whose very offset buffer i may be, whatever the gaps say.
    """

    gaps: list[dict[int, int]]
    same: list[set[int]]


def _rules(
    graph: Graph,
    lowered: Sequence[LoweredStep | None],
    buffers: list[_Buffer],
    owner: dict[int, int],
) -> _Rules:
    gaps: list[dict[int, int]] = [{} for _ in buffers]
    same: list[set[int]] = [set() for _ in buffers]
    by_start = sorted(range(len(buffers)), key=lambda i: buffers[i].first)
    for position, i in enumerate(by_start):
        for j in by_start[position + 1 :]:
            if buffers[j].first > buffers[i].last:
                break
            gaps[i][j], gaps[j][i] = buffers[j].size, buffers[i].size
    for i, (op, step) in enumerate(zip(graph.ops, lowered, strict=True)):
        if step is None:
            continue
        out = owner[op.output]
        for source, distance in _overlaps(op.inputs, step, owner).items():
            if source == out or buffers[source].last != i or distance is None:
                continue
            if step.in_place_only:
                same[source].add(out)
                same[out].add(source)
            else:
                gaps[source][out] = min(gaps[source][out], _aligned(distance))
    return _Rules(gaps, same)


def _overlaps(inputs: Sequence[int], step: LoweredStep, owner: dict[int, int]):
    """Input buffer -> how far above the output it must be to overlap; None: it must not."""
    distances: dict[int, int | None] = {}
    for value, distance in zip(inputs, step.overlap, strict=True):
        if value in owner:
            known = distances.get(owner[value], 0)
            both = known is not None and distance is not None
            distances[owner[value]] = max(known, distance) if both else None
    return distances


def _search(buffers: list[_Buffer], rules: _Rules) -> list[int]:
    """Offsets of a small arena: greedy placement in many orders, the best one kept.

    Four searches, each of which begins with a sensible order and moves one buffer at a time.
    """
    n = range(len(buffers))
    orders = [
        sorted(n, key=lambda i: -buffers[i].size),
        sorted(n, key=lambda i: buffers[i].first),
        sorted(n, key=lambda i: -buffers[i].last),
        sorted(n, key=lambda i: -buffers[i].size * (1 + buffers[i].last - buffers[i].first)),
    ]
    tries = _TRIES if len(buffers) <= 64 else _TRIES * 64 // len(buffers)
    found = [_improved(order, buffers, rules, tries) for order in orders]
    return min(found, key=lambda offsets: _top(buffers, offsets))


def _improved(order: list[int], buffers: list[_Buffer], rules: _Rules, tries: int) -> list[int]:
    chance = random.Random(0)
    best = _placed(order, buffers, rules)
    for _ in range(tries):
        other = list(order)
        i, j = chance.randrange(len(order)), chance.randrange(len(order))
        other.insert(j, other.pop(i))
        offsets = _placed(other, buffers, rules)
        if _top(buffers, offsets) <= _top(buffers, best):
            best, order = offsets, other
    return best


def _placed(order: Sequence[int], buffers: list[_Buffer], rules: _Rules) -> list[int]:
    """Each buffer in turn at the lowest offset that what is already placed leaves free."""
    offsets = [-1] * len(buffers)
    for i in order:
        gaps, same = rules.gaps[i], rules.same[i]
        placed = [
            (offsets[j], gaps[j], rules.gaps[j][i], j in same) for j in gaps if offsets[j] >= 0
        ]
        candidates = {0, *(offset + above for offset, above, *_ in placed)}
        candidates |= {offset for offset, *_, is_same in placed if is_same}
        offsets[i] = next(
            candidate
            for candidate in map(_aligned, sorted(candidates))
            if candidate >= 0
            and all(
                candidate >= offset + above
                or candidate + below <= offset
                or (is_same and candidate == offset)
                for offset, above, below, is_same in placed
            )
        )
    return offsets


def _top(buffers: Sequence[_Buffer], offsets: Sequence[int]) -> int:
    """Bytes of the arena."""
    extra = {"activation": _READ_TOO_FAR, "scratch": 0}
    ends = (o + b.size + extra[b.kind] for o, b in zip(offsets, buffers, strict=True))
    return _aligned(max(ends))


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
