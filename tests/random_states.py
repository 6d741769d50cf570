"""What streaming networks do, at random: read a state, mix it with what is new, assign it."""

import numpy as np
from random_layers import Layers, Value


class StatefulLayers(Layers):
    """Layers with resource variables; `write_states` adds the graph that sets them at the start."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.states: list[tuple[str, Value]] = []  # name, and a value of its shape and scale

    # -- what can follow a value

    def running_sum(self, x: Value) -> Value:
        """y = x + the last y."""
        name = self.state(y := self.value(x.shape, x.scale * 2, self.zero_point(), x.spread))
        handle, before = self.read(name, y)
        self.ops.append("ADD")
        self.writer.operator("ADD", [x.tensor, before.tensor], [y.tensor], activation=0)
        self.assign(handle, name, y)
        return y

    def delayed(self, x: Value) -> Value:
        """What `x` was the last time, or the sum of both; kept before or after it is read."""
        name = self.state(x)
        if self.chance(0.3):
            self.assign(None, name, x)
            handle, again = self.read(name, x)
            return again
        handle, before = self.read(name, x)
        if self.chance(0.5):  # in the middle of its use
            self.assign(handle, name, x)
            return self.binary("ADD", x, before)
        y = self.binary("ADD", x, before)
        self.assign(handle, name, x)
        return y

    def remembered(self, x: Value) -> Value:
        """The last rows of `x` before the new ones, as the convolution of a streaming network wants
        them; the state is what `x` was, or all that there is now."""
        axis = int(self.rng.integers(1, len(x.shape)))
        if self.chance(0.5):
            name = self.state(x)
            handle, before = self.read(name, x)
            y = self.concatenation([before, x], axis)
            self.assign(handle, name, x)
            return y
        half = self.relu6(x) if x.size > 1 else x
        y = self.concatenation([x, half] if self.chance(0.5) else [half, x, x], axis)
        name = self.state(y)
        handle, before = self.read(name, y)
        z = self.binary("ADD", y, before)
        self.assign(handle, name, y if self.chance(0.5) else before)
        return z

    # -- variables

    def state(self, like: Value) -> str:
        self.states.append((f"state {len(self.states)}", like))
        return self.states[-1][0]

    def handle(self, name: str) -> int:
        tensor = self.writer.tensor((), dtype="resource")
        self.writer.operator("VAR_HANDLE", [], [tensor], container="", shared_name=name)
        return tensor

    def read(self, name: str, like: Value) -> tuple[int, Value]:
        handle = self.handle(name)
        y = self.value(like.shape, like.scale, like.zero_point, like.spread)
        return handle, self.append("READ_VARIABLE", [handle], y)

    def assign(self, handle: int | None, name: str, x: Value) -> None:
        handle = self.handle(name) if handle is None or self.chance(0.5) else handle
        self.ops.append("ASSIGN_VARIABLE")
        self.writer.operator("ASSIGN_VARIABLE", [handle, x.tensor], [])

    def write_states(self) -> None:
        """What the second graph, which runs once, assigns: the zero point, another byte, noise."""
        for name, like in self.states:
            kind = self.pick("zero", "zero", "one byte", "noise")
            data = np.full(like.shape, like.zero_point, np.int8)
            if kind == "one byte":
                data[:] = self.rng.integers(-128, 128)
            elif kind == "noise":
                data = self.rng.integers(-128, 128, like.shape).astype(np.int8)
            start = self.writer.tensor(like.shape, like.scale, like.zero_point, data=data)
            self.writer.operator("ASSIGN_VARIABLE", [self.handle(name), start], [])
