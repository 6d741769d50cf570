"""The Arduino libraries that sketches need: name, version and main header, in one table.

Sensors, exported sketches, the capture sketches' sketch.yaml and the stand-in headers of the tests
are held to it. A version is raised here only after a build with the real library: a main header may
change its name with it, as Chirale's did (TensorFlowLite.h until 1.1.0).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A library of Arduino's Library Manager.

    Attributes:
        name: as the Library Manager spells it.
        version: the one that was built with.
        header: what a sketch includes of it.
    """

    name: str
    version: str
    header: str

    def __str__(self) -> str:
        """As sketch.yaml pins it: "Arduino_LSM9DS1 (1.1.1)"."""
        return f"{self.name} ({self.version})"


LSM9DS1 = Library("Arduino_LSM9DS1", "1.1.1", "Arduino_LSM9DS1.h")
BMI270_BMM150 = Library("Arduino_BMI270_BMM150", "1.2.3", "Arduino_BMI270_BMM150.h")
OV767X = Library("Arduino_OV767X", "0.0.2", "Arduino_OV767X.h")
# The library's name has a capital L that its header lacks.
TFLM = Library("Chirale_TensorFLowLite", "2.0.0", "Chirale_TensorFlowLite.h")
LIBRARIES = (LSM9DS1, BMI270_BMM150, OV767X, TFLM)
