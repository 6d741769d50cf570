"""The virtual board's instruction counts are exact, and its cycles follow the stated model."""

import collections
import ctypes

import numpy as np
import pytest

from tinykit.board.virtual import counter
from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.functions import function_totals
from tinykit.board.virtual.machine import Machine, MachineError

MEMORY = Memory(flash=900_000, ram=200_000, stack=8192)


def machine_for(text: str, *roots: str) -> Machine:
    return Machine(build({"program.cpp": text}, MEMORY, roots=roots), MEMORY.stack)


def test_structures_are_the_same_in_c_and_python():
    sizes = (ctypes.c_uint32 * 5).in_dll(counter.library(), "structureBytes")
    dtypes = (counter.BLOCK, counter.CLOCK, counter.CALL, counter.READ)
    assert list(sizes) == [d.itemsize for d in dtypes] + [ctypes.sizeof(counter.Counter)]


def counts(assembly: str) -> tuple[int, int]:
    """(instructions, cycles) of assembly lines that end in a return."""
    text = (
        'extern "C" __attribute__((naked, used)) void measured() {\n'
        f'  asm volatile("sub sp, #64\\n {assembly}");\n}}\n'
    )
    machine = machine_for(text, "measured")
    machine.call("measured")
    return machine.instructions, machine.cycles


RETURN = "add sp, #64\\n bx lr"  # execution ends there, so it does not count as a taken branch


@pytest.mark.parametrize(
    ("instruction", "cycles"),
    [
        # ARM DDI 0439, table 3-1
        ("add r0, r0, r1", 1),
        ("mul r0, r0, r1", 1),
        ("smlad r0, r0, r1, r2", 1),
        ("smlal r0, r1, r2, r3", 1),
        ("ldr r0, [sp]", 2),
        ("ldr.w r0, [sp, r1]", 2),
        ("ldrb.w r0, [sp]", 2),
        ("ldrsh.w r0, [sp, #8]", 2),
        ("ldrd r0, r1, [sp, #8]", 3),
        ("strd r0, r1, [sp, #8]", 3),
        ("str r0, [sp, #4]", 1),
        ("strb.w r0, [sp, #4]", 1),
        ("ldmdb sp, {r0, r1, r2}", 4),
        ("stmdb sp, {r0, r1, r2, r3, r4}", 6),
        ("push {r0, r1}\\n pop {r0, r1}", 6),
        ("udiv r0, r0, r1", 7),
        ("sdiv r0, r0, r1", 7),
        # table 7-1
        ("vadd.f32 s0, s1, s2", 1),
        ("vmul.f32 s0, s1, s2", 1),
        ("vmla.f32 s0, s1, s2", 3),
        ("vfma.f32 s0, s1, s2", 3),
        ("vdiv.f32 s0, s1, s2", 14),
        ("vsqrt.f32 s0, s1", 14),
        ("vldr s0, [sp, #4]", 2),
        ("vldr d0, [sp, #8]", 3),
        ("vstr s0, [sp, #4]", 2),
        ("vpush {s0-s3}\\n vpop {s0-s3}", 10),
        ("vmov s0, r0", 1),
        ("vcvt.f32.s32 s0, s0", 1),
        ("vcmp.f32 s0, s1", 1),
    ],
)
def test_an_instruction_takes_the_cycles_of_the_manual(instruction, cycles):
    before = counts(RETURN)
    executed, taken = counts(f"{instruction}\\n {RETURN}")
    assert executed - before[0] == instruction.count("\\n") + 1
    assert taken - before[1] == cycles


def test_a_loop_is_counted_to_the_last_instruction():
    """3 around it, 1 to set up, 1000 rounds of 3; all rounds but the last end in a taken branch."""
    loop = "movw r0, #1000\\n 1: adds r1, r1, #3\\n subs r0, #1\\n bne 1b"
    executed, cycles = counts(f"{loop}\\n {RETURN}")
    assert executed == 3 + 1 + 3 * 1000
    assert cycles == executed + 2 * 999


PROGRAM = """
#include <math.h>
#include <stdint.h>
struct Shape { virtual int area(int x) const { return x + 1; } };
struct Square : Shape { int area(int x) const override { return x * x % 17; } };
Shape shape; Square square;
volatile int rounds = 60;
float floats;
__attribute__((noinline)) int choose(int i) {
  switch (i % 7) {
    case 0: return 3; case 1: return -9; case 2: return i * 3; case 3: return i | 1;
    case 4: return i & ~2; default: return i / 7;
  }
}
extern "C" __attribute__((used)) int program() {
  int sum = 0;
  for (int i = 1; i < rounds; ++i) {
    floats += logf(static_cast<float>(i)) * sinf(static_cast<float>(i));
    const Shape& one = i % 3 ? shape : square;
    sum += one.area(i) + choose(i);
    if (i % 5 == 0) sum ^= i;
    sum += static_cast<int>(static_cast<uint64_t>(sum) * 12345 / static_cast<uint64_t>(i));
  }
  return sum;
}
"""


