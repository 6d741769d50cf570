"""What several tests share."""

import importlib.util
import os
import signal
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs that tests start, even when the tests run in the background.

    A shell makes its background jobs ignore SIGINT, and programs inherit that, unless the process
    that starts them has a handler.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs TensorFlow Lite Micro where it has no packages (README, "Platforms")."""
    if importlib.util.find_spec("tflite_micro") is None:
        for item in items:
            if item.get_closest_marker("tflm"):
                item.add_marker(pytest.mark.skip(reason="tflite-micro has no packages here"))


def _given(variable: str, folder: str) -> Path:
    path = Path(os.environ.get(variable, ROOT.parent / "shared" / folder))
    if not path.is_dir():
        pytest.skip(f"needs real recordings or models: set {variable} to their folder")
    return path


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real recordings and photos; the test is skipped where there is none."""
    return _given("TINYKIT_DATA", "data")


@pytest.fixture(scope="session")
def real_models() -> Path:
    """Folder with the MLPerf Tiny reference models; the test is skipped where there is none."""
    return _given("TINYKIT_MODELS", "models")


@pytest.fixture(scope="session")
def small_features() -> np.ndarray:
    """Features of 64 noises, each louder than the one before: float32 (64, 49, 40)."""
    from tinykit.features.audio import LogMel

    noise = np.random.default_rng(0).normal(size=(64, 16_000))
    loudness = np.geomspace(1, 8_000, 64)[:, None]
    return LogMel()((noise * loudness).clip(-32_768, 32_767).astype(np.int16))


@pytest.fixture(scope="session")
def small_tiny(small_features):
    """A small DS-CNN, untrained, as an int8 TinyModel: real in every way but its accuracy."""
    from tinykit.features.audio import LogMel
    from tinykit.models import ds_cnn
    from tinykit.quantization import quantize

    frontend, labels = LogMel(), ["yes", "no", "unknown", "silence"]
    model = ds_cnn(frontend.shape, labels, channels=8, blocks=2)
    return quantize(model, calibration=small_features, frontend=frontend, labels=labels)
