"""The processor: a Cortex-M4F that executes a program from flash, with a clock that counts cycles.

Unicorn (a library made from QEMU) executes the instructions; counter.c counts them. The memory map
is the nRF52840's (product specification, chapter "Memory"): flash from 0, RAM from 0x20000000,
peripherals from 0x40000000. The stack lies at the very bottom of RAM, with nothing below it, so a
stack that grows too large is noticed at once instead of eating the variables.
"""

import ctypes
from collections.abc import Callable

import numpy as np

from tinykit.board.profiles import FlashWaits
from tinykit.board.virtual import counter as counting
from tinykit.board.virtual import toolchain
from tinykit.board.virtual.program import FLASH_START, RAM_START, Program

PAGE = 0x1000
CLOCK_ADDRESS = 0x4000_0000
DOORS_ADDRESS = 0x4000_1000
STACK_PAINT = 0xA5
FOREVER = 2**63
# Exception entry and return on a Cortex-M4, 12 cycles each (ARM DDI 0439, section 3.9.1)
INTERRUPT_CYCLES = 24
_FRAME_BYTES = 104  # what the processor saves for an interrupt when the FPU is in use
_CALL_ROOM = 65_536


class MachineError(Exception):
    """The processor could not go on. `kind` is what happened, `address` the one it touched."""

    def __init__(self, kind: str, address: int, pc: int) -> None:
        super().__init__(f"{kind} at address {address:#010x}, instruction {pc:#010x}")
        self.kind = kind
        self.address = address
        self.pc = pc
        self.frames: tuple = ()  # a backtrace, where one was taken at once


