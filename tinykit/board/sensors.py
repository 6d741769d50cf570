"""The sensors on the boards: how a sketch reads each one, and what its driver takes.

One table for the whole kit: profiles, fit check, exported sketches and virtual board read it.

RAM that was measured: a sketch of the course linked with Arduino's mbed core 4.4.1, less an empty
sketch, less what the fit check counts by itself (arena, front end, ring, frame). So it holds the
sketch's few variables, too. What the driver takes from the heap as it starts is added, as far as
its source says it; no linker sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinykit.board.libraries import BMI270_BMM150, LSM9DS1, OV767X, Library

_I2C_HEAP = 256  # the bus, which Wire makes as it starts (estimate)


@dataclass(frozen=True)
class Microphone:
    """A microphone and the part of a core that reads it.

    Attributes:
        driver: the part of arduino/TinyKit that starts it.
        ram_bytes: RAM of the driver, of Serial and of the sketch's variables; see above.
    """

    driver: str
    ram_bytes: int


@dataclass(frozen=True)
class MotionSensor:
    """A motion sensor.

    Attributes:
        rate: samples per second as its Arduino library sets it, Hz.
        header: the part of arduino/TinyKit that reads it; "" while there is none.
        library: the Arduino library below that.
        ram_bytes: RAM of its driver, of I2C and of the sketch's variables; see above.
        code_bytes: flash of its driver and of I2C, on the safe side of what was measured.
    """

    rate: float
    header: str = ""
    library: Library | None = None
    ram_bytes: int = 2_048
    code_bytes: int = 8_192

    @property
    def libraries(self) -> tuple[str, ...]:
        """Libraries with versions, as sketch.yaml pins them."""
        return (str(self.library),) if self.library else ()


@dataclass(frozen=True)
class Camera:
    """A camera.

    Attributes:
        header: the part of arduino/TinyKit that reads it.
        library: the Arduino library below that; None when it comes with the core.
        width, height: of a frame, pixels.
        gives_grey: a byte a pixel for a network without colour; else always two.
        frames: per second.
        ram_bytes: RAM of its driver, of I2C and of the sketch's variables; see above.
        code_bytes: flash of its driver (no measurement for the GC2145).
        wiring: for the sketch's README.
        remarks: for the sketch's README: what to expect of the pictures.
    """

    header: str
    library: Library | None
    width: int
    height: int
    gives_grey: bool
    frames: float
    ram_bytes: int
    code_bytes: int
    wiring: str
    remarks: str = ""

    @property
    def libraries(self) -> tuple[str, ...]:
        """Libraries with versions, as sketch.yaml pins them."""
        return (str(self.library),) if self.library else ()


#: By the name in `Board.microphone`.
MICROPHONES = {
    # Two blocks of 512 bytes are from the heap (PDMDoubleBuffer), on all three.
    "nRF52 PDM": Microphone("MicrophonePdm.cpp", ram_bytes=764 + 1_024),
    # 55,060 for PDM and Serial, of which 49,152 are a table of the filter (OpenPDMFilter), and 648.
    "RP2040 PDM": Microphone("MicrophonePdm.cpp", ram_bytes=55_060 + 648 + 1_024),
    # No measurement. As the nRF52's, but with blocks of 1,024 bytes, one of 2,048 for the DMA
    # controller and the records of three peripherals (PDM/src/nicla_vision).
    "STM32H7 PDM": Microphone("MicrophonePdm.cpp", ram_bytes=764 + 2_048 + 2_048 + 1_024),
    # No measurement. As the nRF52's, and the stack of the task that reads.
    "ESP32 I2S": Microphone("MicrophoneEsp32.cpp", ram_bytes=764 + 4_096),
}

#: By the name in `Board.imu`.
MOTION_SENSORS = {
    # 1,144 bytes of these are Wire's.
    "LSM9DS1": MotionSensor(119.0, "MotionSensorLsm9ds1.h", LSM9DS1, ram_bytes=1_256 + _I2C_HEAP),
    "BMI270_BMM150": MotionSensor(
        99.84,
        "MotionSensorBmi270.h",
        BMI270_BMM150,
        ram_bytes=1_920 + _I2C_HEAP,
        code_bytes=24_576,  # with 8 kB of firmware for the sensor
    ),
    "LSM6DSOX": MotionSensor(104.0),
}

#: By the name in `Board.camera`.
CAMERAS = {
    "OV7675": Camera(
        header="CameraOv7675.h",
        library=OV767X,
        width=160,
        height=120,
        gives_grey=True,
        frames=5,
        ram_bytes=2_056 + _I2C_HEAP,
        code_bytes=8_192,
        wiring="Put board and camera on Arduino's Tiny Machine Learning shield. Without it, wire "
        "the camera as the\nexamples of Arduino_OV767X say. The LED is on the board.",
        remarks=f"{OV767X.name} {OV767X.version}, the newest release, drives this camera, an "
        "OV7675, as an OV7670. Its pictures are\nprobably off-centre, so look at some "
        "(`arduino/capture_image` in the kit) before you aim; only the library's\nunreleased "
        "source centres them. Arduino warns that the library is for the architecture `mbed`, and "
        "your board is\n`mbed_nano`: never mind.",
    ),
    "GC2145": Camera(
        header="CameraGc2145.h",
        library=None,  # the driver comes with the core
        width=320,
        height=240,
        gives_grey=False,
        frames=30,  # asked for, not measured
        ram_bytes=4_096,  # no measurement: as the OV7675's, and the records of DMA and interface
        code_bytes=16_384,
        wiring="None. The camera and the LED are on the board.",
    ),
}


def motion_driver(imu: str) -> str:
    """The part of arduino/TinyKit that reads a motion sensor; "" when there is none."""
    return MOTION_SENSORS[imu].header if imu in MOTION_SENSORS else ""


def camera_driver(camera: str) -> str:
    """The part of arduino/TinyKit that reads a camera; "" when there is none."""
    return CAMERAS[camera].header if camera in CAMERAS else ""
