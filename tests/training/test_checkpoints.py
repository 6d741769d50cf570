"""What is shipped: checkpoints are trained models, and the example sketches are made from them."""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

import tinykit as tk
from tinykit.cli.lessons import ROOT
from tinykit.training.checkpoints import CHECKPOINTS

SHIPPED = {path.parent.name for path in CHECKPOINTS.glob("*/tinymodel.json")}
EXAMPLES = sorted(name for name in SHIPPED if (ROOT / "arduino" / name).is_dir())


@pytest.fixture(scope="module")
def data() -> tk.datasets.AudioDataset:
    return tk.datasets.keyword_spotting()


@pytest.fixture(scope="module")
def tiny() -> tk.TinyModel:
    return tk.TinyModel.load(CHECKPOINTS / "keyword_spotting")


def balanced_accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    answers = scores.argmax(axis=1)
    return np.mean([np.mean(answers[y == label] == label) for label in np.unique(y)])


def benchmark_of(name: str) -> ModuleType:
    """tests/benchmarks/NAME.py as a module."""
    path = ROOT / "tests" / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    benchmark = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    return benchmark


def test_the_checkpoint_recognizes_voices_it_was_not_trained_on(data, tiny):
    scores = tiny.predict(tiny.frontend(data.test.x))
    assert balanced_accuracy(scores, data.test.y) > 0.9


def test_its_int8_form_is_its_float_form_quantized(data, tiny):
    """Score by score: 8 bits keep a probability within a few hundredths."""
    model, history = tk.load_checkpoint("keyword_spotting", data.labels)
    features = tiny.frontend(data.test.x[:200])
    float_scores = model.predict(features[..., None], verbose=0)
    assert np.median(np.abs(float_scores - tiny.predict(features))) < 0.02
    assert len(history.loss) == len(history.val_accuracy) > 0


def test_it_is_smaller_than_the_mlperf_reference(tiny):
    assert tiny.size < 53_936


def test_other_labels_are_refused():
    with pytest.raises(tk.TinykitError, match="train instead"):
        tk.load_checkpoint("keyword_spotting", ["stop", "go", "unknown", "silence"])


def test_each_project_has_a_checkpoint_and_an_example_sketch():
    projects = {"keyword_spotting", "visual_wake_words", "gesture_recognition"}
    assert projects <= set(EXAMPLES)


@pytest.mark.parametrize("project", EXAMPLES)
def test_the_example_sketch_is_what_the_checkpoint_makes_byte_for_byte(project, tmp_path):
    example = ROOT / "arduino" / project
    sketch = tk.export_sketch(
        tk.TinyModel.load(CHECKPOINTS / project), "nano33ble", tmp_path / project
    )
    made = {path.relative_to(sketch.path) for path in sketch.path.rglob("*") if path.is_file()}
    kept = {path.relative_to(example) for path in example.rglob("*") if path.is_file()}
    assert made == kept
    for path in made:
        assert (sketch.path / path).read_bytes() == (example / path).read_bytes(), (
            f"{path} differs. After a change to the sketch or the checkpoint, export it again: "
            "see arduino/README.md."
        )


@pytest.fixture(scope="module")
def seeing() -> tk.TinyModel:
    return tk.TinyModel.load(CHECKPOINTS / "visual_wake_words")


def test_the_picture_checkpoint_sees_people_in_scenes_it_was_not_trained_on(seeing):
    pictures = tk.datasets.visual_wake_words()
    scores = seeing.predict(seeing.frontend(pictures.test.x))
    assert balanced_accuracy(scores, pictures.test.y) >= 0.9
    assert seeing.size <= 250_000, "the limit of the Visual Wake Words challenge"


def test_people_in_real_photos_are_seen_clearly_better_than_by_chance(real_data, seeing):
    """65 % balanced accuracy, of whole photos and of pieces, is the least the kit promises."""
    benchmark = benchmark_of("real_photos")
    photos = benchmark.photos(real_data / "coco_sample.tar.gz")
    for name, (pictures, y) in benchmark.both(photos).items():
        scores = seeing.predict(seeing.frontend(pictures))
        assert balanced_accuracy(scores, np.array(y)) >= 0.65, name


@pytest.fixture(scope="module")
def gestures() -> tk.datasets.motion.MotionDataset:
    return tk.datasets.gesture_recognition()


@pytest.fixture(scope="module")
def feeling() -> tk.TinyModel:
    return tk.TinyModel.load(CHECKPOINTS / "gesture_recognition")


def test_the_gesture_checkpoint_recognizes_people_it_was_not_trained_on(gestures, feeling):
    scores = feeling.predict(feeling.frontend(gestures.test.x))
    assert np.mean(scores.argmax(axis=1) == gestures.test.y) >= 0.95
    assert feeling.size <= 20_000


def test_the_gesture_sketch_hardly_ever_cries_wolf(gestures, feeling):
    """Ten minutes of everyday motion of test people: at most one report a minute."""
    day, _ = tk.datasets.motion_scene(gestures, 600, gestures=0, seed=1)
    assert len(tk.stream(feeling, day).events) <= 10


def test_gestures_of_a_real_person_are_recognized(real_data, feeling):
    """75 % is the least the kit promises (README, Results) for a stranger's gestures."""
    names = {"circ": "circle", "hori": "horizontal", "vert": "vertical"}
    right = []
    for file in sorted((real_data / "arduino_gestures" / "data").glob("*.csv")):
        takes = tk.datasets.load_motion(file).takes
        answers = feeling.predict(feeling.frontend(takes)).argmax(axis=1)
        label = feeling.labels.index(names.get(file.stem, file.stem))
        right.extend(answers == label)
    assert np.mean(right) >= 0.75


@pytest.mark.slow
def test_it_understands_real_people(real_data, tiny):
    """88 % balanced accuracy is the least the kit promises (README, Results)."""
    benchmark = benchmark_of("real_people")
    clips, y = benchmark.real_clips(real_data / "speech_commands_sample.tar.gz", tiny.labels)
    assert balanced_accuracy(tiny.predict(tiny.frontend(clips)), y) >= 0.88
