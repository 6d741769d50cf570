"""Waits for the flash: they follow the stated model, and cost nothing but cycles."""

import dataclasses

import numpy as np
import pytest

import tinykit as tk
from tinykit.board.profiles import FlashWaits
from tinykit.board.virtual import model_run
from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.machine import Machine

MEMORY = Memory(flash=900_000, ram=200_000, stack=8192)
WAITS = tk.boards["nano33ble"].flash_waits
ONLY_READS = dataclasses.replace(WAITS, fetch=0)
ONLY_FETCHES = FlashWaits(fetch=3, read=1, cache_bytes=2048, line_bytes=16)


def executed(text: str, waits: FlashWaits | None, correction: float = 1.0) -> Machine:
    """A machine that has executed measured()."""
    program = build({"program.cpp": text}, MEMORY, roots=["measured"])
    machine = Machine(program, MEMORY.stack, flash=waits, correction=correction)
    machine.call("measured")
    return machine


def assembly(lines: str) -> str:
    return (
        "const unsigned weights[64] = {1, 2, 3};\nunsigned variables[64] = {1, 2};\n"
        "extern const unsigned weights[64];\n"
        'extern "C" __attribute__((naked, used)) void measured() {\n'
        '  asm volatile("movw r0, #:lower16:%0\\n movt r0, #:upper16:%0\\n"\n'
        '               "movw r1, #:lower16:%1\\n movt r1, #:upper16:%1\\n"\n'
        f'               "{lines}\\n bx lr" ::"i"(weights), "i"(variables));\n}}\n'
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("ldr r2, [r1]", 0),  # RAM answers at once
        ("ldr r2, [r0]", 1),
        ("ldrsb r2, [r0, #3]", 1),
        ("ldrd r2, r3, [r0, #8]", 2),
        ("ldm r0, {r2, r3, r12}", 3),
        ("ldm r1!, {r2, r3}", 0),
        ("vldr d0, [r0]", 2),
        ("vldm r0, {s0-s4}", 5),
        ("str r2, [r1]", 0),
        ("ldr r2, [pc, #4]", 1),  # a literal
        ("movs r2, #4\\n ldr r3, [r0, r2]", 1),
        ("movs r2, #1\\n ldr r3, [r0, r2, lsl #2]", 1),
        ("add r2, r0, #8\\n ldr r3, [r2], #4\\n ldr r3, [r2]", 2),
        ("mov r2, r0\\n b 1f\\n 1: ldr r3, [r2, #4]!\\n ldrh r3, [r2]", 2),  # in another block
        ("mov r2, r0\\n mov r0, r1\\n ldr r3, [r0]\\n ldr r3, [r2]", 1),
        ("push {r0, lr}\\n pop {r0, lr}", 0),
        ("movs r2, #3\\n b 1f\\n 1: ldr r3, [r0]\\n subs r2, #1\\n bne 1b", 3),
    ],
)
def test_words_read_from_flash_wait_and_others_do_not(lines, words):
    machine = executed(assembly(lines), ONLY_READS)
    assert machine.waits == WAITS.read * words


def nops_in_a_loop(bytes_of_code: int, rounds: int) -> str:
    """The loop begins at the border of a line."""
    return (
        'extern "C" __attribute__((naked, used, aligned(16))) void measured() {\n'
        f'  asm volatile("movw r0, #{rounds}\\n .balign 16\\n 1:\\n"\n'
        f'               ".rept {bytes_of_code // 2 - 4}\\n'
        ' nop\\n .endr\\n subs r0, #1\\n beq.n 2f\\n b.w 1b\\n 2: bx lr");\n}\n'
    )


def test_a_loop_that_fits_the_cache_waits_once_for_each_of_its_lines():
    """2000 bytes are 125 lines; one holds what stands before the loop, one what comes after it."""
    for rounds in (1, 2, 50):
        machine = executed(nops_in_a_loop(2000, rounds), ONLY_FETCHES)
        assert machine.waits == 3 * (125 + 2)


def test_a_loop_that_does_not_fit_waits_again_in_every_round():
    """4 KB: each line has been replaced by two others of its set when it is needed again."""
    one, many = (executed(nops_in_a_loop(4096, rounds), ONLY_FETCHES) for rounds in (1, 11))
    assert many.waits - one.waits == 3 * 10 * 4096 // 16


def test_half_a_kilobyte_too_much_misses_only_where_three_lines_share_a_set():
    """2560 bytes: 32 of the 64 sets have three lines, which drive each other out."""
    one, many = (executed(nops_in_a_loop(2560, rounds), ONLY_FETCHES) for rounds in (1, 11))
    assert many.waits - one.waits == 3 * 10 * 3 * 32


def test_waits_are_cycles_and_nothing_else(small_tiny):
    """The same instructions and outputs; the cycles of the processor, and the waits."""
    board, compiled = tk.boards["nano33ble"], tk.compile(small_tiny)
    x = np.zeros((1, *compiled.input_shape), np.int8)
    waiting = model_run.run_model(board, compiled, x)
    at_once = model_run.run_model(dataclasses.replace(board, flash_waits=None), compiled, x)
    assert at_once.waits == 0 and "not counted" in str(at_once)
    assert waiting.instructions == at_once.instructions
    assert waiting.cycles == at_once.cycles + waiting.waits
    assert np.array_equal(waiting.outputs, at_once.outputs)
    assert waiting.waits >= sum(layer.waits for layer in waiting.layers) > 0.03 * waiting.cycles
    assert f"{waiting.waits:,} of {waiting.cycles:,} cycles" in " ".join(str(waiting).split())


def words_counted_twice(compiled) -> tuple[int, int]:
    """Words of flash that an inference reads: as flash.c finds them by registers, and one by one as
    the emulator sees them."""
    board = tk.boards["nano33ble"]
    program = model_run._built(board, compiled)
    fast = Machine(program, board.stack, flash=ONLY_READS)
    slow = Machine(program, board.stack)
    slow.count_every_read()
    for machine in (fast, slow):
        machine.call("_ZN5model6invokeEv")
    return fast.waits // ONLY_READS.read, slow.counter.flash_reads


def test_reads_found_by_registers_are_those_that_happen(small_tiny, picture_tiny):
    """But for addresses that a block multiplies itself: a few words in a hundred."""
    for tiny in (small_tiny, picture_tiny):
        found, happened = words_counted_twice(tk.compile(tiny))
        assert 0.96 * happened <= found <= 1.01 * happened


@pytest.mark.slow
def test_so_are_those_of_real_models(real_models):
    for path in sorted(real_models.glob("*.tflite")):
        found, happened = words_counted_twice(tk.compile(path))
        assert 0.98 * happened <= found <= 1.01 * happened, path.name


def test_a_correction_multiplies_cycles_and_leaves_instructions():
    text = nops_in_a_loop(64, 1000)
    plain = executed(text, WAITS)
    slower = executed(text, WAITS, correction=1.25)
    assert slower.instructions == plain.instructions
    assert slower.cycles == pytest.approx(1.25 * plain.cycles, abs=2)
