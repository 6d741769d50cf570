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

from tinykit.compiler.graph import Graph
from tinykit.compiler.homes import ALIGNMENT, Homes
from tinykit.compiler.steps import LoweredStep

_READ_TOO_FAR = 3  # bytes behind an activation, which kernels that load words read and do not use
_TRIES = 200  # orders that each search looks at; more have not found better plans


@dataclass(frozen=True)
class Box:
    """One buffer in the arena.

    Attributes:
        name: of the operator that writes it, or "input", "state 0", ...
        kind: "activation", "state" (lasts from one inference to the next) or "scratch" (working
            memory of one step).
        offset, size: in bytes from the start of the arena.
        first_step, last_step: it is in use from the first through the last of these steps; -1 is
            before the first step.
    """

    name: str
    kind: Literal["activation", "state", "scratch"]
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
    kind: Literal["activation", "state", "scratch"]
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class _Place:
    """A value's bytes: some of a buffer's."""

    buffer: int
    offset: int


def plan_memory(
    graph: Graph, lowered: Sequence[LoweredStep | None], homes: Homes | None = None
) -> Placement:
    """Place all activations, states and scratch buffers.

    Args:
        graph: constants take no memory.
        lowered: one per operator; None for one that has nothing to do.
        homes: which values share memory; default as `Homes` finds them.
    """
    buffers, places = _buffers(graph, homes or Homes(graph, lowered))
    scratch: list[int | None] = []
    for i, (op, step) in enumerate(zip(graph.ops, lowered, strict=True)):
        wanted = step.scratch_bytes if step else 0
        scratch.append(len(buffers) if wanted else None)
        if wanted:
            buffers.append(_Buffer(op.name, "scratch", wanted, i, i))
    offsets = _search(buffers, _rules(graph, lowered, buffers, places))
    # Steps are counted without the operators that cost nothing; before the first one is -1.
    steps = [*accumulate((step is not None for step in lowered), initial=0), -1]
    boxes = [
        Box(b.name, b.kind, offset, b.size, steps[b.first], steps[b.last])
        for b, offset in zip(buffers, offsets, strict=True)
    ]
    return Placement(
        MemoryPlan(tuple(boxes), _top(buffers, offsets)),
        {value: offsets[place.buffer] + place.offset for value, place in places.items()},
        tuple(None if index is None else offsets[index] for index in scratch),
    )


def _buffers(graph: Graph, homes: Homes) -> tuple[list[_Buffer], dict[int, _Place]]:
    """The buffers, and where in them each value is; values of one root share a buffer."""
    end, buffers, owner = len(graph.ops), [], {}
    names = {op.output: op.name for op in graph.ops}
    names |= {value: "input" if i == 0 else f"input {i}" for i, value in enumerate(graph.inputs)}
    names |= {value: f"state {i}" for i, value in enumerate(graph.states)}

    def used(value: int, at: int) -> None:
        root = homes.of(value).root
        if root in graph.constants:
            return
        if root not in owner:
            owner[root] = len(buffers)
            kind = "state" if root in graph.states else "activation"
            first = -1 if kind == "state" else at
            buffers.append(_Buffer(names[root], kind, graph.values[root].n_bytes, first, at))
        buffer = buffers[owner[root]]
        buffer.last = max(buffer.last, at, end if buffer.kind == "state" else 0)

    for value in graph.inputs:
        used(value, -1)
    for i, op in enumerate(graph.ops):
        for value in (*op.inputs, *op.states, op.output):
            used(value, i)
    for value in graph.outputs:
        used(value, end)
    found = {value: homes.of(value) for value in graph.values}
    return buffers, {
        value: _Place(owner[home.root], home.offset)
        for value, home in found.items()
        if home.root in owner
    }


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
    places: dict[int, _Place],
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
        out = places[op.output]
        if buffers[out.buffer].first != i:  # something else of that buffer is there already
            continue
        for source, distance in _overlaps(op.inputs, step, places).items():
            if source == out.buffer or buffers[source].last != i or distance is None:
                continue
            if not step.in_place_only:
                gap = _aligned(distance + out.offset)
                gaps[source][out.buffer] = min(gaps[source][out.buffer], gap)
            elif distance == out.offset == 0:
                same[source].add(out.buffer)
                same[out.buffer].add(source)
    return _Rules(gaps, same)


def _overlaps(inputs: Sequence[int], step: LoweredStep, places: dict[int, _Place]):
    """Input buffer -> how far above the output it must be to overlap; None: it must not."""
    distances: dict[int, int | None] = {}
    for value, distance in zip(inputs, step.overlap, strict=True):
        if value in places:
            place = places[value]
            if distance is not None:
                exactly = step.in_place_only and place.offset
                distance = None if exactly else distance - place.offset
            known = distances.get(place.buffer, distance)
            both = known is not None and distance is not None
            distances[place.buffer] = max(known, distance) if both else None
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
    extra = {"activation": _READ_TOO_FAR, "state": _READ_TOO_FAR, "scratch": 0}
    ends = (o + b.size + extra[b.kind] for o, b in zip(offsets, buffers, strict=True))
    return _aligned(max(ends))


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
