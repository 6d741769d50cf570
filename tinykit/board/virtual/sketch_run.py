"""Runs a sketch on the virtual board: setup(), then loop() again and again, devices around it."""

from tinykit.board.corrections import saved_correction
from tinykit.board.profiles import Board
from tinykit.board.virtual.backtrace import backtrace
from tinykit.board.virtual.board_run import BoardRun, Fault, Inference, own_frame
from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.counter import ONE
from tinykit.board.virtual.devices.cycle_counter import registers_of
from tinykit.board.virtual.devices.devices import Devices
from tinykit.board.virtual.explanations import why_it_does_not_compile, why_it_stopped
from tinykit.board.virtual.functions import function_totals
from tinykit.board.virtual.machine import Machine, MachineError
from tinykit.board.virtual.program import Program
from tinykit.board.virtual.sketch import read_sketch
from tinykit.board.virtual.toolchain import CompileError
from tinykit.common.errors import TinykitError

_CORE = (
    *("arduino.cpp", "print.cpp", "printf.cpp", "stream.cpp", "string.cpp", "heap.cpp"),
    *("pdm.cpp", "imu.cpp", "camera.cpp"),
)
# As the real core defines them for every source file, whether it includes Arduino.h or not.
_DEFINES = (
    *("-DARDUINO=10819", "-DARDUINO_ARDUINO_NANO33BLE", "-DARDUINO_NANO33BLE"),
    *("-DARDUINO_ARCH_MBED", "-DARDUINO_ARCH_MBED_NANO", "-DARDUINO_ARCH_NRF52840"),
)
_STUCK_SECONDS = 1.0  # without a return of loop(), or without a look at clock or outside
_LONG_WAIT = 2.0  # seconds of one loop() that are worth a note
_MOST_INTERRUPTS = 0.97  # of the time; beyond, nothing else gets on


def run_sketch(
    board: Board,
    sketch: object,
    seconds: float,
    **inputs,
) -> BoardRun:
    """Compile a sketch and run it for some time; see `VirtualBoard.run`."""
    name, files = read_sketch(sketch)
    program = _built(board, name, files)
    machine, devices = _machine(board, program, inputs)
    own = tuple(file.rsplit("/", 1)[-1].removesuffix(".cpp") for file in files)
    own += tuple(file.rsplit("/", 1)[-1] for file in files)
    execution = _Execution(machine, devices, seconds, own)
    fault = execution.run()
    devices.serial.close()
    return BoardRun(
        board=board,
        name=name,
        seconds=machine.seconds,
        serial=devices.serial.lines,
        leds=devices.pins.led_changes,
        pins=devices.pins.changes,
        instructions=machine.instructions,
        cycles=machine.cycles,
        correction=machine.counter.correction / ONE,
        busy=1 - machine.counter.idle_cycles / max(machine.cycles, 1),
        inferences=_inferences(machine),
        lost_samples=devices.microphone.lost_samples(machine.cycles),
        microphone_stopped=devices.microphone.stopped_at,
        lost_motion=devices.motion.lost,
        pictures=devices.camera.taken,
        static_bytes=program.static_bytes,
        stack_bytes=machine.stack_depth,
        flash_bytes=program.flash_bytes,
        functions=function_totals(machine),
        fault=fault,
        notes=tuple(execution.notes),
    )


def _built(board: Board, name: str, files: dict[str, str]) -> Program:
    memory = Memory(board.flash - board.core_flash, board.ram - board.core_ram, board.stack)
    revision = ["-DBOARD_REV2"] if board.name.endswith("rev2") else []
    try:
        return build(
            files,
            memory,
            roots=["boardSetup", "boardLoop", "boardWait", "boardLoopEnd"],
            core=_CORE,
            flags=["-Werror=return-type", *_DEFINES, *revision],
        )
    except CompileError as error:
        raise TinykitError(why_it_does_not_compile(error.messages, name, board)) from error


def _machine(board: Board, program: Program, inputs: dict) -> tuple[Machine, Devices]:
    devices: Devices
    machine = Machine(
        program,
        board.stack,
        board.clock,
        board.flash_waits,
        saved_correction(board),
        on_read=lambda offset: devices.read(offset),
        on_write=lambda offset, value: devices.write(offset, value),
    )
    devices = Devices(machine, **inputs)
    for page, registers in registers_of(machine).items():
        machine.map_registers(page, registers.read, registers.write)
    machine.watch_loop()
    for function in program.functions:
        if function.name == "model::invoke":
            machine.mark(function.address, 0)
    return machine, devices


