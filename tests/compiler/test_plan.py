"""The memory plan: nothing that is still needed is overwritten, and no byte is wasted."""

import numpy as np
import pytest
from random_models import random_model

import tinykit as tk
from tinykit.compiler import CompiledModel
from tinykit.compiler.graph import Graph, Lookup, Reshape, Value
from tinykit.compiler.plan import plan_memory
from tinykit.compiler.steps import LoweredStep

TABLE = np.arange(-128, 128).astype(np.int8)


# Kernels that load words read up to three bytes behind an activation, also behind the last one.
BEHIND = 4


def chain(sizes: list[int], steps: list[LoweredStep]):
    """The plan of operators one after the other, with activations of these sizes."""
    ops = tuple(
        Lookup(name=f"op_{i}", kind="X", inputs=(i,), output=i + 1, table=TABLE)
        for i in range(len(steps))
    )
    values = {i: Value((1, size), 1.0, 0) for i, size in enumerate(sizes)}
    return plan_memory(Graph(ops, values, (0,), (len(steps),)), steps)


def step(overlap: int | None = None, scratch: int = 0, only: bool = False) -> LoweredStep:
    return LoweredStep("", overlap=(overlap,), scratch_bytes=scratch, in_place_only=only)


def test_what_may_overlap_does_and_what_must_not_does_not():
    """Sums done by hand for two activations of 100 and 60 bytes."""
    assert chain([100, 60], [step()]).plan.arena_bytes == 160 + BEHIND
    assert chain([100, 60], [step(0)]).plan.arena_bytes == 100 + BEHIND
    assert chain([100, 60], [step(0, only=True)]).plan.arena_bytes == 100 + BEHIND
    assert chain([60, 100], [step(48)]).plan.arena_bytes == 108 + BEHIND  # the input begins at 48
    assert chain([60, 100], [step(48, scratch=8)]).plan.arena_bytes == 116  # scratch on top
    assert chain([100, 60], [step(-160, scratch=8)]).plan.arena_bytes == 108  # anywhere


def test_in_place_only_means_the_same_address():
    placed = chain([100, 100], [step(0, only=True)])
    assert placed.values[0] == placed.values[1]


def test_memory_is_used_again():
    """Three activations, two of them at a time."""
    assert chain([40, 40, 40, 40], [step(), step(), step()]).plan.arena_bytes == 80 + BEHIND


def test_an_input_that_is_needed_later_is_not_overwritten():
    """op_1 reads the network's input once more, so op_0 must not write on it."""
    values = {i: Value((1, 40), 1.0, 0) for i in range(3)}
    ops = (
        Lookup(name="op_0", kind="X", inputs=(0,), output=1, table=TABLE),
        Lookup(name="op_1", kind="X", inputs=(1, 0), output=2, table=TABLE),
    )
    steps = [step(0), LoweredStep("", overlap=(0, 0))]
    placed = plan_memory(Graph(ops, values, (0,), (2,)), steps)
    assert placed.values[0] != placed.values[1]
    assert placed.plan.arena_bytes == 80 + BEHIND, "op_1 writes in place"


def test_a_reshape_is_another_name_for_the_same_memory():
    values = {i: Value((1, 40), 1.0, 0) for i in range(3)}
    ops = (
        Lookup(name="op_0", kind="X", inputs=(0,), output=1, table=TABLE),
        Reshape(name="reshape_1", kind="RESHAPE", inputs=(1,), output=2),
    )
    placed = plan_memory(Graph(ops, values, (0,), (2,)), [step(), None])
    assert placed.values[1] == placed.values[2]
    assert [box.last_step for box in placed.plan.boxes] == [0, 1], "a reshape is no step"


def overwritten(model: CompiledModel) -> list[str]:
    """Boxes in use at the same time whose bytes meet though no kernel allows it."""
    allowed = {}
    both = zip(model.graph.ops, model.lowered, strict=True)
    for i, (op, low) in enumerate((op, low) for op, low in both if low):
        for value, distance in zip(op.inputs, low.overlap, strict=True):
            if distance is not None:
                allowed[model.placement.values.get(value), i] = (distance, low.in_place_only)
    wrong = []
    boxes = model.plan.boxes
    for a in boxes:
        for b in boxes:
            if a is b or a.last_step < b.first_step or b.last_step < a.first_step:
                continue
            if a.offset + a.size <= b.offset or b.offset + b.size <= a.offset:
                continue
            first, second = (a, b) if a.first_step <= b.first_step else (b, a)
            rule = allowed.get((first.offset, first.last_step))
            dies_there = first.last_step == second.first_step and second.kind == "activation"
            gap = first.offset - second.offset
            if not (dies_there and rule and (gap == 0 if rule[1] else gap >= rule[0])):
                wrong.append(f"{a.name} at {a.offset} and {b.name} at {b.offset}")
    return wrong


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_no_plan_of_a_random_model_overwrites_anything(seed):
    model = tk.compile(random_model(seed).tflite)
    assert not overwritten(model)
    assert all(box.offset % 4 == 0 for box in model.plan.boxes), "kernels load words"
    ends = [box.offset + box.size for box in model.plan.boxes]
    assert max(ends) <= model.arena_bytes < max(ends) + 8


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("ad01_int8", 2_100),
        ("kws_ref_model", 9_500),
        ("pretrainedResnet_quant", 34_600),
        ("vww_96_int8", 42_200),
    ],
)
def test_real_models_need_little_memory(real_models, name, most):
    """Their largest layer decides: input and output of it on top of each other, and scratch."""
    model = tk.compile(real_models / f"{name}.tflite")
    assert not overwritten(model)
    assert model.arena_bytes <= most
