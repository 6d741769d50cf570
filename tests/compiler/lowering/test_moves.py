"""Layers that move, compare, reduce and broadcast: the bytes of TensorFlow Lite Micro."""

import inspect
import os

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from random_models import RandomModel, moving_model
from random_moves import MovingLayers

import tinykit as tk

N_MODELS = int(os.environ.get("TINYKIT_RANDOM_MODELS", "60"))
N_INPUTS = 8
HELPERS = "moving_steps like like_zero axis front_or_back numbers parts new_size pair "
HELPERS += "broadcast_shape"
LAYERS = [
    name
    for name, _ in inspect.getmembers(MovingLayers, inspect.isfunction)
    if name in vars(MovingLayers) and name not in HELPERS.split()
]


@pytest.fixture(scope="module")
def models() -> list[RandomModel]:
    """Each layer alone, then several one after the other."""
    alone = [moving_model(seed, layer) for layer in LAYERS for seed in range(2)]
    return alone + [moving_model(seed) for seed in range(N_MODELS)]


@pytest.fixture(scope="module")
def expected(models) -> list[np.ndarray | None]:
    inputs = [model.inputs(N_INPUTS) for model in models]
    return tflm_batch.run([model.tflite for model in models], inputs, seconds=2 * len(models))


@pytest.mark.tflm
@pytest.mark.slow
@pytest.mark.parametrize("where", ["host", "virtual board"])
def test_layers_that_move_give_the_bytes_of_tflm(where, models, expected, tmp_path):
    """Alone and in company, compiled for the computer and for the Cortex-M4."""
    refused = [str(m) for m, outputs in zip(models, expected, strict=True) if outputs is None]
    assert not refused, f"TFLM refuses {len(refused)} of {len(models)}: {refused[:5]}"
    compiled = [tk.compile(model.tflite) for model in models]
    inputs = [model.inputs(N_INPUTS) for model in models]
    if where == "host":
        libraries = Builder(tmp_path).libraries(compiled)
        got = [library.run(x) for library, x in zip(libraries, inputs, strict=True)]
    else:
        got = run_on_board(compiled, inputs)
    wrong = [
        str(model)
        for model, x, y in zip(models, got, expected, strict=True)
        if not np.array_equal(x.reshape(-1), y.reshape(-1))
    ]
    assert not wrong, f"{len(wrong)} of {len(models)} differ, e.g. {min(wrong, key=len)}"
