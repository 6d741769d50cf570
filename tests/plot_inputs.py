"""What the tests of figures draw: a tone, a network's numbers, what a board did."""

from types import SimpleNamespace as S

import numpy as np

from tinykit.board import boards
from tinykit.datasets import tone
from tinykit.features.audio import LogMel
from tinykit.streaming.result import Stream
from tinykit.training.loop import History

FRONTEND = LogMel()
CLIP = tone(1_000)
HISTORY = History([2.0, 1.0, 0.5], [0.3, 0.6, 0.9], [2.1, 1.2, 0.7], [0.3, 0.5, 0.8], 30.0)
SCORES = np.random.default_rng(0).dirichlet(np.ones(4), 50).astype(np.float32)
STREAM = Stream(
    ["yes", "no", "unknown", "silence"],
    np.arange(1, 21) / 10,
    (SCORES[:20] * 255).astype(np.uint8),
    SCORES[:20],
    [(0.9, "yes", 0.8), (1.7, "no", 0.75)],
)
LAYERS = S(
    layers=[
        S(name="conv_2d", op="CONV_2D", instructions=600_000, macs=500_000),
        S(name="depthwise_conv_2d", op="DEPTHWISE_CONV_2D", instructions=270_000, macs=72_000),
        S(name="softmax", op="SOFTMAX", instructions=900, macs=0),
    ]
)
PLAN = S(
    arena_bytes=9_000,
    boxes=[
        S(name="input", kind="activation", offset=0, size=2_000, first_step=0, last_step=0),
        S(name="conv_2d", kind="activation", offset=1_000, size=8_000, first_step=0, last_step=1),
        S(name="scratch", kind="scratch", offset=200, size=160, first_step=1, last_step=1),
        S(name="softmax", kind="activation", offset=0, size=4, first_step=1, last_step=2),
    ],
)
RUN = S(
    board=boards["nano33ble"],
    seconds=2.0,
    inferences=[S(seconds=1.0, cycles=6_400_000), S(seconds=1.2, cycles=6_400_000)],
    serial=[S(seconds=0.9, text="0.900 s  yes  0.80"), S(seconds=1.7, text="1.700 s  no  0.75")],
    leds=[
        # Switched off first: the LED is active low.
        *(S(seconds=0.0, pin=pin, level=1) for pin in ("LEDG", "LEDR", "LEDB")),
        S(seconds=0.9, pin="LEDG", level=0),
        S(seconds=1.4, pin="LEDG", level=1),
        S(seconds=1.7, pin="LEDR", level=0),
    ],
)
