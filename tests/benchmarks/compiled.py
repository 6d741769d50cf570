"""Compiled models on the virtual board against TFLM with CMSIS-NN: instructions, cycles, RAM, code.

    python tests/benchmarks/compiled.py [MODEL.tflite ...] [--qemu]

Without models, MLPerf Tiny's in $TINYKIT_MODELS (default ../shared/models) and the kit's own.
`--qemu` (Linux, with arm-none-eabi-g++ 12 and qemu-system-arm) counts the same model compiled by
GCC, and the virtual board's own program once more, where QEMU has to count the same instructions.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tinykit as tk
from tinykit.board.virtual import model_run

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import qemu  # noqa: E402

CHECKPOINT = ROOT / "tinykit" / "training" / "checkpoints" / "keyword_spotting" / "model.tflite"


@dataclass(frozen=True)
class Tflm:
    """TFLM with CMSIS-NN on the same emulated processor: GCC 12, kernels -O2, int8 only."""

    instructions: int
    cycles: float
    ram_bytes: int
    code_bytes: int


@dataclass(frozen=True)
class Bar:
    """What a compiled model must not exceed: RAM includes the stack, code excludes weights."""

    instructions: int
    ram_bytes: int
    code_bytes: int


TFLM = {
    "kws_ref_model": Tflm(7_697_742, 9.82e6, 24_340, 53_656),
    "vww_96_int8": Tflm(24_101_551, 31.0e6, 102_228, 53_656),
    "pretrainedResnet_quant": Tflm(29_863_116, 40.2e6, 56_516, 51_428),
    "ad01_int8": Tflm(582_905, 0.74e6, 4_552, 28_320),
}
BARS = {
    "kws_ref_model": Bar(4_230_000, 12_500, 20_000),
    "vww_96_int8": Bar(10_800_000, 58_000, 24_000),
    "pretrainedResnet_quant": Bar(17_900_000, 36_000, 20_000),
    "ad01_int8": Bar(410_000, 2_400, 12_000),
}
COLUMNS = ("model", "how", "MACs", "instructions", "x TFLM", "per MAC", "cycles*", "RAM", "stack")
COLUMNS += ("code", "constants")


def measure(path: Path, with_qemu: bool) -> list[tuple]:
    """Rows of the table for one model; the outputs of all engines are compared on the way."""
    compiled = tk.compile(path)
    x = np.random.default_rng(0).integers(-128, 128, (1, *compiled.input_shape)).astype(np.int8)
    board = tk.VirtualBoard()
    run = board.run_model(compiled, x)
    sizes = (run.ram_bytes, run.stack_bytes, run.code_bytes)
    rows = [_row(path, "virtual board", compiled, run, *sizes)]
    if with_qemu:
        gcc = qemu.run(compiled.sources(), x)
        code = gcc.flash_bytes - compiled.constant_bytes
        sizes = (gcc.static_bytes + gcc.stack_bytes, gcc.stack_bytes, code)
        rows.append(_row(path, "GCC on QEMU", compiled, gcc, *sizes))
        program = model_run._built(board.board, compiled)
        same = qemu.run_program(program, compiled.sources()["model.h"], x)
        for other in (gcc, same):
            assert np.array_equal(other.outputs.ravel(), run.outputs.ravel()), f"{path}: outputs"
        assert same.instructions == run.instructions, (
            f"{path.name}: QEMU counts {same.instructions} instructions of the virtual board's "
            f"program, the virtual board {run.instructions}"
        )
    return rows


def _row(path: Path, how: str, compiled, run, ram: int, stack: int, code: int) -> tuple:
    tflm = TFLM.get(path.stem)
    ratio = f"{run.instructions / tflm.instructions:.2f}" if tflm else ""
    per_mac = f"{run.instructions / compiled.macs:.2f}"
    counts = (ram, stack, code, compiled.constant_bytes)
    name = path.parent.name if path == CHECKPOINT else path.stem
    cells = (name, how, f"{compiled.macs:,}", f"{run.instructions:,}", ratio, per_mac)
    cycles = run.cycles - getattr(run, "waits", 0)  # as QEMU, whose flash answers at once
    return (*cells, f"{cycles:,}", *(f"{count:,}" for count in counts))


def _reference_rows(name: str) -> list[tuple]:
    if name not in TFLM:
        return []
    rows, tflm = [], TFLM[name]
    for how, r in (("TFLM + CMSIS-NN", tflm), ("bar", BARS[name])):
        ratio = f"{r.instructions / tflm.instructions:.2f}"
        cycles = f"{tflm.cycles:,.0f}" if r is tflm else ""
        cells = (name, how, "", f"{r.instructions:,}", ratio, "", cycles)
        rows.append((*cells, f"{r.ram_bytes:,}", "", f"{r.code_bytes:,}", ""))
    return rows


def table(rows: list[tuple]) -> str:
    """Text with aligned columns."""
    rows = [COLUMNS, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = []
    for row in rows:
        cells = [
            c.ljust(w) if i < 2 else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path, help=".tflite files")
    parser.add_argument("--qemu", action="store_true", help="count with GCC and QEMU, too")
    arguments = parser.parse_args()
    if arguments.qemu and qemu.missing():
        sys.exit(f"--qemu needs {qemu.missing()}")
    folder = Path(os.environ.get("TINYKIT_MODELS", ROOT.parent / "shared" / "models"))
    models = arguments.models or [*sorted(folder.glob("*.tflite")), CHECKPOINT]
    rows = []
    for path in models:
        rows += measure(path, arguments.qemu) + _reference_rows(path.stem)
    print(table(rows))
    print(
        "* estimated; no flash wait states. RAM is static memory and the deepest stack, in bytes."
    )


if __name__ == "__main__":
    main()
