"""From a stream of scores to decisions, a file a kind of data; the C++ twins are in TinyKit/src."""

from tinykit.streaming.audio import KeywordDecider
from tinykit.streaming.image import FrameDecider
from tinykit.streaming.motion import MotionDecider
from tinykit.streaming.result import Stream
from tinykit.streaming.score import score
from tinykit.streaming.stream import stream

__all__ = ["FrameDecider", "KeywordDecider", "MotionDecider", "Stream", "score", "stream"]
