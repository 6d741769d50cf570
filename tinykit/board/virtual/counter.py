"""Counts executed instructions at native speed: loads counter.c as a shared library.

A hook in Python at every basic block would cost a microsecond and more; the same in C costs a few
nanoseconds. See counter.c for what is counted and for the cycle model.
"""

import ctypes
import platform
import sys
from pathlib import Path

import numpy as np

from tinykit.board.virtual import toolchain
from tinykit.common.errors import TinykitError

# The roles of a block (counter.c).
MARKED_FUNCTION, RETURN_POINT, WAIT, LOOP_END = 1, 2, 4, 8

BLOCK = np.dtype(
    [
        ("instructions", "<u8"),
        ("cycles", "<u8"),
        ("size", "<u4"),
        ("block_instructions", "<u2"),
        ("block_cycles", "<u2"),
        ("role", "<u4"),
        ("mark", "<u4"),
    ]
)
CALL = np.dtype(
    [
        ("start", "<u8"),
        ("instructions", "<u8"),
        ("cycles", "<u8"),
        ("mark", "<u4"),
        ("padding", "<u4"),
    ]
)
CLOCK = np.dtype(
    [
        ("cycles", "<u8"),
        ("wake", "<u8"),
        ("micros_read", "<u4"),
        ("doors_used", "<u4"),
        ("interrupts_off", "<u4"),
        ("looked", "<u4"),
    ]
)
_MAX_DEPTH = 64


class _OpenCall(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint64) for name in ("a", "b", "c", "d")),
        *((name, ctypes.c_uint32) for name in ("mark", "return_address")),
    )


class Counter(ctypes.Structure):
    """The counters; field by field the `Counter` of counter.c, which says what they mean."""

    _fields_ = (
        ("engine", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("flash", ctypes.c_void_p),
        ("flash_start", ctypes.c_uint32),
        ("flash_bytes", ctypes.c_uint32),
        ("blocks", ctypes.c_void_p),
        ("clock", ctypes.c_void_p),
        ("instructions", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("idle_cycles", ctypes.c_uint64),
        ("interrupt_instructions", ctypes.c_uint64),
        ("interrupt_cycles", ctypes.c_uint64),
        ("next", ctypes.c_uint32),
        ("before", ctypes.c_void_p),
        ("calls", ctypes.c_void_p),
        ("call_count", ctypes.c_uint32),
        ("call_room", ctypes.c_uint32),
        ("open", _OpenCall * _MAX_DEPTH),
        ("depth", ctypes.c_uint32),
        ("variables", ctypes.c_void_p),
        ("snapshot", ctypes.c_void_p),
        ("variable_bytes", ctypes.c_uint32),
        ("have_snapshot", ctypes.c_uint32),
        ("patience", ctypes.c_uint32),
        ("backoff", ctypes.c_uint32),
        ("loop_start", ctypes.c_uint64),
        ("cycles_per_tick", ctypes.c_uint64),
        ("unaligned_pc", ctypes.c_uint32),
        ("unaligned_address", ctypes.c_uint32),
    )


_library: ctypes.CDLL | None = None


def library() -> ctypes.CDLL:
    """counter.c as a shared library, compiled when it is needed for the first time."""
    global _library
    if _library is None:
        _library = ctypes.CDLL(str(_built()))
    return _library


def _built() -> Path:
    source = Path(__file__).with_name("counter.c")
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    made_for = f"{sys.platform} {platform.machine()}"
    build = toolchain.cached("counter", suffix, [source.read_bytes(), made_for])
    if not build.exists:
        with build.building() as target:
            arguments = ["cc", "-shared", "-O2", "-fPIC", "-mcpu=baseline", source, "-o", target]
            try:
                toolchain.zig(arguments, target.parent)
            except toolchain.CompileError as error:
                raise TinykitError(
                    "The virtual board's counter could not be compiled on this computer: "
                    f"{error.messages.strip().splitlines()[-1]}. "
                    "Reinstall the package ziglang."
                ) from error
    return build.path
