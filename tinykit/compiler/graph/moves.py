"""Layers that look at neighbours or move values."""

from dataclasses import dataclass

from tinykit.compiler.graph.core import Activation, Op


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool(Activation):
    """AVERAGE_POOL_2D or MAX_POOL_2D; padding is (top, left), pixels outside do not count."""

    filter: tuple[int, int]
    strides: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Mean(Op):
    """MEAN over the middle of (rows, count, channels), such as height and width of an image.

    q = (sum - input_zero_point * count) requantized by multiplier and shift (which contain the
    division by count) + output_zero_point, clamped to int8.
    """

    rows: int
    count: int

    multiplier: int
    shift: int
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Pad(Op):
    """PAD: `before` and `after` in each of the four dimensions, filled with `fill`."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Concatenation(Op):
    """CONCATENATION along `axis` (from the front); all inputs have the output's quantization.

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
class Copy(Op):
    """READ_VARIABLE and ASSIGN_VARIABLE: the bytes of a state as a value, or of a value as a state.

    The output's bytes are those of the input.
    """
