"""Profiles of the boards the kit exports to.

Flash, RAM and clock are the manufacturers' numbers: what a sketch may use, as the core's boards.txt
says. What the core itself takes is an estimate, read off compiler output of an (almost) empty
sketch, published or our own; speed is an estimate, too, and each profile says what it rests on.
"""

from dataclasses import dataclass

from tinykit.board.sensors import MOTION_SENSORS
from tinykit.common.errors import TinykitError


@dataclass(frozen=True)
class FlashWaits:
    """How long a processor waits for its flash memory (tinykit/board/virtual/flash.c says why).

    Attributes:
        fetch: cycles for a line of instructions that is not in the cache.
        read: cycles for a word that is read as data.
        cache_bytes: size of the instruction cache, two lines a set.
        line_bytes: size of a line in it.
    """

    fetch: int
    read: int
    cache_bytes: int
    line_bytes: int


@dataclass(frozen=True)
class Board:
    """One board: what its data sheet says, and how a sketch reaches its parts.

    Attributes:
        name: short name, as in `boards` and on the command line.
        title: full name.
        processor: processor core.
        clock: Hz.
        flash: bytes a sketch may fill.
        ram: bytes of RAM a sketch may use, the core's own part included.
        fqbn: "fully qualified board name" for arduino-cli.
        core: Arduino core (platform) and `core_version` its pinned version.
        core_url: extra Boards Manager address, or "" for Arduino's own cores.
        core_flash, core_ram: bytes the core takes (estimate), without the stack.
        stack: bytes the core reserves for the stack of setup() and loop().
        flash_waits: how long the processor waits for its flash; None where nothing is published
            that an estimate could rest on, or where `slowdown` holds it: no waits are counted.
        slowdown: clock cycles of a compiled model, in those of the Cortex-M4F whose flash answers
            at once (estimate).
        tflm_cycles_per_mac: clock cycles per multiply-accumulate under TFLM (estimate).
        frame_cycles: clock cycles for each frame of 512 samples besides the network: microphone,
            ring of samples, front end (estimate).
        microphone: a name in `sensors.MICROPHONES`.
        imu: motion sensor, or "" when the board has none.
        camera: camera chip, or ""; the Nano 33 BLE Sense's is on the Tiny Machine Learning shield.
        led_pins: Arduino pin names, one per colour.
        led_on: level that lights them, "LOW" or "HIGH".
        boot: how to start its boot loader by hand when an upload fails; for the sketch's README.
        needs_udev: whether Linux lets only root upload until the core's script has been run.
        sources: where the numbers come from.
    """

    name: str
    title: str
    processor: str
    clock: int
    flash: int
    ram: int
    fqbn: str
    core: str
    core_version: str
    core_url: str
    core_flash: int
    core_ram: int
    stack: int
    flash_waits: FlashWaits | None
    slowdown: float
    tflm_cycles_per_mac: float
    frame_cycles: int
    microphone: str
    imu: str
    camera: str
    led_pins: tuple[str, ...]
    led_on: str
    boot: str
    needs_udev: bool
    sources: tuple[str, ...]

    @property
    def imu_rate(self) -> float:
        """Samples per second of the motion sensor as its Arduino library sets it, Hz; 0 without."""
        return MOTION_SENSORS[self.imu].rate if self.imu in MOTION_SENSORS else 0.0

    @property
    def has_imu(self) -> bool:
        """Whether the board can feel motion."""
        return bool(self.imu)

    @property
    def has_camera(self) -> bool:
        """Whether the board, or the shield that is sold with it, can take pictures."""
        return bool(self.camera)

    @property
    def led_type(self) -> str:
        """ "rgb" or "single"."""
        return "rgb" if len(self.led_pins) == 3 else "single"


_MBED = "https://github.com/arduino/ArduinoCore-mbed/blob/main/boards.txt"
_MBED_STACK = 32_768  # rtos.main-thread-stack-size in the core's mbed_app.json

# What the processors wait for their flash. Only the nRF52840's is emulated. The others have caches
# for instructions and data; how often those miss has not been measured, and their `slowdown` stands
# for all in which they differ from a Cortex-M4F.
_FLASH_WAITS = {
    # 2 KB for instructions alone; 3 wait states on a miss, 2 without the cache (product
    # specification, "CPU" and "NVMC"); 16 bytes a line: an assumption, as in the nRF5340
    "nRF52840": FlashWaits(fetch=3, read=2, cache_bytes=2048, line_bytes=16),
    "STM32H747": None,  # Cortex-M7: 16 KB each for instructions and data (ST, DS12930)
    "RP2040": None,  # 16 KB for both, before an external flash chip (RP2040 data sheet, 2.6.3)
    "ESP32-S3": None,  # 16 or 32 KB and 32 or 64 KB, likewise (technical reference manual, 4)
}

