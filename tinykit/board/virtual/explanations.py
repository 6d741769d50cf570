"""Sentences for students: why a sketch does not compile, why a program stopped."""

import re

from tinykit.board.libraries import BMI270_BMM150, LSM9DS1, OV767X, TFLM
from tinykit.board.profiles import Board
from tinykit.board.virtual.machine import Machine, MachineError
from tinykit.board.virtual.program import FLASH_START, RAM_START

_STACK_END = 512  # bytes that one instruction saves, and more
_LIBRARIES = ", ".join(["PDM.h", *(known.header for known in (LSM9DS1, BMI270_BMM150, OV767X))])


def why_it_does_not_compile(messages: str, name: str, board: Board) -> str:
    """The compiler's messages as one sentence, and what to do."""
    if TFLM.header in messages or "TensorFlowLite.h" in messages:
        return (
            f"{name} runs its model with TensorFlow Lite Micro, which the virtual board does not "
            'have. Export the sketch again with engine="compiled".'
        )
    missing = re.search(r"fatal error: '([^']+)' file not found", messages)
    errors = re.findall(r"^(?:\./)?(\S[^:\n]*):(\d+):\d+: (?:fatal )?error: (.*)$", messages, re.M)
    # An error inside a header of the core says little: one in the sketch's own files comes first.
    errors.sort(key=lambda error: error[0].startswith("/"))
    if missing and errors:
        return (
            f"{errors[0][0]}, line {errors[0][1]}: the virtual board has no {missing[1]}. It knows "
            f"{_LIBRARIES} and the sketch's own files."
        )
    if errors:
        file, line, what = _in_the_sketch(errors[0], messages)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        file = file.rsplit("/", 1)[-1] if file.startswith("/") else file
        what = re.sub(r" \[-W[^\]]*\]$", "", what)
        unknown = _unknown_in_prototype(what, file, line, messages)
        if unknown:
            return (
                f"{file}, line {line}: {unknown} is not known above the first function, where "
                f"Arduino declares them all. Define {unknown} there, or check its spelling."
            )
        return f"{file}, line {line}: {what}{more}. Mend that line and try again."
    undefined = re.search(r"undefined symbol: (.*)", messages)
    if undefined:
        return (
            f"{name} uses {undefined[1].strip()}, but it is defined nowhere. "
            "Write it, or check its spelling."
        )
    if "will not fit in region" in messages:
        region = "RAM" if "'RAM'" in messages else "flash"
        over = re.search(r"overflowed by (\d+) bytes", messages)
        much = f" by {int(over[1]):,} bytes" if over else ""
        return f"{name} does not fit into the {region} of the {board.title}{much}. Make it smaller."
    first = next(iter(messages.strip().splitlines()), "no message")
    return f"{name} does not compile: {first}. Check the sketch."


def _unknown_in_prototype(what: str, file: str, line: str, messages: str) -> str:
    """The type that a declaration made by Arduino (see prototypes.py) lacks; "" for other errors.

    The compiler shows the line as it read it: a declaration, where the sketch has a definition.
    """
    unknown = re.match(r"(?:unknown type name|use of undeclared identifier) '(\w+)'", what)
    shown = rf"^(?:\./)?{re.escape(file)}:{line}:\d+: error: .*\n *\d* *\|? *[^\n{{]*\);$"
    return unknown[1] if unknown and re.search(shown, messages, re.M) else ""


def _in_the_sketch(error: tuple[str, str, str], messages: str) -> tuple[str, str, str]:
    """File, line and text of an error as the student understands it best."""
    file, line, what = error
    open_string = rf"^(?:\./)?{re.escape(file)}:{line}:\d+: warning: (missing terminating .*)$"
    warning = re.search(open_string, messages, re.M)
    if warning:  # all that the compiler says after it follows from it
        return file, line, warning[1]
    if file.startswith("/"):  # inside a template of the core: the line that uses it
        used = r"^(?:\./)?([^/\s][^:\n]*):(\d+):\d+: note: in instantiation .*requested here"
        use = re.search(used, messages, re.M)
        if use:
            return use[1], use[2], what
    return error


def why_it_stopped(fault: MachineError, machine: Machine) -> str:
    """What happened, in words."""
    below_stack = RAM_START - (1 << 20) <= fault.address < RAM_START
    full = machine.stack_pointer < RAM_START + _STACK_END
    if fault.kind in ("read", "write") and below_stack and full:
        size = machine.stack_top - RAM_START
        return f"The stack has overflowed: it has {size:,} bytes."
    if fault.kind == "undefined instruction":
        return "The program stopped itself: abort(), or a case that cannot be."
    if fault.kind == "endless interrupt":
        return "An interrupt handler has not returned for a second."
    if fault.kind == "jump":
        if fault.address < 4:
            return f"The program jumped to {fault.address:#x}: a null function pointer."
        return (
            f"The program jumped to {fault.address:#x}, where there is no code: often an array "
            "was written beyond its end."
        )
    if fault.kind == "unaligned":
        return (
            f"The program reads or writes several words at once at address {fault.address:#x}, "
            "which is no multiple of 4."
        )
    verb = {"read": "reads from", "write": "writes to"}.get(fault.kind, "touches")
    if fault.address < 0x1000:
        return f"The program {verb} address {fault.address:#x}: a null pointer."
    if FLASH_START <= fault.address < FLASH_START + (1 << 20):
        return f"The program {verb} address {fault.address:#x}, which is flash."
    return f"The program {verb} address {fault.address:#x}, where there is no memory."
