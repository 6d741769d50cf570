"""Depthwise convolutions against TensorFlow Lite Micro: every kernel, every byte, and its cost.

TFLM is the oracle. The layers are small and odd: borders, single pixels, channels that are no
multiple of four, scales of all sizes.
"""

import os
import re

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from depthwise_models import DepthwiseModel, random_depthwise

import tinykit as tk
from tinykit.board.virtual import model_run
from tinykit.board.virtual.machine import Machine

N_LAYERS = int(os.environ.get("TINYKIT_RANDOM_LAYERS", "150"))  # more, for a night's run
N_INPUTS = 6
KERNELS = ("3x3", "Planes", "Lines2", "Lines3", "Lines4", "Taps")
ROUNDINGS = ("Once", "Twice", "Any")

LAYERS = [  # (picture, kernel, what else): one of each kind that networks have
    ((49, 1, 64), (9, 1), {}),
    ((49, 1, 64), (9, 1), {"padding": "VALID"}),
    ((1, 40, 32), (1, 3), {}),
    ((40, 1, 32), (3, 1), {"padding": "VALID"}),
    ((30, 1, 64), (5, 1), {}),
    ((30, 1, 64), (4, 1), {}),
    ((30, 16, 8), (4, 1), {}),
    ((5, 20, 16), (1, 4), {"padding": "VALID"}),
    ((9, 1, 64), (9, 1), {"padding": "VALID"}),
    ((24, 24, 16), (5, 5), {}),
    ((12, 12, 32), (7, 7), {}),
    ((12, 12, 32), (4, 4), {}),
    ((12, 12, 32), (2, 2), {"strides": (2, 2)}),
    ((12, 12, 32), (3, 3), {"dilation": (2, 2)}),
    ((24, 24, 16), (3, 3), {"strides": (2, 2)}),
    ((24, 24, 16), (3, 3), {"strides": (3, 3)}),
    ((6, 6, 28), (3, 3), {}),
    ((6, 6, 64), (3, 3), {"strides": (2, 2)}),
    ((3, 3, 64), (3, 3), {}),
    ((6, 6, 64), (6, 6), {"padding": "VALID"}),
    ((12, 12, 5), (5, 5), {}),
    ((12, 12, 3), (3, 3), {}),
    ((64, 1, 6), (7, 1), {}),
    ((25, 5, 64), (3, 3), {}),
    ((12, 12, 8), (3, 3), {"multiplier": 2}),
    ((24, 24, 1), (3, 3), {"multiplier": 8}),
    ((24, 24, 1), (3, 3), {"multiplier": 8, "conv": True}),
    ((24, 24, 1), (5, 5), {"multiplier": 8, "conv": True, "strides": (2, 2)}),
    ((24, 24, 16), (3, 3), {"pads": (1, 1, 1, 1), "padding": "VALID", "strides": (2, 2)}),
]

VOID = [  # with PAD and dilation, some windows see no pixel of the input
    ((1, 1, 4), (3, 3), {"pads": (0, 1, 0, 1), "dilation": (2, 1)}),
    ((1, 3, 5), (3, 2), {"pads": (1, 1, 0, 0), "dilation": (2, 1)}),
    ((4, 1, 8), (2, 3), {"pads": (0, 0, 1, 2), "dilation": (1, 3)}),
]


def layer(case) -> DepthwiseModel:
    picture, kernel, options = case
    return DepthwiseModel(picture, kernel, **options)


@pytest.fixture(scope="module")
def layers() -> list[DepthwiseModel]:
    return [*map(layer, LAYERS + VOID), *map(random_depthwise, range(N_LAYERS))]


@pytest.fixture(scope="module")
def inputs(layers) -> list[np.ndarray]:
    return [model.inputs(N_INPUTS) for model in layers]


@pytest.fixture(scope="module")
def expected(layers, inputs) -> list[np.ndarray]:
    outputs = tflm_batch.run([model.tflite() for model in layers], inputs, seconds=2 * N_LAYERS)
    refused = [str(m) for m, y in zip(layers, outputs, strict=True) if y is None]
    assert not refused, f"TFLM refuses {len(refused)} layers, the first is {refused[0]}"
    return outputs


@pytest.fixture(scope="module")
def compiled(layers) -> list:
    return [tk.compile(model.tflite()) for model in layers]


def test_the_layers_meet_every_kernel_and_every_rounding(compiled):
    text = "".join(model.sources()["model.cpp"] for model in compiled)
    for kernel in KERNELS:
        assert len(re.findall(rf"nn::depthwise{kernel}\(", text)) >= 2, f"depthwise{kernel}"
    for rounding in ROUNDINGS:
        assert len(re.findall(rf"Rounding::k{rounding}}}", text)) >= 5, f"rounding {rounding}"
    assert "Planes layer" in text and "depthwiseGeneral" not in text


@pytest.mark.tflm
@pytest.mark.slow
def test_layers_give_the_bytes_of_tflm(layers, inputs, compiled, expected, tmp_path):
    """Compiled for the host, where the kernels are plain C++."""
    built = Builder(tmp_path).libraries(compiled)
    _assert_same_bytes(layers, [m.run(x) for m, x in zip(built, inputs, strict=True)], expected)


@pytest.mark.tflm
@pytest.mark.slow
def test_layers_give_the_bytes_of_tflm_on_the_virtual_board(layers, inputs, compiled, expected):
    """On the Cortex-M4, where they are assembly."""
    _assert_same_bytes(layers, run_on_board(compiled, inputs), expected)


def _assert_same_bytes(layers, got, expected) -> None:
    wrong = [
        f"{model} ({np.count_nonzero(x.ravel() != y.ravel())} of {y.size} bytes)"
        for model, x, y in zip(layers, got, expected, strict=True)
        if not np.array_equal(x.ravel(), y.ravel())
    ]
    assert not wrong, f"{len(wrong)} of {len(layers)} layers differ from TFLM: {wrong[:5]}"


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: str(layer(case))[:60])
def test_no_depthwise_layer_takes_more_than_four_instructions_a_product(case):
    compiled = tk.compile(layer(case).tflite())
    run = tk.VirtualBoard().run_model(compiled, layer(case).inputs(3)[2:])
    assert run.layers[0].instructions <= 4 * run.layers[0].macs, str(run)


@pytest.mark.slow
def test_kernels_read_only_where_the_real_processor_can(compiled):
    """The emulator allows unaligned LDRD and LDM; a board stops with a HardFault."""
    board = tk.boards["nano33ble"]
    for model in compiled[:: max(1, len(compiled) // 25)]:
        machine = Machine(model_run._built(board, model), board.stack)
        machine.refuse_unaligned()
        for name in ("init", "invoke"):
            machine.call(f"_ZN5model{len(name)}{name}Ev")
