"""Bundled data, public data sets and your own recordings, loaded as splits by speaker."""

from tinykit.datasets.audio import AudioDataset
from tinykit.datasets.clips import load_clip
from tinykit.datasets.dataset import Split
from tinykit.datasets.downloads import PUBLIC, download
from tinykit.datasets.gestures import gesture_recognition
from tinykit.datasets.motion import MotionDataset, Recording
from tinykit.datasets.motion_files import load_motion
from tinykit.datasets.motion_scenes import motion_scene
from tinykit.datasets.scenes import scene
from tinykit.datasets.speech_commands import keyword_spotting
from tinykit.datasets.tones import tone, tones

__all__ = [
    "PUBLIC",
    "AudioDataset",
    "MotionDataset",
    "Recording",
    "Split",
    "download",
    "gesture_recognition",
    "keyword_spotting",
    "load_clip",
    "load_motion",
    "motion_scene",
    "scene",
    "tone",
    "tones",
]