class Machine:
    """A board's processor with one program in its flash.

    Args:
        program: what to execute.
        stack_bytes: size of the stack, a multiple of 4096.
        clock_hz: cycles per second of the processor.
        flash: how long it waits for its flash; None for a flash that answers at once.
        correction: what all estimated cycles are multiplied by, see `tinykit.board.corrections`.
        on_read, on_write: the doors to the outside: called with the byte offset of a register (and
            the value) when the program reads or writes it.
    """

    def __init__(
        self,
        program: Program,
        stack_bytes: int,
        clock_hz: int = 64_000_000,
        flash: FlashWaits | None = None,
        correction: float = 1.0,
        on_read: Callable[[int], int] | None = None,
        on_write: Callable[[int, int], None] | None = None,
    ) -> None:
        toolchain.require("unicorn", "The virtual board")
        import unicorn
        from unicorn import arm_const

        self.program = program
        self.clock_hz = clock_hz
        self.stack_top = RAM_START + stack_bytes
        self._registers = arm_const
        self._engine = unicorn.Uc(
            unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
        )
        self._engine.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)

        flash_end = max(s.address + s.size for s in program.sections if s.address < RAM_START)
        ram_end = max([self.stack_top, *(s.address + s.size for s in program.sections)])
        if program.uses_heap:
            ram_end = program.symbols["boardHeapEnd"]
        read, write, execute = unicorn.UC_PROT_READ, unicorn.UC_PROT_WRITE, unicorn.UC_PROT_EXEC
        self._flash = self._mapped(FLASH_START, flash_end - FLASH_START, read | execute)
        self.ram = self._mapped(RAM_START, ram_end - RAM_START, read | write)
        self._clock_page = self._mapped(CLOCK_ADDRESS, PAGE, read | write)
        self.clock = self._clock_page[: counting.CLOCK.itemsize].view(counting.CLOCK)[0:1]
        if on_read and on_write:
            self.map_registers(DOORS_ADDRESS, on_read, on_write)
        self._engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._note_invalid_access)
        self._invalid: tuple[str, int, int] | None = None
        self._load()
        self._attach_counter(flash)
        self.counter.correction = round(correction * counting.ONE)

    def _mapped(self, address: int, size: int, permissions: int) -> np.ndarray:
        """Give the processor `size` bytes of memory at `address`; returns them as an array."""
        size = -(-size // PAGE) * PAGE
        memory = np.zeros(size + PAGE, np.uint8)
        shift = -memory.ctypes.data % PAGE
        memory = memory[shift : shift + size]
        self._engine.mem_map_ptr(address, size, permissions, memory.ctypes.data)
        return memory

    def map_registers(
        self, address: int, on_read: Callable[[int], int], on_write: Callable[[int, int], None]
    ) -> None:
        """Answer for a page of registers: `on_read(offset)`, `on_write(offset, value)`."""
        self._engine.mmio_map(
            address,
            PAGE,
            lambda _, offset, size, data: on_read(offset),
            None,
            lambda _, offset, size, value, data: on_write(offset, value),
            None,
        )

    def _load(self) -> None:
        """Copy the program into memory and paint the stack, to see later how deep it went."""
        self.repaint_stack()
        for section in self.program.sections:
            if section.data:
                self.memory(section.address, section.size)[:] = np.frombuffer(
                    section.data, np.uint8
                )

    def repaint_stack(self) -> None:
        """Forget how deep the stack went; only while no function is being executed."""
        self.ram[: self.stack_top - RAM_START] = STACK_PAINT

    def watch_loop(self) -> None:
        """Skip the time in which loop() only waits (endLoop in counter.c)."""
        start = self.stack_top - RAM_START
        self._snapshot = np.zeros(self.ram.size - start, np.uint8)
        self.counter.variables = self.ram[start:].ctypes.data
        self.counter.variable_bytes = self._snapshot.size
        self.counter.snapshot = self._snapshot.ctypes.data
        self.set_role("boardLoopEnd", counting.LOOP_END)
        self.set_role("boardWait", counting.WAIT)

    def _attach_counter(self, waits: FlashWaits | None) -> None:
        from unicorn import UC_HOOK_BLOCK
        from unicorn.unicorn_py3.unicorn import uclib

        self.blocks = np.zeros(self._flash.size // 2, counting.BLOCK)
        self._calls = np.zeros(_CALL_ROOM, counting.CALL)
        address_of = ctypes.cast
        handle = self._engine._uch
        self.counter = counting.Counter(
            engine=handle,
            stop=address_of(uclib.uc_emu_stop, ctypes.c_void_p),
            read_register=address_of(uclib.uc_reg_read, ctypes.c_void_p),
            flash=self._flash.ctypes.data,
            ram=self.ram.ctypes.data,
            flash_start=FLASH_START,
            flash_bytes=self._flash.size,
            ram_start=RAM_START,
            ram_bytes=self.ram.size,
            blocks=self.blocks.ctypes.data,
            clock=self._clock_page.ctypes.data,
            deadline=FOREVER,
            calls=self._calls.ctypes.data,
            call_room=_CALL_ROOM,
            cycles_per_tick=self.clock_hz // 1000,
        )
        if waits:
            self._reads = np.zeros(self._flash.size // 2, counting.READ)
            self.counter.fetch_wait, self.counter.read_wait = waits.fetch, waits.read
            self.counter.line_shift = waits.line_bytes.bit_length() - 1
            self.counter.sets = waits.cache_bytes // waits.line_bytes // counting.WAYS
            self.counter.reads = self._reads.ctypes.data
            self.counter.read_room = self._reads.size
        self._add_native_hook(UC_HOOK_BLOCK, counting.library().countBlock)

    def count_every_read(self) -> None:
        """From now on, count in `counter.flash_reads` the words that are read from flash.

        The emulator looks at every access for that: four times slower, so this is for tests.
        """
        from unicorn import UC_HOOK_MEM_READ

        end = FLASH_START + self._flash.size
        self._add_native_hook(UC_HOOK_MEM_READ, counting.library().countRead, FLASH_START, end)

    def refuse_unaligned(self) -> None:
        """From now on, raise at accesses that the emulator allows and the real processor does not.

        LDRD, LDM, VLDR and the like want multiples of 4. To look at every access makes execution
        20 times slower, so this is for tests.
        """
        from unicorn import UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE

        kinds = UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE
        self._add_native_hook(kinds, counting.library().checkAccess)

    def _add_native_hook(self, kind: int, function: object, begin: int = 1, end: int = 0) -> None:
        """Have the emulator call a native function; from 1 to 0 means everywhere."""
        from unicorn.unicorn_py3.unicorn import uclib

        status = uclib.uc_hook_add(
            self._engine._uch,
            ctypes.byref(ctypes.c_size_t()),
            kind,
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.byref(self.counter),
            ctypes.c_uint64(begin),
            ctypes.c_uint64(end),
        )
        if status:
            raise RuntimeError(f"Unicorn cannot call the block counter (error {status})")

    # -- memory

    def memory(self, address: int, size: int) -> np.ndarray:
        """`size` bytes of the board's memory at `address`, as a view (uint8): writing changes it.

        Raises MachineError when the board has no memory there.
        """
        for start, memory in ((FLASH_START, self._flash), (RAM_START, self.ram)):
            if start <= address and address + size <= start + memory.size:
                return memory[address - start : address - start + size]
        raise MachineError("no memory", address, self.pc)

    def text(self, address: int, limit: int = 4096) -> str:
        """The C string at `address`."""
        letters = bytearray()
        while len(letters) < limit:
            letter = int(self.memory(address + len(letters), 1)[0])
            if not letter:
                break
            letters.append(letter)
        return letters.decode("utf-8", "replace")

    @property
    def stack_depth(self) -> int:
        """Bytes of stack used so far, at the deepest that was written to."""
        stack = self.ram[: self.stack_top - RAM_START]
        touched = np.flatnonzero(stack != STACK_PAINT)
        return 0 if touched.size == 0 else stack.size - int(touched[0])

    # -- counters

    @property
    def cycles(self) -> int:
        """Cycles since the start, idle ones included (an estimate: counter.c has the model)."""
        return int(self.clock["cycles"][0])

    @property
    def seconds(self) -> float:
        """Time on the board's clock."""
        return self.cycles / self.clock_hz

    @property
    def instructions(self) -> int:
        """Instructions executed since the start."""
        return self.counter.instructions

    @property
    def waits(self) -> int:
        """How many of the cycles the processor has waited for its flash (flash.c)."""
        return self.counter.waits

    @property
    def calls(self) -> np.ndarray:
        """Finished calls of marked functions, in the order of their returns (counting.CALL)."""
        return self._calls[: self.counter.call_count]

    def forget_calls(self) -> None:
        """Empty `calls`."""
        self.counter.call_count = 0

    def mark(self, address: int, number: int) -> None:
        """Measure every call of the function at `address`; `number` is its mark in `calls`."""
        block = self.blocks[(address - FLASH_START) // 2 :][:1]
        block["role"] |= counting.MARKED_FUNCTION
        block["mark"] = number

    def set_role(self, name: str, role: int) -> None:
        """Give the first block of a C function a role (counter.c)."""
        address = self.program.symbols[name] & ~1
        self.blocks[(address - FLASH_START) // 2 :][:1]["role"] |= role

    # -- execution

    @property
    def pc(self) -> int:
        """Address of the next instruction."""
        return self._engine.reg_read(self._registers.UC_ARM_REG_PC)

    @property
    def stack_pointer(self) -> int:
        """Address of the last word that was pushed."""
        return self._engine.reg_read(self._registers.UC_ARM_REG_SP)

    @property
    def registers(self) -> list[int]:
        """r0 to r15."""
        names = [*(f"R{number}" for number in range(13)), "SP", "LR", "PC"]
        return [
            self._engine.reg_read(getattr(self._registers, f"UC_ARM_REG_{name}")) for name in names
        ]

    def call(self, name: str, argument: int = 0) -> int:
        """Call a C function from outside, which takes one int or nothing; returns r0."""
        self.begin(name)
        self._engine.reg_write(self._registers.UC_ARM_REG_R0, argument)
        self.run()
        return self._engine.reg_read(self._registers.UC_ARM_REG_R0)

    def begin(self, name: str) -> None:
        """Make ready to execute a C function on an empty stack."""
        self._engine.reg_write(self._registers.UC_ARM_REG_SP, self.stack_top)
        self._engine.reg_write(self._registers.UC_ARM_REG_LR, self.exit | 1)
        self._resume_at = self.program.symbols[name] & ~1
        self.counter.before = None

    @property
    def exit(self) -> int:
        """Where functions that were called from outside return to."""
        return self.program.symbols["boardExit"] & ~1

    def run(self, deadline: int = FOREVER) -> bool:
        """Go on executing until the clock reaches `deadline` (cycles).

        Returns False when the function that `begin` named has returned before that. Raises
        MachineError.
        """
        from unicorn import UcError

        self.counter.deadline = deadline
        self._invalid = None
        try:
            self._engine.emu_start(self._resume_at | 1, self.exit)
        except UcError:
            kind, address, pc = self._invalid or ("undefined instruction", self.pc, self.pc)
            raise MachineError(kind, address, pc) from None
        self._resume_at = self.pc
        if self.counter.unaligned_pc:
            raise MachineError(
                "unaligned", self.counter.unaligned_address, self.counter.unaligned_pc
            )
        if self.counter.read_room and self.counter.read_count == self.counter.read_room:
            raise RuntimeError("The virtual board has no room for all the reads of a program.")
        if self._resume_at != self.exit:
            return True
        counting.library().countEnd(ctypes.byref(self.counter), self.exit)
        return False

    def interrupt(self, handler: int) -> None:
        """Execute the interrupt handler at an address now, between two instructions, and come back.

        Raises MachineError, also when it does not come back within a second.
        """
        registers = self._registers
        saved = self._engine.context_save()
        before, following = self.counter.before, self.counter.next
        resume_at, deadline = self._resume_at, self.counter.deadline
        before_it = (self.instructions, self.cycles, self.waits)

        stack = self._engine.reg_read(registers.UC_ARM_REG_SP)
        self._engine.reg_write(registers.UC_ARM_REG_SP, (stack - _FRAME_BYTES) & ~7)
        self._engine.reg_write(registers.UC_ARM_REG_LR, self.exit | 1)
        self._resume_at = handler & ~1
        self.counter.before = None
        self.clock["cycles"] += INTERRUPT_CYCLES
        limit = self.cycles + self.clock_hz
        while self.run(limit):
            if self.cycles >= limit:
                raise MachineError("endless interrupt", 0, self.pc)

        self._engine.context_restore(saved)
        self._resume_at = resume_at
        self.counter.before, self.counter.next = before, following
        self.counter.deadline = deadline
        interrupts = self.counter.interrupts
        interrupts.instructions += self.instructions - before_it[0]
        interrupts.cycles += self.cycles - before_it[1]
        interrupts.waits += self.waits - before_it[2]

    def _note_invalid_access(self, engine, access, address, size, value, data) -> bool:
        from unicorn import unicorn_const as const

        kinds = {
            const.UC_MEM_READ_UNMAPPED: "read",
            const.UC_MEM_READ_PROT: "read",
            const.UC_MEM_WRITE_UNMAPPED: "write",
            const.UC_MEM_WRITE_PROT: "write",
            const.UC_MEM_FETCH_UNMAPPED: "jump",
            const.UC_MEM_FETCH_PROT: "jump",
        }
        self._invalid = (kinds.get(access, "access"), address, self.pc)
        return False
