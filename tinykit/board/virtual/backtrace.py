"""Who called whom: the functions that were being executed, from the innermost outwards.

The compiler notes for every instruction where the caller's registers have been saved (DWARF call
frame information, https://dwarfstd.org, section 6.4); this follows those notes up the stack.
"""

from dataclasses import dataclass

import numpy as np

from tinykit.board.virtual.machine import Machine, MachineError

_MOST_FRAMES = 12
_MOST_SEARCHED = 256  # bytes of stack
_SP, _LR, _PC = 13, 14, 15


@dataclass(frozen=True)
class Frame:
    """A function that was being executed, and the source line it had come to."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        place = f" ({self.file}:{self.line})" if self.file else ""
        if self.function.startswith("__cxx_global_var_init"):  # the compiler's name
            return f"the initial value of a global variable{place}"
        return f"{self.function}(){place}"


def backtrace(machine: Machine, pc: int | None = None) -> list[Frame]:
    """The functions on the stack, the innermost first, at most twelve.

    `pc`: where it stopped, if that is not where the processor stands.
    """
    registers = machine.registers
    if pc is not None:
        registers[_PC] = pc
    frames: list[Frame] = []
    returning = False
    if machine.program.function_at(registers[_PC]) is None:  # it jumped into nowhere
        registers[_PC], returning = registers[_LR] & ~1, True
    while len(frames) < _MOST_FRAMES:
        # A return address is behind the call, perhaps already in the next line.
        address = registers[_PC] - 2 * returning
        function = machine.program.function_at(address)
        if function is None:
            break
        frames += _frames_at(machine, function.name, address)
        caller = _caller(machine, address, registers)
        noted = machine.program.frame_row(address) is not None
        if caller is None and noted:  # the compiler knows that this function never returns
            break
        if caller is None or caller[_PC] == registers[_PC]:
            caller = _guessed_caller(machine, registers)
        if caller is None or caller[_PC] == machine.exit:
            break
        registers, returning = caller, True
    return frames


def _frames_at(machine: Machine, name: str, address: int) -> list[Frame]:
    """The function at an address, and before it those that were inlined into it there."""
    file, line = machine.program.line_at(address) or ("", 0)
    frames = []
    for inner, call_file, call_line in reversed(machine.program.inlined_at(address)):
        frames.append(Frame(inner, file, line))
        file, line = call_file, call_line
    return [*frames, Frame(name, file, line)]


def _caller(machine: Machine, address: int, registers: list[int]) -> list[int] | None:
    """The registers as they will be after the return; None when that is not known."""
    row = machine.program.frame_row(address)
    if row is None or (_LR not in row and _lost_return_address(machine, address, registers)):
        return None
    rule = row["cfa"]
    if rule.reg is None:
        return None
    frame = registers[rule.reg] + rule.offset
    caller = list(registers)
    caller[_SP] = frame
    try:
        for register in range(15):
            saved = row.get(register)
            if saved is not None and saved.type == "OFFSET":
                caller[register] = int.from_bytes(machine.memory(frame + saved.arg, 4), "little")
    except MachineError:
        return None
    caller[_PC] = caller[_LR] & ~1
    return caller


def _lost_return_address(machine: Machine, address: int, registers: list[int]) -> bool:
    """Whether LR is not the way back although nothing was noted to be saved.

    A function that never returns saves nothing: after a call, LR still points behind that call.
    """
    function = machine.program.function_at(address)
    back = registers[_LR] & ~1
    if machine.program.saves(_LR, address) or back == machine.exit:
        return False
    if _called(machine, back) == function.address:
        return False
    before = range(function.address + 4, address + 2, 2)
    return any(_follows_call(machine, place) for place in before)


def _called(machine: Machine, address: int) -> int | None:
    """Which function the BL before a return address calls; None when there is no BL."""
    if machine.program.function_at(address - 4) is None:
        return None
    first, second = np.frombuffer(machine.memory(address - 4, 4).tobytes(), "<u2").tolist()
    if first >> 11 != 0b11110 or second & 0xD000 != 0xD000:
        return None
    sign = first >> 10 & 1
    i1, i2 = (~((second >> 13) ^ sign) & 1), (~((second >> 11) ^ sign) & 1)
    offset = i1 << 23 | i2 << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1
    return address + offset - (sign << 24)


def _guessed_caller(machine: Machine, registers: list[int]) -> list[int] | None:
    """The caller of a function written in assembly, of which nothing is noted.

    The nearest word on the stack that can be a return address: one right behind a call (BL, BLX).
    """
    for place in range(registers[_SP], min(registers[_SP] + _MOST_SEARCHED, machine.stack_top), 4):
        address = int.from_bytes(machine.memory(place, 4), "little")
        if (
            address & 1
            and machine.program.function_at(address - 5)
            and _follows_call(machine, address & ~1)
        ):
            caller = list(registers)
            caller[_SP], caller[_LR], caller[_PC] = place + 4, 0, address & ~1
            return caller
    return None


def _follows_call(machine: Machine, address: int) -> bool:
    """Whether the instruction before an address is a call: BL (4 bytes) or BLX (2 bytes)."""
    first, second = np.frombuffer(machine.memory(address - 4, 4).tobytes(), "<u2").tolist()
    long_call = first >> 11 == 0b11110 and second >> 14 == 0b11 and second >> 12 & 1
    return bool(long_call or second & 0xFF87 == 0x4780)
