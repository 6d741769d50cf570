"""Front ends: from samples to what a network sees. Each has a C++ twin in arduino/TinyKit/src."""

from tinykit.features.audio import LogMel
from tinykit.features.image import Picture, from_camera
from tinykit.features.motion import Motion

__all__ = ["LogMel", "Motion", "Picture", "from_camera"]
