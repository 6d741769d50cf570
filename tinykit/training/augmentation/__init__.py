"""Ever new variations of the training examples, a file a kind of data."""

from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.training.augmentation.audio import Augmentation
from tinykit.training.augmentation.image import ImageAugmentation
from tinykit.training.augmentation.motion import MotionAugmentation

#: Each has `batch(data, chosen, frontend, random)`: features of changed copies of the chosen
#: training examples, float32 (n, *frontend.shape), and masks, uint8 (n, height, width), or None.
BY_KIND = {AUDIO: Augmentation, MOTION: MotionAugmentation, IMAGE: ImageAugmentation}

__all__ = ["BY_KIND", "Augmentation", "ImageAugmentation", "MotionAugmentation"]
