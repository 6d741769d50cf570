"""Bundled data, public data sets and your own recordings, loaded as splits by speaker."""

from tinykit.datasets.audio import AudioDataset
from tinykit.datasets.clips import load_clip
from tinykit.datasets.dataset import Split
from tinykit.datasets.downloads import PUBLIC, download
from tinykit.datasets.gestures import gesture_recognition
from tinykit.datasets.image_files import IMAGE_SUFFIXES, load_image
from tinykit.datasets.images import ImageDataset, PictureSplit
from tinykit.datasets.motion import MotionDataset, Recording
from tinykit.datasets.motion_files import load_motion
from tinykit.datasets.motion_scenes import motion_scene
from tinykit.datasets.picture_scenes import picture_scene
from tinykit.datasets.pictures import visual_wake_words
from tinykit.datasets.scenes import scene
from tinykit.datasets.speech_commands import keyword_spotting
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
