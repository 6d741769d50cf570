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
    # Estimates as they are, whatever has been measured and saved on this computer.
    os.environ["TINYKIT_SETTINGS"] = str(ROOT / "build" / "settings_of_no_test")


# Files of tests that take nine seconds or more in all: they train, start notebooks, compile for
# boards or read all bundled data. `test --quick` leaves them out, as it does what is marked slow.
SLOW_FILES = {
    *("cli/test_main.py", "cli/test_pictures.py", "cli/test_testing.py"),
    *("common/test_home.py", "compiler/test_model.py"),
    *("datasets/recording/test_image.py", "datasets/test_audio.py", "datasets/test_dataset.py"),
    *("datasets/test_audio_bundled.py", "datasets/test_image_bundled.py"),
    *("export/test_arduino_build.py", "export/test_image.py", "export/test_sketch.py"),
    *("quantization/tflite/test_ends.py", "test_kit_shells.py"),
    *("training/test_checkpoints.py", "training/test_loop.py", "training/test_places.py"),
    *("verification/test_host.py", "verification/test_model_file.py"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow files; skip what needs TensorFlow Lite Micro where it has no packages (README)."""
    for item in items:
        if item.path.relative_to(ROOT / "tests").as_posix() in SLOW_FILES:
            item.add_marker(pytest.mark.slow)
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
def real_faults() -> Path:
    """Folder with files by strangers that once went wrong; the test is skipped where there is
    none."""
    return _given("TINYKIT_FAULTS", "faults")


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
    from tinykit.models.audio import ds_cnn
    from tinykit.quantization.convert import quantize

    frontend, labels = LogMel(), ["yes", "no", "unknown", "silence"]
    model = ds_cnn(frontend.shape, labels, channels=8, blocks=2)
    return quantize(model, small_features, frontend, labels, name="keyword_spotting")


def swings(n: int, seed: int, sample_rate: float = 119.0) -> tuple[list[np.ndarray], np.ndarray]:
    """Takes of simple gestures, float32 (rows, 6), and their labels 0, 1, 2 in turn.

    0 swings forward and back, 1 to the sides, 2 turns about the vertical; each with a rest before
    and after, at a strength and a speed of its own.
    """
    random = np.random.default_rng(seed)
    takes, y = [], np.arange(n) % 3
    for label in y:
        seconds = random.uniform(0.6, 1.2)
        time = np.arange(round((seconds + 1.2) * sample_rate)) / sample_rate - 0.6
        swing = np.sin(2 * np.pi * random.uniform(1.5, 3) * time) * ((time > 0) & (time < seconds))
        take = [0, 0, 1, 0, 0, 0] + 0.01 * random.normal(size=(len(time), 6))
        take[:, [0, 1, 5][label]] += random.uniform(0.8, 2) * [1, 1, 200][label] * swing
        takes.append(take.astype(np.float32))
    return takes, y


@pytest.fixture(scope="session")
def gesture_tiny():
    """A small gesture model that knows `swings`, as an int8 TinyModel."""
    from tinykit.common.backend import load_keras
    from tinykit.features import Motion
    from tinykit.quantization.convert import quantize

    keras = load_keras()
    layers = keras.layers
    frontend = Motion()
    takes, y = swings(90, seed=0)
    x = frontend(takes)[..., None]
    noise = np.random.default_rng(1).normal(size=(30, *x.shape[1:])).astype(np.float32)
    x, y = np.concatenate([x, noise]), np.concatenate([y, np.full(30, 3)])
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((*frontend.shape, 1)),
            layers.Conv2D(8, (5, frontend.axes), (2, 1), activation="relu"),
            layers.Conv2D(12, (5, 1), (2, 1), activation="relu"),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Conv2D(4, 1),
            layers.Flatten(),
            layers.Softmax(),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=30, verbose=0)
    labels = ["thrust", "sway", "turn", "none"]
    return quantize(model, x, frontend, labels, name="gesture_recognition")


def bars(labels: list[int] | np.ndarray, seed: int, size: tuple[int, int] = (120, 160)):
    """Pictures, uint8 (n, height, width, 3), of a bright bar: lying (label 0) or upright (1).

    Place, width and colours differ.
    """
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 60, (len(labels), *size, 3), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        length = size[label]
        wide = random.integers(length // 8, length // 4)
        start = random.integers(length // 8, length - length // 8 - wide)
        bar = picture[:, start : start + wide] if label else picture[start : start + wide]
        bar += random.integers(100, 190, 3).astype(np.uint8)
    return pictures


@pytest.fixture(scope="session")
def picture_tiny():
    """A small model that knows `bars`, as an int8 TinyModel: 32 x 32 pixels in grey."""
    return _picture_tiny(1)


@pytest.fixture(scope="session")
def colour_tiny():
    """The same in colour."""
    return _picture_tiny(3)


def _picture_tiny(channels: int):
    from tinykit.common.backend import load_keras
    from tinykit.features import Picture
    from tinykit.quantization.convert import quantize

    keras = load_keras()
    layers = keras.layers
    frontend = Picture(size=32, channels=channels)
    y = np.arange(160) % 2
    x = frontend(bars(y, seed=0))
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(frontend.shape),
            layers.Conv2D(8, 5, 2, activation="relu"),
            layers.Conv2D(12, 3, 2, activation="relu"),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Conv2D(2, 1),
            layers.Flatten(),
            layers.Softmax(),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=20, verbose=0)
    return quantize(model, x, frontend, ["lying", "upright"], name="visual_wake_words")
