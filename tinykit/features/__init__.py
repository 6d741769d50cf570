"""Front ends: from what a sensor gives to what a network sees. Each has a twin in C++."""

from tinykit.features.audio import LogMel

__all__ = ["LogMel"]