def test_counts_agree_with_a_look_at_every_single_instruction():
    """Unicorn can also call Python before every instruction: slow, but another way to count.

    It leaves out what an IT instruction skips, which takes its cycle on the real processor, too;
    so the block counter may only count more, and only within IT blocks.
    """
    from unicorn import UC_HOOK_CODE

    machine = machine_for(PROGRAM, "program")
    seen: collections.Counter[int] = collections.Counter()
    machine._engine.hook_add(UC_HOOK_CODE, lambda *call: seen.update([call[1]]))
    machine.call("program")

    by_block: collections.Counter[int] = collections.Counter()
    conditional: set[int] = set()
    for index in np.flatnonzero(machine.blocks["instructions"]):
        block = machine.blocks[index]
        executed = int(block["instructions"] // block["block_instructions"])
        address, skippable = 0x10000 + 2 * int(index), 0
        end = address + int(block["size"])
        while address < end:
            by_block[address] += executed
            if skippable:
                conditional.add(address)
                skippable -= 1
            op = int.from_bytes(machine.memory(address, 2), "little")
            if op >> 8 == 0xBF and op & 0xF:  # IT: its mask says how many follow
                skippable = 4 - ((op & 0xF & -(op & 0xF)).bit_length() - 1)
            address += 4 if op >> 11 >= 0x1D else 2
    assert sum(by_block.values()) == machine.instructions
    different = {a for a in by_block if by_block[a] != seen[a]}
    assert different <= conditional
    assert all(by_block[address] > seen[address] for address in different)


def test_stopping_and_going_on_changes_nothing():
    """The emulator is stopped at every deadline; no block may be lost or counted twice."""
    whole = machine_for(PROGRAM, "program")
    whole.call("program")
    for step in (1, 7, 1000):
        parts = machine_for(PROGRAM, "program")
        parts.begin("program")
        stops = 0
        while parts.run(parts.cycles + step):
            stops += 1
        assert stops > 20
        assert (parts.instructions, parts.cycles) == (whole.instructions, whole.cycles)
        assert parts.registers[0] == whole.registers[0]


def test_functions_add_up_to_the_whole():
    machine = machine_for(PROGRAM, "program")
    machine.call("program")
    rows = function_totals(machine)
    assert sum(row.instructions for row in rows) == machine.instructions
    assert sum(row.cycles for row in rows) == machine.cycles
    assert {"program", "choose", "Square::area"} <= {row.name for row in rows}


MARKED = """
#include <stdint.h>
volatile uint32_t sum;
extern "C" {
__attribute__((noinline, used)) void work(int n) { for (int i = 0; i < n; ++i) sum = sum + 1; }
__attribute__((noinline, used)) void inner(int n) { work(n); sum = sum + 1; }
__attribute__((noinline, used)) void outer() { inner(10); inner(1000); sum = sum + 1; }
}
"""


def test_marked_calls_include_what_they_call():
    machine = machine_for(MARKED, "outer")
    address = {f.symbol: f.address for f in machine.program.functions}
    machine.mark(address["outer"], 7)
    machine.mark(address["inner"], 3)
    machine.call("outer")
    calls = machine.calls
    assert calls["mark"].tolist() == [3, 3, 7], "in the order of their returns"
    short, long, both = calls["instructions"].tolist()
    assert long - short > 990, "the loop goes round 990 times more"
    totals = {row.name: row.instructions for row in function_totals(machine)}
    assert both == sum(totals.values()) == machine.instructions
    assert short + long == totals["inner"] + totals["work"]
    assert calls["cycles"][2] == machine.cycles


def test_the_stack_depth_is_the_deepest_write():
    text = (
        'extern "C" {\n__attribute__((noinline, used)) void deep() {\n'
        "  volatile char room[1000];\n  for (volatile char& place : room) place = 1;\n}\n"
        '__attribute__((used)) void shallow() { deep(); asm volatile(""); }\n}\n'
    )
    machine = machine_for(text, "shallow")
    machine.call("shallow")
    assert 1000 <= machine.stack_depth <= 1064


@pytest.mark.parametrize(
    ("instruction", "refused"),
    [
        ("ldr r1, [r0, #1]", False),
        ("ldrh r1, [r0, #1]", False),
        ("str r1, [r0, #2]", False),
        ("ldrd r1, r2, [r0, #4]", False),
        ("add r0, #2\\n ldrd r1, r2, [r0, #4]", True),
        ("add r0, #1\\n ldm r0, {r1, r2}", True),
        ("add r0, #1\\n vldr s0, [r0]", True),
        ("add r0, #2\\n strd r1, r2, [r0]", True),
    ],
)
def test_accesses_that_the_real_processor_refuses_are_found(instruction, refused):
    """ARM DDI 0403, section A3.2.1: only plain loads and stores may be unaligned."""
    text = (
        'extern "C" __attribute__((naked, used)) void measured() {\n'
        f'  asm volatile("sub sp, #64\\n mov r0, sp\\n {instruction}\\n {RETURN}");\n}}\n'
    )
    machine = machine_for(text, "measured")
    machine.refuse_unaligned()
    if refused:
        with pytest.raises(MachineError, match="unaligned"):
            machine.call("measured")
    else:
        machine.call("measured")


def test_no_interrupt_comes_between_it_and_its_instructions():
    """The emulator splits blocks at the borders of 4 KB pages, also behind an IT instruction; the
    handler's instructions would be skipped there if it were stopped."""
    up_to_border = ".balign 4096\\n .rept 2046\\n nop\\n .endr\\n cmp r0, r0\\n ittt ne\\n"
    behind = "movne r0, #1\\n movne r0, #2\\n movne r0, #3\\n movs r0, #7\\n bx lr"
    text = (
        'extern "C" {\nvolatile int handled;\n'
        "__attribute__((used)) void handler() { handled = handled + 1; }\n"
        "__attribute__((naked, used)) int across() {\n"
        f'  asm volatile("{up_to_border} {behind}");\n}}\n}}\n'
    )
    stops = 0
    for deadline in range(1000, 2100, 20):
        machine = machine_for(text, "across", "handler", "handled")
        machine.begin("across")
        while machine.run(deadline):
            stops += 1
            machine.interrupt(machine.program.symbols["handler"])
            deadline = 10**9
        assert machine.registers[0] == 7
        address = machine.program.symbols["handled"]
        assert machine.memory(address, 4).view("<i4")[0] == (deadline == 10**9)
    assert stops > 0
