"""Layers that look at neighbours or move values."""

from dataclasses import dataclass

import numpy as np

from tinykit.compiler.graph.core import Activation, Op


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool(Activation):
    """AVERAGE_POOL_2D or MAX_POOL_2D; padding is (top, left), pixels outside do not count."""

    filter: tuple[int, int]
    strides: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(Op):
    """MEAN or SUM over the middle of (rows, count, channels), such as height and width of an image.

    q = (sum - input_zero_point * count) requantized by multiplier and shift (which contain MEAN's
    division by count) + output_zero_point, clamped to int8.
    """

    rows: int
    count: int

    multiplier: int
    shift: int
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Extremes(Op):
    """REDUCE_MAX and REDUCE_MIN over the middle of (rows, count, channels)."""

    rows: int
    count: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Pad(Op):
    """PAD: `before` and `after` in each of the four dimensions, filled with `fill`."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Concatenation(Op):
    """CONCATENATION along `axis` (from the front); all inputs have the output's quantization.

    PACK, too: its inputs lack the axis, along which each has one place.

    Attributes:
        in_place: for each input, whether it is computed where it ends up (`compiler.homes`).
    """

    axis: int
    in_place: tuple[bool, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class View(Op):
    """A run of bytes of its input, where they are: an UNPACK along the first axis. Costs nothing.

    Attributes:
        offset: of its first byte from the input's, a multiple of 4 (kernels load words).
    """

    offset: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Reshape(View):
    """RESHAPE, SQUEEZE, EXPAND_DIMS: another shape for all of the bytes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Move(Op):
    """TRANSPOSE, SLICE, SPLIT, ...: each value of the output is one of the input.

    The output is written from its first byte to its last by nested loops, the outermost first: loop
    i runs counts[i] times and goes steps[i] values further in the input, from the value `first` on.
    """

    first: int
    counts: tuple[int, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Pick(Op):
    """GATHER, MIRROR_PAD, RESIZE_NEAREST_NEIGHBOR: as Move, where no regular steps exist.

    For each of `rows` and each of `columns` (int32, the latter run faster), the `run` values of the
    input from rows[i] + columns[j] on.
    """

    rows: np.ndarray
    columns: np.ndarray
    run: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Copy(Op):
    """READ_VARIABLE and ASSIGN_VARIABLE: the bytes of a state as a value, or of a value as a state.

    The output's bytes are those of the input.
    """
