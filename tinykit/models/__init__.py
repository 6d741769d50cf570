"""The small networks of the course, a file a kind of data.

TensorFlow is imported when a model is made, not before: `import tinykit` stays cheap.
"""

from tinykit.models.audio import band_cnn, ds_cnn, stream_cnn
from tinykit.models.costs import separable_costs
from tinykit.models.image import mobilenet
from tinykit.models.motion import gesture_cnn

__all__ = ["band_cnn", "ds_cnn", "gesture_cnn", "mobilenet", "separable_costs", "stream_cnn"]
