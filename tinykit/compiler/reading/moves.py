"""Layers that only move values: each value of the output is one of the input.

For each, NumPy says which: it does to the numbers 0, 1, 2, ... what the layer does to the values.
"""

import math
from collections.abc import Callable

import numpy as np

from tinykit.compiler import places
from tinykit.compiler.graph import Concatenation, Move, Op, Pad, Pick, Reshape, Value
from tinykit.compiler.reading.reader import CONVERT, DAMAGED, Reader, RefusalError
from tinykit.quantization.tflite.file import Operator

_MOST_INDICES = 4096  # of a GATHER
_STATIC = "Make them constant"

Places = Callable[[Reader, Operator, np.ndarray, list[tuple[int, ...]]], list[np.ndarray]]


def moving(make: Places, position: int = 0) -> Callable[[Reader, Operator, dict], tuple[Op, ...]]:
    """A reader of an operator that moves values.

    Args:
        make: of the numbers 0, 1, 2, ... in the input's shape and of the outputs' shapes, the
            outputs' numbers; raises ValueError or IndexError for what does not fit.
        position: of the input that is moved.
    """

    def read(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
        if position >= len(operator.inputs) or min(*operator.inputs, *operator.outputs) < 0:
            raise RefusalError("an input or output is missing", DAMAGED)
        source = operator.inputs[position]
        if reader.file.tensors[source].data is not None:
            raise RefusalError("its input is a constant", "Build the network without that layer")
        x = reader.value(source)
        shapes = [reader.value(index).shape for index in operator.outputs]
        numbers = np.arange(x.size, dtype=np.int32).reshape(x.shape)
        try:
            made = make(reader, operator, numbers, shapes)
        except (ValueError, IndexError):
            made = []
        if [array.shape for array in made] != shapes:
            what = " and ".join(map(str, shapes[:4]))
            raise RefusalError(f"shapes {x.shape} -> {what} do not fit its options", DAMAGED)
        names = [named["name"]]
        if len(made) > 1:
            names = [f"{named['name']}_{i + 1}" for i in range(len(made))]
        return tuple(
            moved(named | {"name": name}, source, target, array, x.size)
            for name, target, array in zip(names, operator.outputs, made, strict=True)
        )

    return read


def moved(named: dict, source: int, target: int, taken: np.ndarray, size: int) -> Op:
    """The operator that takes the values at the places `taken` from a value of `size` values."""
    made = {**named, "inputs": (source,), "output": target}
    loops = places.as_loops(taken)
    if loops is None:
        rows, columns, run = places.as_tables(taken)
        return Pick(**made, rows=rows, columns=columns, run=run)
    first, counts, steps = loops
    if (first, counts, steps) == (0, (size,), (1,)):  # all of them, in their order
        return Reshape(**made)
    return Move(**made, first=first, counts=counts, steps=steps)


def transpose(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    _limit_rank(x, 5)
    return [x.transpose(reader.whole_numbers(operator, 1, "axes").reshape(-1))]


def split(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    axis = _axis(reader.whole_numbers(operator, 0, "axes"), x)
    return np.split(x, len(shapes), axis)


def split_v(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    sizes = reader.whole_numbers(operator, 1, "sizes").reshape(-1)
    axis = _axis(reader.whole_numbers(operator, 2, "axes"), x)
    if (sizes < -1).any() or (sizes == -1).sum() > 1:
        raise ValueError
    rest = x.shape[axis] - sizes[sizes >= 0].sum()
    sizes = np.where(sizes == -1, rest, sizes)
    if sizes.sum() != x.shape[axis]:
        raise ValueError
    return np.split(x, sizes.cumsum()[:-1], axis)


def unpack(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    axis = _axis(operator.options["axis"], x)
    if x.shape[axis] != len(shapes):
        raise ValueError
    return list(np.moveaxis(x, axis, 0))


def slice_(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    _limit_rank(x, 5)
    begin, size = (reader.whole_numbers(operator, i, "begin and size") for i in (1, 2))
    parts = []
    for first, count, limit in zip(begin.tolist(), size.tolist(), x.shape, strict=True):
        end = limit if count == -1 else first + count
        if not 0 <= first <= end <= limit:
            raise ValueError
        parts.append(slice(first, end))
    return [x[tuple(parts)]]


def strided_slice(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    """As NumPy slices: `places` of one output, as TensorFlow Lite Micro takes them."""
    _limit_rank(x, 4)
    options = operator.options
    unknown = [name for name in ("ellipsis_mask", "new_axis_mask", "offset") if options[name]]
    if unknown:
        raise RefusalError(f"an option {unknown[0]}", "Write out all dimensions: x[:, 1:3, :]")
    bounds = [reader.whole_numbers(operator, i, "bounds") for i in (1, 2, 3)]
    parts: list[slice | int] = []
    for i, (first, last, step) in enumerate(zip(*(b.tolist() for b in bounds), strict=True)):
        bit = 1 << i
        first = None if options["begin_mask"] & bit else first
        last = None if options["end_mask"] & bit else last
        if options["shrink_axis_mask"] & bit:
            if step < 0:
                raise ValueError
            parts.append(first or 0)
        else:
            parts.append(slice(first, last, step))
    if len(parts) != x.ndim:
        raise RefusalError("bounds for some dimensions", "Write out all dimensions: x[:, 1:3, :]")
    return [np.asarray(x[tuple(parts)])]


def gather(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    indices = reader.whole_numbers(operator, 1, "indices", most=_MOST_INDICES)
    axis, batch = _axis(operator.options["axis"], x), operator.options["batch_dims"]
    batch += indices.ndim if batch < 0 else 0
    if not 0 <= batch <= min(axis, indices.ndim) or indices.min(initial=0) < 0:
        raise ValueError
    if math.prod(x.shape[:batch]) != 1:
        raise RefusalError("indices for each of a batch", "Use the same indices for all")
    indices = indices.reshape(indices.shape[batch:])
    if shapes[0] != x.shape[:axis] + indices.shape + x.shape[axis + 1 :]:
        raise ValueError
    return [np.take(x, indices, axis)]


def broadcast_to(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    return [np.broadcast_to(x, shapes[0])]


def reverse(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    axes = reader.whole_numbers(operator, 1, "axes").reshape(-1)
    return [np.flip(x, tuple(axes.tolist()))]


def mirror_pad(reader: Reader, operator: Operator, x: np.ndarray, shapes: list) -> list[np.ndarray]:
    paddings = reader.whole_numbers(operator, 1, "paddings")
    most = np.array(x.shape) - (operator.options["mode"] == "REFLECT")
    if paddings.shape != (x.ndim, 2) or (paddings < 0).any() or (most < paddings.T).any():
        raise ValueError
    if shapes[0] != tuple((paddings.sum(axis=1) + x.shape).tolist()):
        raise ValueError
    return [np.pad(x, paddings, mode=operator.options["mode"].lower())]


def space_to_depth(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    block = operator.options["block_size"]
    batch, height, width, channels = x.shape
    if block < 1:
        raise ValueError
    blocks = x.reshape(batch, height // block, block, width // block, block, channels)
    return [blocks.transpose(0, 1, 3, 2, 4, 5).reshape(shapes[0])]


def depth_to_space(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    block = operator.options["block_size"]
    batch, height, width, channels = x.shape
    if block < 1 or channels % block**2:
        raise ValueError
    blocks = x.reshape(batch, height, width, block, block, channels // block**2)
    return [blocks.transpose(0, 1, 3, 2, 4, 5).reshape(shapes[0])]


def batch_to_space(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    blocks = reader.whole_numbers(operator, 1, "block shape").reshape(-1)
    crops = reader.whole_numbers(operator, 2, "crops").reshape(-1, 2)
    high, wide = _block_shape(blocks, crops, x)
    image = x if x.ndim == 4 else x[:, :, None]
    batch, height, width, channels = image.shape
    parts = image.reshape(high, wide, batch // (high * wide), height, width, channels)
    whole = parts.transpose(2, 3, 0, 4, 1, 5).reshape(-1, height * high, width * wide, channels)
    ends = np.array(whole.shape[1:3])[: len(crops)] - crops[:, 1]
    inside = tuple(slice(a, b) for a, b in zip(crops[:, 0].tolist(), ends.tolist(), strict=True))
    return [whole[(slice(None), *inside)].reshape(shapes[0])]


def space_to_batch(reader: Reader, operator: Operator, named: dict) -> tuple[Op, ...]:
    """SPACE_TO_BATCH_ND: a PAD, then a move."""
    x, y = reader.one_to_one(operator)
    blocks = reader.whole_numbers(operator, 1, "block shape").reshape(-1)
    paddings = reader.whole_numbers(operator, 2, "paddings").reshape(-1, 2)
    high, wide = _block_shape(blocks, paddings, np.empty(x.shape, np.bool_))
    sides = np.zeros((4, 2), np.int64)
    sides[1 : 1 + len(paddings)] = paddings
    image = x.shape if len(x.shape) == 4 else (*x.shape[:2], 1, x.shape[2])
    batch, height, width, channels = (sides.sum(axis=1) + image).tolist()
    expected = (batch * high * wide, height // high, width // wide, channels)
    sizes = y.shape if len(y.shape) == 4 else (*y.shape[:2], 1, *y.shape[2:])
    if height % high or width % wide or sizes != expected:
        raise RefusalError(f"shapes {x.shape} -> {y.shape} do not fit its options", DAMAGED)
    padded = Value((batch, height, width, channels), y.scale, y.zero_point)
    source, ops = operator.inputs[0], []
    if sides.any():
        source = reader.inner(padded)
        before, after = (tuple(side) for side in sides.T.tolist())
        # The operator's own shape: a picture of one column, when it has three dimensions.
        shaped = reader.inner(Value(image, x.scale, x.zero_point))
        name = named["name"]
        ops = [
            Reshape(
                name=f"{name}_shape", kind="RESHAPE", inputs=operator.inputs[:1], output=shaped
            ),
            Pad(
                name=f"{name}_pad",
                kind="PAD",
                inputs=(shaped,),
                output=source,
                before=before,
                after=after,
                fill=y.zero_point,
            ),
        ]
    numbers = np.arange(padded.size, dtype=np.int32)
    parts = numbers.reshape(batch, height // high, high, width // wide, wide, channels)
    taken = parts.transpose(2, 4, 0, 1, 3, 5)
    return (*ops, moved(named, source, operator.outputs[0], taken, padded.size))


def resize_nearest(reader: Reader, operator: Operator, x: np.ndarray, shapes: list):
    size = reader.whole_numbers(operator, 1, "size").reshape(-1)
    if x.ndim != 4 or tuple(size.tolist()) != shapes[0][1:3]:
        raise ValueError
    rows, columns = (
        _nearest(operator, *sizes) for sizes in zip(x.shape[1:3], shapes[0][1:3], strict=True)
    )
    return [x[:, rows[:, None], columns]]


def _nearest(operator: Operator, before: int, after: int) -> np.ndarray:
    """The place before of each place after, in TensorFlow Lite's float32, int64 (after,)."""
    corners = operator.options["align_corners"]
    sizes = (before - 1, after - 1) if corners and after > 1 else (before, after)
    scale = np.float32(sizes[0]) / np.float32(sizes[1])
    offset = np.float32(0.5 if operator.options["half_pixel_centers"] else 0)
    places = (np.arange(after).astype(np.float32) + offset) * scale
    places = np.floor(places + np.float32(0.5)) if corners else np.floor(places)
    return np.clip(places.astype(np.int64), 0, before - 1)


def pack(reader: Reader, operator: Operator, named: dict) -> Op:
    if min(operator.inputs) < 0:
        raise RefusalError("an input is missing", DAMAGED)
    ids = tuple(reader.operand(index) for index in operator.inputs)
    y = reader.value(operator.outputs[0])
    axis = operator.options["axis"]
    axis += len(y.shape) if axis < 0 else 0
    shapes = {reader.values[index].shape for index in ids}
    expected = (*y.shape[:axis], *y.shape[axis + 1 :])
    fits = 0 <= axis < len(y.shape) and shapes == {expected} and y.shape[axis] == len(ids)
    if not fits:
        raise RefusalError(f"shapes {sorted(shapes)[:4]} -> {y.shape} do not fit its axis", DAMAGED)
    if all(index in reader.constants for index in ids):
        raise RefusalError("all inputs are constants", "Build the network without that layer")
    return Concatenation(**named, inputs=ids, output=operator.outputs[0], axis=axis)


def pad_with(reader: Reader, operator: Operator, y: Value) -> int:
    """What a PAD fills up with: the number 0, or PADV2's own."""
    if len(operator.inputs) < 3:
        return y.zero_point
    tensor = reader.file.tensors[operator.inputs[2]] if operator.inputs[2] >= 0 else None
    if tensor is None or tensor.data is None or tensor.dtype != "int8" or tensor.size != 1:
        raise RefusalError("its filling is computed while it runs", _STATIC)
    if reader.scale(tensor) != (y.scale, y.zero_point):
        raise RefusalError("a filling of another scale or zero point", CONVERT)
    return int(tensor.array().reshape(-1)[0])


def _axis(axis: np.ndarray | int, x: np.ndarray) -> int:
    """One axis, from the front."""
    [axis] = np.reshape(axis, -1).tolist()
    if not -x.ndim <= axis < x.ndim:
        raise ValueError
    return axis % x.ndim


def _limit_rank(x: np.ndarray, most: int) -> None:
    """TensorFlow Lite Micro takes no more dimensions."""
    if x.ndim > most:
        raise RefusalError(f"{x.ndim} dimensions", f"Use at most {most}")


def _block_shape(blocks: np.ndarray, margins: np.ndarray, x: np.ndarray) -> tuple[int, int]:
    """Height and width of the blocks; raises for what does not fit (rows, columns) of `x`."""
    if x.ndim not in (3, 4) or len(blocks) != x.ndim - 2 or len(margins) != len(blocks):
        raise RefusalError(f"blocks of {blocks.tolist()} in a shape of {x.shape}", DAMAGED)
    if (blocks < 1).any() or (margins < 0).any() or blocks.max() > 1 << 15 or margins.max() > 1000:
        raise RefusalError(f"blocks of {blocks.tolist()}, {margins.tolist()} around", DAMAGED)
    high, wide = [*blocks.tolist(), 1][:2]
    return high, wide
