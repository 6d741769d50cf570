"""Generated C++ against TensorFlow Lite Micro: every byte, on networks of all kinds.

TFLM is the oracle: an independent program, and the one that the board would otherwise run.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import tflm_batch
from compiled_build import Builder, run_on_board
from random_models import RandomModel, random_model

import tinykit as tk
from tinykit.quantization import process

pytestmark = pytest.mark.tflm

N_MODELS = int(os.environ.get("TINYKIT_RANDOM_MODELS", "300"))  # more, for a night's run
N_INPUTS = 12
MLPERF = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8")


@pytest.fixture(scope="module")
def models() -> list[RandomModel]:
    return [random_model(seed) for seed in range(N_MODELS)]


@pytest.fixture(scope="module")
def expected(models) -> list[np.ndarray | None]:
    """TFLM's outputs of N_INPUTS inputs of each random model."""
    inputs = [model.inputs(N_INPUTS) for model in models]
    return tflm_batch.run([model.tflite for model in models], inputs, seconds=2 * N_MODELS)


def test_random_models_are_models(models, expected):
    """TFLM takes every random model, or the comparison below would compare nothing."""
    refused = [
        str(model) for model, outputs in zip(models, expected, strict=True) if outputs is None
    ]
    assert not refused, f"TFLM refuses {len(refused)} of {len(models)}: {refused[:5]}"


def test_random_models_reach_every_operator(models, expected):
    """Each operator is met at least ten times, and most outputs depend on the inputs."""
    met = [op for model in models for op in model.ops]
    ops = "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED LOGISTIC "
    ops += "MAX_POOL_2D MEAN MUL PAD QUANTIZE RELU RELU6 RESHAPE SOFTMAX "
    ops += "READ_VARIABLE ASSIGN_VARIABLE"
    rare = {op: met.count(op) for op in ops.split() if met.count(op) < 10}
    assert not rare, f"too few of these operators in {len(models)} models: {rare}"
    alive = [len(np.unique(y.reshape(len(y), -1), axis=0)) > 1 for y in expected]
    assert np.mean(alive) > 0.7, f"only {np.mean(alive):.0%} of the models answer two inputs apart"


@pytest.fixture(scope="module")
def compiled(models) -> list:
    return [tk.compile(model.tflite) for model in models]


@pytest.mark.slow
def test_random_models_give_the_bytes_of_tflm(models, expected, compiled, tmp_path):
    """Compiled for the host, each model answers each input with TFLM's bytes."""
    built = Builder(tmp_path).libraries(compiled)
    got = [host.run(model.inputs(N_INPUTS)) for host, model in zip(built, models, strict=True)]
    _assert_same_bytes(models, got, expected)


@pytest.mark.slow
def test_random_models_give_the_bytes_of_tflm_on_the_virtual_board(models, expected, compiled):
    """The Cortex-M4 kernels are other code than the host's; they answer with the same bytes."""
    got = run_on_board(compiled, [model.inputs(N_INPUTS) for model in models])
    _assert_same_bytes(models, got, expected)


def _assert_same_bytes(models, got, expected) -> None:
    wrong = [
        f"{model} ({np.count_nonzero(x != y)} of {y.size} bytes)"
        for model, x, y in zip(models, got, expected, strict=True)
        if not np.array_equal(x, y)
    ]
    assert not wrong, (
        f"{len(wrong)} of {len(models)} models answer differently from TFLM. Take the shortest: "
        f"{min(wrong, key=len)}. tests/random_models.py builds it from its number."
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MLPERF, "checkpoint"])
def test_real_models_give_the_bytes_of_tflm(name, request, tmp_path):
    """1,000 inputs each: noise, and what looks like the model's real inputs."""
    tflite = _real_model(name, request)
    compiled = tk.compile(tflite)
    inputs = realistic_inputs(compiled.input_shape, 1_000)
    [host] = Builder(tmp_path, ["-O2"]).libraries([compiled])
    expected = process.run(tflite, inputs, "tflm", timeout=900).outputs
    differ = np.flatnonzero((host.run(inputs) != expected).reshape(len(inputs), -1).any(axis=1))
    assert not len(differ), f"{len(differ)} of 1,000 inputs differ, the first is {differ[0]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MLPERF, "checkpoint"])
def test_real_models_give_the_bytes_of_tflm_on_the_virtual_board(name, request):
    """What the Cortex-M4 would answer to some of those inputs."""
    tflite = _real_model(name, request)
    compiled = tk.compile(tflite)
    inputs = realistic_inputs(compiled.input_shape, 1_000)[::10]
    expected = process.run(tflite, inputs, "tflm").outputs
    got = tk.VirtualBoard().run_model(compiled, inputs).outputs.reshape(expected.shape)
    differ = np.flatnonzero((got != expected).reshape(len(inputs), -1).any(axis=1))
    assert not len(differ), f"inputs {differ.tolist()} of {len(inputs)} differ"


def _real_model(name: str, request: pytest.FixtureRequest) -> bytes:
    if name == "checkpoint":
        folder = Path(tk.__file__).parent / "training" / "checkpoints"
        return next(folder.glob("**/*.tflite")).read_bytes()
    return (request.getfixturevalue("real_models") / f"{name}.tflite").read_bytes()


def realistic_inputs(shape: tuple[int, ...], n: int) -> np.ndarray:
    """int8 (n, *shape): a third noise, a third smooth pictures, a third with flat regions."""
    rng = np.random.default_rng(3)
    whole = (n, *shape)
    x = rng.integers(-128, 128, whole).astype(float)
    smooth = rng.normal(0, 20, whole)
    for axis in range(1, max(2, len(whole) - 1)):
        smooth = smooth.cumsum(axis=axis)
    smooth += rng.integers(-100, 100, (n, *[1] * (len(whole) - 1)))
    flat = np.where(
        rng.random(whole) < 0.9, rng.integers(-128, 128, (n, *[1] * (len(whole) - 1))), x
    )
    x[1::3], x[2::3] = smooth[1::3], flat[2::3]
    return x.round().clip(-128, 127).astype(np.int8)
