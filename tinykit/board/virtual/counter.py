"""Counts executed instructions at native speed: loads counter.c and flash.c as a shared library.

A hook in Python at every basic block would cost a microsecond and more; the same in C costs a few
nanoseconds. See counter.c for what is counted and for the cycle model, flash.c for the flash's.
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
        ("first_read", "<u4"),
        ("read_count", "<u2"),
        ("flash_words", "<u2"),
    ]
)
READ = np.dtype(
    [
        ("constant", "<u4"),
        ("offset", "<u4"),
        ("base", "<i1"),
        ("index", "<i1"),
        ("shift", "<u1"),
        ("follows", "<u1"),
        ("words", "<u4"),
    ]
)
CALL = np.dtype(
    [
        ("start", "<u8"),
        ("instructions", "<u8"),
        ("cycles", "<u8"),
        ("waits", "<u8"),
        ("mark", "<u8"),
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
WAYS, MOST_SETS = 2, 1024  # of the instruction cache
ONE = 65_536  # of `Counter.correction`


class Count(ctypes.Structure):
    """Instructions, cycles, and how many of the cycles are waits for the flash."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("instructions", "cycles", "waits"))


class _OpenCall(ctypes.Structure):
    _fields_ = (
        *((name, Count) for name in ("count", "interrupts")),
        *((name, ctypes.c_uint32) for name in ("mark", "return_address")),
    )


class Counter(ctypes.Structure):
    """The counters; field by field the `Counter` of counter.c, which says what they mean."""

    _fields_ = (
        ("engine", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("flash", ctypes.c_void_p),
        ("ram", ctypes.c_void_p),
        ("flash_start", ctypes.c_uint32),
        ("flash_bytes", ctypes.c_uint32),
        ("ram_start", ctypes.c_uint32),
        ("ram_bytes", ctypes.c_uint32),
        ("blocks", ctypes.c_void_p),
        ("clock", ctypes.c_void_p),
        ("instructions", ctypes.c_uint64),
        ("waits", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("idle_cycles", ctypes.c_uint64),
        ("interrupts", Count),
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
        ("fetch_wait", ctypes.c_uint32),
        ("read_wait", ctypes.c_uint32),
        ("line_shift", ctypes.c_uint32),
        ("sets", ctypes.c_uint32),
        ("cache", ctypes.c_uint32 * (MOST_SETS * WAYS)),
        ("reads", ctypes.c_void_p),
        ("read_count", ctypes.c_uint32),
        ("read_room", ctypes.c_uint32),
        ("flash_reads", ctypes.c_uint32),
        ("correction", ctypes.c_uint32),
        ("remainder", ctypes.c_uint32),
    )


_library: ctypes.CDLL | None = None


def library() -> ctypes.CDLL:
    """counter.c as a shared library, compiled when it is needed for the first time."""
    global _library
    if _library is None:
        _library = ctypes.CDLL(str(_built()))
    return _library


def _built() -> Path:
    header, *sources = (
        Path(__file__).with_name(name) for name in ("counter.h", "counter.c", "flash.c")
    )
    texts = [path.read_bytes() for path in (header, *sources)]
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    made_for = f"{sys.platform} {platform.machine()}"
    build = toolchain.cached("counter", suffix, [*texts, made_for])
    if not build.exists:
        with build.building() as target:
            arguments = ["cc", "-shared", "-O2", "-fPIC", "-mcpu=baseline", *sources]
            try:
                toolchain.zig([*arguments, "-o", target], target.parent)
            except toolchain.CompileError as error:
                raise TinykitError(
                    "The virtual board's counter could not be compiled on this computer: "
                    f"{error.messages.strip().splitlines()[-1]}. "
                    "Reinstall the package ziglang."
                ) from error
    return build.path