def _inferences(machine: Machine) -> list[Inference]:
    return [
        Inference(start / machine.clock_hz, instructions, cycles)
        for start, instructions, cycles, *_ in machine.calls.tolist()
    ]


class _Execution:
    """One run: setup(), loop() and interrupts, until the time is over or something goes wrong."""

    def __init__(
        self, machine: Machine, devices: Devices, seconds: float, own_files: tuple[str, ...]
    ) -> None:
        self._machine = machine
        self._devices = devices
        self._end = round(seconds * machine.clock_hz)
        self._own_files = own_files
        self.notes: list[str] = []
        self._last_look = 0  # cycles: the sketch looked at the clock or outside, or slept
        self._loop_start = 0  # of the call of loop() (or setup()) that is being executed, and
        self._interrupts_before = 0  # the interrupts' cycles until then

    def run(self) -> Fault | None:
        """Returns why it went wrong, or None."""
        machine = self._machine
        try:
            machine.begin("boardConstruct")
            if not self._finished():
                return self._fault("The constructor of a global object has not returned.")
            machine.begin("boardSetup")
            if not self._finished():
                return self._unreturned("setup()")
            machine.begin("boardLoop")
            machine.counter.loop_start = machine.cycles
            self._finished()
        except MachineError as fault:
            frames = fault.frames or tuple(backtrace(machine, fault.pc))
            return Fault(machine.seconds, why_it_stopped(fault, machine), frames, self._own_files)
        executed = machine.cycles - machine.counter.loop_start
        cut_short = executed < _STUCK_SECONDS * machine.clock_hz
        if cut_short or self._devices.camera.exhausted:
            return None
        return self._unreturned("loop()")

    def _finished(self) -> bool:
        """Execute until the function returns or the time is over; says whether it returned."""
        machine, devices = self._machine, self._devices
        while machine.cycles < self._end and not devices.camera.exhausted:
            soon = machine.cycles + machine.clock_hz // 4  # so that Ctrl-C gets its turn
            running = machine.run(min(self._end, devices.next_event, soon))
            if devices.problem:
                raise devices.problem
            if not running:
                return True
            self._note_progress()
            devices.deliver()
            machine.clock["looked"] = 0  # what an interrupt looks at does not count
        return False

    def _note_progress(self) -> None:
        """Note when the sketch last looked around, and where the present loop() began."""
        machine = self._machine
        if machine.clock["looked"][0]:
            self._last_look = machine.cycles
            machine.clock["looked"] = 0
        if machine.counter.loop_start != self._loop_start:
            self._loop_start = machine.counter.loop_start
            self._interrupts_before = machine.counter.interrupts.cycles

    def _unreturned(self, name: str) -> Fault | None:
        """What is to be said of setup() or loop() when it is still being executed at the end.

        One that waits is no fault: it looks at the clock or at the world outside, or sleeps.
        """
        machine = self._machine
        passed = machine.cycles - machine.counter.loop_start
        seconds = passed / machine.clock_hz
        interrupts = machine.counter.interrupts.cycles - self._interrupts_before
        if interrupts > _MOST_INTERRUPTS * passed:
            return self._fault(
                "The microphone's handler needs longer than a block of sound lasts, so nothing "
                f"else gets on: {name} has not returned for {seconds:.1f} s."
            )
        computing = machine.cycles - self._last_look
        if computing >= min(passed, _STUCK_SECONDS * machine.clock_hz):
            return self._fault(f"{name} has not returned for {seconds:.1f} s.")
        if name == "loop()" and seconds < _LONG_WAIT:
            return None
        frame = own_frame(backtrace(machine), self._own_files)
        known = frame is not None and frame.file in self._own_files
        place = f" in {frame.file}, line {frame.line}," if known else ""
        self.notes.append(f"{name} has been waiting{place} for {seconds:.1f} s")
        return None

    def _fault(self, what: str) -> Fault:
        machine = self._machine
        return Fault(machine.seconds, what, tuple(backtrace(machine)), self._own_files)
