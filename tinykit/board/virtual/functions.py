"""Where the time goes: executed instructions and cycles per function."""

from dataclasses import dataclass

import numpy as np

from tinykit.board.virtual.machine import Machine
from tinykit.board.virtual.program import FLASH_START


@dataclass(frozen=True)
class FunctionRun:
    """What one function executed itself, the functions it called not included.

    `size` is its code in bytes; `cycles` are estimates.
    """

    name: str
    instructions: int
    cycles: int
    size: int


def function_totals(machine: Machine) -> list[FunctionRun]:
    """Every function that was executed, the one with most cycles first."""
    totals: dict[tuple[str, int], list[int]] = {}
    for index in np.flatnonzero(machine.blocks["instructions"]):
        address = FLASH_START + 2 * int(index)
        function = machine.program.function_at(address)
        key = (function.name, function.size) if function else (f"{address:#x}", 0)
        total = totals.setdefault(key, [0, 0])
        total[0] += int(machine.blocks["instructions"][index])
        total[1] += int(machine.blocks["cycles"][index])
    rows = [FunctionRun(name, *total, size) for (name, size), total in totals.items()]
    return sorted(rows, key=lambda row: (-row.cycles, row.name))
