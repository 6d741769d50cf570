"""Front ends: from samples to what a network sees. Each has a C++ twin in arduino/TinyKit/src."""

from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.features.audio import LogMel
from tinykit.features.frontend import FrontEnd
from tinykit.features.image import Picture, from_camera
from tinykit.features.motion import Motion

BY_KIND = {AUDIO: LogMel, MOTION: Motion, IMAGE: Picture}

__all__ = ["BY_KIND", "FrontEnd", "LogMel", "Motion", "Picture", "from_camera"]
