"""Layers with weights that are not in every network, alone, as sequences of 64 steps: every byte
of the host's and the board's kernels against TensorFlow Lite Micro."""

import os

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from random_models import RandomModel, _Net
from tflite_writer import TfliteWriter

import tinykit as tk

pytestmark = pytest.mark.tflm

KINDS = ("grouped", "transposed", "four_bits", "sequence", "svdf")
STEPS = 64
SEEDS = int(os.environ.get("TINYKIT_RANDOM_MODELS", "120")) // 10  # more, for a night's run


def layer_model(kind: str, seed: int) -> RandomModel:
    """A network of one random layer of this kind."""
    while True:
        net = _Net(seed, TfliteWriter())
        x = net.input()
        if getattr(net, kind) in net.weighted_steps(x):
            break
        seed += 10_000  # that input does not suit the layer
    y = getattr(net, kind)(x)
    tflite = net.writer.to_bytes([x.tensor], [y.tensor])
    return RandomModel(seed, tflite, x.shape, tuple(net.ops))


@pytest.fixture(scope="module")
def models() -> list[RandomModel]:
    return [layer_model(kind, seed) for kind in KINDS for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def expected(models) -> list[np.ndarray]:
    """What TFLM answers to STEPS inputs, one after the other."""
    outputs = tflm_batch.run([m.tflite for m in models], [m.inputs(STEPS) for m in models])
    refused = [str(m) for m, y in zip(models, outputs, strict=True) if y is None]
    assert not refused, f"TFLM refuses {refused[:3]}: they would be compared with nothing"
    alive = [len(np.unique(y.reshape(STEPS, -1), axis=0)) > 1 for y in outputs]
    assert np.mean(alive) > 0.7, f"only {np.mean(alive):.0%} of the models answer two inputs apart"
    return outputs


def assert_same_bytes(models, got, expected) -> None:
    wrong = [
        f"{model} from step {np.flatnonzero((a != b).reshape(STEPS, -1).any(axis=1))[0]} on"
        for model, a, b in zip(models, got, expected, strict=True)
        if not np.array_equal(a, b)
    ]
    assert not wrong, f"{len(wrong)} of {len(models)} answer differently from TFLM: {wrong[:3]}"


@pytest.mark.slow
def test_sequences_give_the_bytes_of_tflm(models, expected, tmp_path):
    """The portable kernels; and after init() a model has forgotten what it was given."""
    built = Builder(tmp_path).libraries([tk.compile(model.tflite) for model in models])
    for _ in range(2):
        got = [host.run(model.inputs(STEPS)) for host, model in zip(built, models, strict=True)]
        assert_same_bytes(models, got, expected)


@pytest.mark.slow
def test_sequences_give_the_bytes_of_tflm_on_the_virtual_board(models, expected):
    """The same kernels with the DSP instructions of the Cortex-M4."""
    compiled = [tk.compile(model.tflite) for model in models]
    got = run_on_board(compiled, [model.inputs(STEPS) for model in models])
    assert_same_bytes(models, got, expected)