_NANO33BLE = {
    "processor": "Cortex-M4F (nRF52840)",
    "clock": 64_000_000,
    "flash": 983_040,  # 1 MB less the boot loader
    "ram": 262_144,
    "fqbn": "arduino:mbed_nano:nano33ble",
    "core": "arduino:mbed_nano",
    "core_version": "4.4.1",
    "core_url": "",
    "core_flash": 85_328,  # an empty sketch
    "core_ram": 44_552 - _MBED_STACK,
    "stack": _MBED_STACK,
    "flash_waits": _FLASH_WAITS["nRF52840"],
    "slowdown": 1.0,
    # MLPerf Tiny keyword spotting, microTVM + CMSIS-NN on a Cortex-M4: 12.0 M cycles, 2.66 M MACs
    "tflm_cycles_per_mac": 4.5,
    # counted on the virtual board, compiled for size as Arduino does: all that listening takes
    "frame_cycles": 85_000,
    "microphone": "nRF52 PDM",
    "camera": "OV7675",
    "led_pins": ("LEDG", "LEDR", "LEDB"),
    "led_on": "LOW",
    "boot": "double-tap the reset button; the orange LED glows and fades",
    "needs_udev": False,
    "sources": (
        "https://docs.arduino.cc/hardware/nano-33-ble-sense",
        "https://docs.arduino.cc/hardware/nano-33-ble-sense-rev2",
        "https://github.com/arduino-libraries/Arduino_OV767X",
        _MBED,
        "https://mlcommons.org/benchmarks/inference-tiny/",
        "https://infocenter.nordicsemi.com/topic/ps_nrf52840/cpu.html",
        "https://infocenter.nordicsemi.com/topic/ps_nrf52840/nvmc.html",
    ),
}

_ALL = [
    Board(
        name="nano33ble",
        title="Arduino Nano 33 BLE Sense",
        imu="LSM9DS1",
        **_NANO33BLE,
    ),
    Board(
        name="nano33ble_rev2",
        title="Arduino Nano 33 BLE Sense Rev2",
        imu="BMI270_BMM150",
        **_NANO33BLE,
    ),
    Board(
        name="nicla_vision",
        title="Arduino Nicla Vision",
        processor="Cortex-M7 (STM32H747)",
        clock=480_000_000,
        flash=1_966_080,
        ram=523_624,
        fqbn="arduino:mbed_nicla:nicla_vision",
        core="arduino:mbed_nicla",
        core_version="4.4.1",
        core_url="",
        core_flash=171_520,  # a small sketch on the same chip
        core_ram=65_120 - _MBED_STACK,
        stack=_MBED_STACK,
        flash_waits=_FLASH_WAITS["STM32H747"],
        slowdown=2 / 3,  # no measurement: for its dual issue
        tflm_cycles_per_mac=3.0,  # likewise
        frame_cycles=50_000,
        microphone="STM32H7 PDM",
        imu="LSM6DSOX",
        camera="GC2145",
        led_pins=("LEDG", "LEDR", "LEDB"),
        led_on="LOW",
        boot="double-tap the reset button; the green LED glows and fades",
        needs_udev=True,
        sources=("https://docs.arduino.cc/hardware/nicla-vision", _MBED),
    ),
    Board(
        name="nano_rp2040",
        title="Arduino Nano RP2040 Connect",
        processor="Cortex-M0+ (RP2040)",
        clock=133_000_000,
        flash=16_777_216,
        ram=270_336,
        fqbn="arduino:mbed_nano:nanorp2040connect",
        core="arduino:mbed_nano",
        core_version="4.4.1",
        core_url="",
        core_flash=112_214,  # a small sketch
        core_ram=43_448 - _MBED_STACK,  # an empty sketch, linked with the core
        stack=_MBED_STACK,
        flash_waits=_FLASH_WAITS["RP2040"],
        slowdown=8.0,  # instructions counted, compiled for the Cortex-M0+, which has no SIMD
        tflm_cycles_per_mac=25.0,  # no measurement: as reference kernels on a Cortex-M4
        frame_cycles=1_400_000,  # counted likewise: floating point in software
        microphone="RP2040 PDM",
        imu="LSM6DSOX",
        camera="",
        led_pins=("LED_BUILTIN",),  # the RGB LED hangs on the radio module and needs its firmware
        led_on="HIGH",
        boot="double-tap the reset button; a drive, RPI-RP2, appears (if not, join the pins REC "
        "and GND while you press it once)",
        needs_udev=True,
        sources=("https://docs.arduino.cc/hardware/nano-rp2040-connect", _MBED),
    ),
    Board(
        name="xiao_esp32s3",
        title="Seeed Studio XIAO ESP32S3 Sense",
        processor="Xtensa LX7 (ESP32-S3)",
        clock=240_000_000,
        flash=3_342_336,  # application partition of the 8 MB flash
        ram=327_680,
        fqbn="esp32:esp32:XIAO_ESP32S3",
        core="esp32:esp32",
        core_version="3.3.11",
        core_url="https://espressif.github.io/arduino-esp32/package_esp32_index.json",
        core_flash=303_164,  # a small sketch
        core_ram=20_316 + 32_768,  # what it reports, and the heap of FreeRTOS and the I2S driver
        stack=8_192,  # loop()'s task, from the heap
        flash_waits=_FLASH_WAITS["ESP32-S3"],
        slowdown=7.0,  # no measurement: no SIMD in plain C++
        # 2300 ms for 7.2 M MACs at 240 MHz: Espressif's person detection without ESP-NN
        tflm_cycles_per_mac=77.0,
        frame_cycles=100_000,
        microphone="ESP32 I2S",
        imu="",
        camera="OV2640",
        led_pins=("LED_BUILTIN",),
        led_on="LOW",
        boot="hold the button B (boot) down while you press and release R (reset)",
        needs_udev=False,
        sources=(
            "https://wiki.seeedstudio.com/xiao_esp32s3_getting_started/",
            "https://github.com/espressif/arduino-esp32/blob/master/boards.txt",
            "https://github.com/espressif/esp-tflite-micro#performance-comparison",
        ),
    ),
]

boards: dict[str, Board] = {board.name: board for board in _ALL}


def find_board(board: "str | Board") -> Board:
    """The profile of that name; a Board is returned as it is.

    Raises TinykitError naming the boards there are.
    """
    if isinstance(board, Board):
        return board
    if board not in boards:
        raise TinykitError(f'There is no board "{board}". Choose one of: {", ".join(boards)}.')
    return boards[board]
