"""From a network that sees a whole window to one that is given each frame once. Lesson 08.

A keyword network without padding along time computes the same rows again and again: when one frame
more is heard, each layer's rows are those of before, moved up by one, and one new row. Its
streaming form keeps the last rows that each layer needs and computes the new row alone. The same
kernels run on the same numbers, so the scores are the same bytes, once a window has been heard.

Others stream so, too: O. Rybakov et al. 2020, "Streaming keyword spotting on mobile devices"
(arXiv:2005.06720), and microWakeWord's models, which ESPHome runs. They convert the network a
second time; here the int8 file itself is rewritten, and no scale changes.
"""

from tinykit.quantization.streaming.form import streaming_form

__all__ = ["streaming_form"]
