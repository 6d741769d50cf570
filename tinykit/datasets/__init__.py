"""Bundled data, public data sets and your own recordings, loaded as splits by speaker."""

from tinykit.datasets.audio import AudioDataset, Split
from tinykit.datasets.clips import load_clip
from tinykit.datasets.downloads import PUBLIC, download
from tinykit.datasets.scenes import scene
from tinykit.datasets.speech_commands import keyword_spotting
from tinykit.datasets.tones import tone, tones

__all__ = [
    "PUBLIC",
    "AudioDataset",
    "Split",
    "download",
    "keyword_spotting",
    "load_clip",
    "scene",
    "tone",
    "tones",
]
