"""Which values need no memory of their own: views, parts of a CONCATENATION, and states.

A copy costs time and twice the memory. Often there need not be one: a RESHAPE is another name for
the same bytes, the branches of a CONCATENATION can be computed where they end up, a state can be
read where it is, and what is assigned to it can be computed there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from tinykit.compiler.graph import Concatenation, Copy, Graph, Op, View
from tinykit.compiler.steps import LoweredStep

ALIGNMENT = 4  # kernels load words


@dataclass(frozen=True)
class Home:
    """Where a value is: `offset` bytes behind the start of the value `root`."""

    root: int
    offset: int = 0


def computed_in_place(graph: Graph) -> Graph:
    """The graph with each input of a CONCATENATION marked that can be computed where it ends up."""
    taken: set[int] = set()
    ops = []
    for op in graph.ops:
        if isinstance(op, Concatenation) and _is_one_run(graph, op):
            op = replace(op, in_place=tuple(_may_move(graph, op, i, taken) for i in op.inputs))
            taken.update(i for i, moves in zip(op.inputs, op.in_place, strict=True) if moves)
        ops.append(op)
    return graph.with_ops(ops)


def _is_one_run(graph: Graph, op: Concatenation) -> bool:
    """Whether each input is one run of bytes of the output. One that becomes a state is left as it
    is: mostly it is the state moved up, and what came new behind it."""
    if any(reader.output in graph.states for reader in graph.readers(op.output)):
        return False
    return prod(graph.output_of(op).shape[: op.axis]) == 1


def _may_move(graph: Graph, op: Concatenation, value: int, taken: set[int]) -> bool:
    offsets, offset = [], 0
    for each in op.inputs:
        offsets.append(offset)
        offset += graph.values[each].n_bytes
    if value in taken or op.inputs.count(value) > 1:
        return False
    if offsets[op.inputs.index(value)] % ALIGNMENT:
        return False
    writer = graph.writer(value)  # none: an input of the network, or a constant
    if writer is None or isinstance(writer, View | Copy):
        return False
    return not isinstance(writer, Concatenation) and value not in graph.outputs


class Homes:
    """The home of every value of a graph.

    Args:
        graph: with its CONCATENATIONs marked by `computed_in_place`.
        lowered: one per operator; None for one that needs no code.
    """

    def __init__(self, graph: Graph, lowered: Sequence[LoweredStep | None]) -> None:
        self._graph, self._lowered = graph, lowered
        self._homes: dict[int, Home] = {}
        self._find_views()
        for i, op in enumerate(graph.ops):
            if isinstance(op, Copy) and op.inputs[0] in graph.states:
                self._read_in_place(i, op)
        for i, op in enumerate(graph.ops):
            if isinstance(op, Copy) and op.output in graph.states:
                self._assign_in_place(i, op)

    def of(self, value: int) -> Home:
        """Where a value is; at a root of its own, if nothing else is said."""
        home = self._homes.get(value)
        if home is None:
            return Home(value)
        inner = self.of(home.root)
        return Home(inner.root, inner.offset + home.offset)

    def is_free(self, op: Op) -> bool:
        """Whether an operator has nothing to do: its output is where its input is."""
        if isinstance(op, View):
            return True
        return isinstance(op, Copy) and self.of(op.inputs[0]) == self.of(op.output)

    def _find_views(self) -> None:
        for op in self._graph.ops:
            if isinstance(op, View):
                self._homes[op.output] = Home(op.inputs[0], op.offset)
            if isinstance(op, Concatenation) and op.in_place:
                offset = 0
                for value, moves in zip(op.inputs, op.in_place, strict=True):
                    if moves:
                        self._homes[value] = Home(op.output, offset)
                    offset += self._graph.values[value].n_bytes

    def _read_in_place(self, position: int, op: Copy) -> None:
        """A state that changes only after the last look at it need not be copied to be read."""
        state = op.inputs[0]
        writes = [i for i, each in enumerate(self._graph.ops) if each.output == state]
        changed = min((i for i in writes if i > position), default=len(self._graph.ops))
        if self._last_use(op.output) < changed:
            self._homes[op.output] = Home(state)

    def _assign_in_place(self, position: int, op: Copy) -> None:
        """What is assigned to a state is computed there, when nobody needs the old one any more."""
        graph, state = self._graph, op.output
        value = self.of(op.inputs[0])
        writer = next((i for i, each in enumerate(graph.ops) if each.output == value.root), None)
        sizes = {graph.values[i].n_bytes for i in (value.root, state)}
        if writer is None or value.offset or len(sizes) > 1 or value.root in graph.states:
            return
        others = [i for i, each in enumerate(graph.ops) if each.output == state and i != position]
        moved = [i for i in graph.values if self.of(i).root == value.root and i != value.root]
        joined = [i for i in moved if not isinstance(graph.writer(i), View)]
        if others or joined or self._last_use(state) > writer:
            return
        if self._last_use(state) < writer or self._runs_in_place(writer, state):
            self._homes[value.root] = Home(state)

    def _last_use(self, value: int) -> int:
        """The last operator that reads any value which lives where this one does."""
        root, last = self.of(value).root, -1
        for i, op in enumerate(self._graph.ops):
            if any(self.of(each).root == root for each in op.inputs) and not self.is_free(op):
                last = i
        if any(self.of(output).root == root for output in self._graph.outputs):
            return len(self._graph.ops)
        return last

    def _runs_in_place(self, position: int, state: int) -> bool:
        """Whether a kernel may write its output over the state that it reads."""
        op, step = self._graph.ops[position], self._lowered[position]
        if step is None or step.scratch_bytes:
            return False
        for value, distance in zip(op.inputs, step.overlap, strict=True):
            home = self.of(value)
            if home.root == state:
                exactly = step.in_place_only and home.offset != 0
                if distance is None or exactly or home.offset < distance:
                    return False
        return True
