"""Bundled data, public data sets and your own recordings, loaded as splits by speaker."""

from tinykit.datasets.audio import AudioDataset, keyword_spotting
from tinykit.datasets.dataset import Split
from tinykit.datasets.downloads import PUBLIC, download
from tinykit.datasets.files.audio import load_clip
from tinykit.datasets.files.image import IMAGE_SUFFIXES, load_image
from tinykit.datasets.files.motion import Recording, load_motion
from tinykit.datasets.image import ImageDataset, PictureSplit, visual_wake_words
from tinykit.datasets.motion import MotionDataset, gesture_recognition
from tinykit.datasets.scenes.audio import scene
from tinykit.datasets.scenes.image import picture_scene
from tinykit.datasets.scenes.motion import motion_scene
from tinykit.datasets.tones import tone, tones

__all__ = [
    "IMAGE_SUFFIXES",
    "PUBLIC",
    "AudioDataset",
    "ImageDataset",
    "MotionDataset",
    "PictureSplit",
    "Recording",
    "Split",
    "download",
    "gesture_recognition",
    "keyword_spotting",
    "load_clip",
    "load_image",
    "load_motion",
    "motion_scene",
    "picture_scene",
    "scene",
    "tone",
    "tones",
    "visual_wake_words",
]
