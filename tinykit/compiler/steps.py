"""What an operator becomes: statements in C++ that call a kernel, and the constants they need."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Constant:
    """An array in flash.

    Attributes:
        name: in lower_case, unique within its operator ("weights"); the call says `{weights}`.
        ctype: of an element, "int8_t".
        data: its values, any shape; `data.dtype` must fit `ctype`.
        alignment: in bytes.
        comment: what it holds and how it is laid out; one line, may be empty.
    """

    name: str
    ctype: str
    data: np.ndarray
    alignment: int = 4
    comment: str = ""


@dataclass(frozen=True, eq=False)
class LoweredStep:
    """One operator as C++.

    Attributes:
        call: statements in the body of the layer's function (namespace tinykit::nn is visible as
            `nn`). Replaced in it: `{in0}`, `{in1}` ... (const int8_t*), `{out}` (int8_t*),
            `{scratch}`, `{state0}` ... (int8_t*, 4-byte aligned), and `{name}` of each constant.
            Other braces stay.
        includes: kernel headers below src/nn/, ("Matrix.h",). With each header comes the source
            file of the same name, and what else `sources` names.
        sources: further kernel files below src/nn/ that must be compiled ("MatrixCortexM4.cpp",).
        constants: arrays in flash.
        scratch_bytes: working memory during this step, in the arena.
        overlap: for each input, how the output may share its memory when the input is not needed
            afterwards: the smallest (address of the input - address of the output) in bytes from
            which on the kernel, which runs through both from the front, reads each byte before it
            overwrites it. 0: in place. None: output and input must not overlap.
        in_place_only: an overlap of 0 means exactly in place; anything between that and memory of
            its own would be wrong (a kernel that does not run from the front to the end).
        comment: one line for the reader, what kernel was chosen and why.
        macs: multiply-accumulates that are executed.
    """

    call: str
    includes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    constants: tuple[Constant, ...] = ()
    scratch_bytes: int = 0
    overlap: tuple[int | None, ...] = ()
    in_place_only: bool = False
    comment: str = ""
    macs: int = 0

    @property
    def constant_bytes(self) -> int:
        """Flash of the constants."""
        return sum(constant.data.nbytes for constant in self.constants)


@dataclass(frozen=True)
class Step:
    """One generated layer function, as tables and profiles show it.

    Attributes:
        name: of the operator, "conv_2d_1"; fused: "conv_2d_3+add_1".
        op: "CONV_2D"; fused: "CONV_2D+ADD".
        function: the C++ function in namespace model, "conv_2d_1"; a symbol of its own.
        input_shape, output_shape: with the batch of 1, after dead channels were removed.
        macs: multiply-accumulates it executes.
        constant_bytes: flash of its weights, biases and tables.
        scratch_bytes: working memory besides its input and output.
        comment: which kernel it calls.
    """

    name: str
    op: str
    function: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    macs: int
    constant_bytes: int
    scratch_bytes: int
    comment: str
    inputs: tuple[int, ...] = field(repr=False, default=())
    output: int = field(repr=False, default=-1)
