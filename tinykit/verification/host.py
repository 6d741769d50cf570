"""`verify`: a model's outputs under TFLM against TensorFlow Lite, and its accuracy under both."""

from typing import Any

import numpy as np

from tinykit.common.errors import TinykitError
from tinykit.common.kinds import AUDIO, IMAGE, MOTION, kind_of
from tinykit.quantization import process
from tinykit.quantization.tiny_model import TinyModel
from tinykit.verification.board_check import board_check, with_board
from tinykit.verification.report import ENOUGH, FULLY_CONNECTED_NOTE, STAND_IN_NOTE, Report


def verify(
    tiny: TinyModel,
    *inputs: Any,
    y: np.ndarray | None = None,
    also: Any = None,
    samples: int | None = None,
    model: Any = None,
    max_loss: float = 0.01,
    timeout: float | None = None,
    board: str | None = None,
    board_samples: int = 100,
) -> Report:
    """Run a model under TFLM and under TensorFlow Lite's reference kernels and compare each byte.

    Where TFLM has no package (macOS, Windows, Linux on ARM), the reference kernels run alone and
    the report's first row says SKIP; accuracy, recall and confusion are then theirs.

    Args:
        tiny: the model.
        inputs: one or more of: a split of a data set (its `x` through `tiny.frontend`, its `y`);
            an array of clips, int16 (n, samples); takes of motion, each float (rows, axes);
            pictures, each uint8 (height, width) or (height, width, 3);
            features, float (n, *tiny.input_shape); or ready inputs, int8 (n, *tiny.input_shape).
            Give data the model was not trained on.
        y: true classes, integers, of all inputs in turn, when they are not splits.
        also: further inputs, of any of these kinds, whose bytes are compared but which do not count
            for accuracy: a thorough comparison wants 500, a small test split has fewer.
        samples: at most this many of the inputs, evenly spaced; default all.
        model: the Keras model, to have its accuracy beside int8's.
        max_loss: how much accuracy int8 may lose against `model` (0.01 = one point).
        timeout: seconds after which a hanging engine is stopped.
        board: name of a virtual board that runs the compiled model (`tk.compile`), too: the bytes
            that the board will compute are then checked themselves. Where the compiler refuses
            the model, or it is too big for the board, the report says so.
        board_samples: at most this many of all inputs go to the board, evenly spaced.

    Raises TinykitError when inputs do not fit the model, an engine cannot run it, or TFLM has a
    package for this system but is not installed.
    """
    if board is not None:
        from tinykit.board import VirtualBoard

        VirtualBoard(board)  # refuses a board that cannot be emulated, before anything takes time
    features, truth = _gathered(tiny, inputs, y)
    if len(features) == 0:
        raise TinykitError("There is no input to check the model with. Give a split of the data.")
    if samples is not None and samples < len(features):
        chosen = np.linspace(0, len(features) - 1, samples).round().astype(int)
        features, truth = features[chosen], None if truth is None else truth[chosen]
    q = features if features.dtype == np.int8 else tiny.quantize(features)
    if also is not None:
        further, _ = _gathered(tiny, (also,), None)
        further = further if further.dtype == np.int8 else tiny.quantize(further)
        q = np.concatenate([q, further.reshape(-1, *q.shape[1:])])
    missing = process.tflm_missing()
    engines = ["litert"] if missing else ["litert", "tflm"]
    results = process.run_engines(dict.fromkeys(engines, tiny.tflite), q, timeout)
    accuracy_of = {"litert": "int8", "tflm": "tflm"}
    marked = len(features)
    answers = {accuracy_of[engine]: results[engine].outputs[:marked] for engine in engines}
    if model is not None:
        real = tiny.dequantize_input(q[:marked]) if features.dtype == np.int8 else features
        real = real.reshape(-1, *tiny.input_shape)
        # Called, not `predict`ed: Keras refuses arrays of another rank than the last time.
        parts = [model(real[i : i + 256], training=False) for i in range(0, marked, 256)]
        answers = {"float": np.concatenate(parts), **answers}
    report = report_on(tiny, results, answers, truth, max_loss, missing)
    if board is None:
        return report
    outputs = results["litert" if missing else "tflm"].outputs
    found = board_check(tiny, [q], [outputs], board, board_samples)
    return with_board(report, *found, no_tflm=bool(missing))


def report_on(
    tiny: TinyModel,
    results: dict[str, process.Result],
    answers: dict[str, np.ndarray],
    truth: np.ndarray | None,
    max_loss: float = 0.01,
    not_checked: str = "",
) -> Report:
    """The report on what the engines "tflm" and "litert" computed.

    `answers` are the class scores to be marked against `truth`, by what computed them.
    `not_checked` says why there is no result of "tflm".
    """
    samples = len(results["litert"].outputs)
    different, max_lsb = (None, None) if not_checked else _differences(results)
    notes = [STAND_IN_NOTE] if not_checked else []
    if samples < ENOUGH:
        notes.append(f"{samples} inputs are few: {ENOUGH} or more make a thorough check.")
    if different and "FULLY_CONNECTED" in tiny.ops:
        notes.append(FULLY_CONNECTED_NOTE)
    return Report(
        name=tiny.name,
        labels=list(tiny.labels),
        samples=samples,
        different=different,
        max_lsb=max_lsb,
        arena_bytes=None if not_checked else results["tflm"].arena_bytes,
        arena={} if not_checked else results["tflm"].arena,
        ops=list(dict.fromkeys(tiny.ops)),
        macs=tiny.macs,
        tflite_bytes=tiny.size,
        engine_versions={engine: result.version for engine, result in results.items()},
        max_loss=max_loss,
        notes=notes,
        not_checked=not_checked,
        **({} if truth is None else _marks(tiny, answers, truth)),
    )


def _differences(results: dict[str, process.Result]) -> tuple[int, int]:
    """Inputs whose outputs differ between the engines, and by how many steps at most."""
    tflm, litert = (results[engine].outputs.astype(int) for engine in ("tflm", "litert"))
    difference = np.abs(tflm - litert).reshape(len(tflm), -1).max(axis=1)
    return int(np.count_nonzero(difference)), int(difference.max())


def _marks(tiny: TinyModel, answers: dict[str, np.ndarray], truth: np.ndarray) -> dict:
    """Each engine's accuracy and balanced accuracy; TFLM's recall and confusion, or int8's."""
    from sklearn import metrics

    n_classes = int(np.prod(tiny.output_shape))
    labels = tiny.labels or [str(i) for i in range(n_classes)]
    guesses = {k: scores.reshape(len(truth), -1).argmax(axis=1) for k, scores in answers.items()}
    judge = guesses.get("tflm", guesses["int8"])
    confusion = metrics.confusion_matrix(truth, judge, labels=range(n_classes))
    present = confusion.sum(axis=1)
    return {
        "accuracy": {k: float(metrics.accuracy_score(truth, g)) for k, g in guesses.items()},
        "balanced_accuracy": {k: _balanced_accuracy(truth, g) for k, g in guesses.items()},
        "recall": {
            label: float(confusion[i, i] / present[i])
            for i, label in enumerate(labels)
            if present[i]
        },
        "confusion": confusion.tolist(),
    }


def _balanced_accuracy(truth: np.ndarray, guess: np.ndarray) -> float:
    """Mean recall over the classes that occur in `truth`."""
    from sklearn import metrics

    return float(metrics.recall_score(truth, guess, labels=np.unique(truth), average="macro"))


def _gathered(
    tiny: TinyModel, inputs: tuple, y: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """All inputs as one array of features (or of int8), and the true classes where known."""
    if not inputs:
        raise TinykitError("There is no input to check the model with. Give a split of the data.")
    parts = [_features(tiny, _array(getattr(part, "x", part))) for part in inputs]
    if len({part.dtype for part in parts}) > 1:
        raise TinykitError("Some inputs are int8 and some are not. Check them one after the other.")
    features = np.concatenate(parts)
    known = [getattr(part, "y", None) for part in inputs]
    if y is None and all(truth is not None for truth in known):
        y = np.concatenate(known)
    if y is None:
        return features, None
    y = np.asarray(y)
    n_classes = int(np.prod(tiny.output_shape))
    if y.shape != (len(features),) or not np.issubdtype(y.dtype, np.integer):
        raise TinykitError(
            f"True classes of shape {y.shape} and type {y.dtype} do not fit {len(features)} "
            "inputs. Give one integer for each."
        )
    if len(y) and not 0 <= y.min() <= y.max() < n_classes:
        raise TinykitError(
            f"True classes {y.min()} ... {y.max()} for a model of {n_classes} classes. "
            "Give the data set whose labels the model was trained with."
        )
    return features, y


def _features(tiny: TinyModel, x: np.ndarray) -> np.ndarray:
    """Recordings through the front end; features and int8 inputs as they are; one shape for all."""
    fitting = (tiny.input_shape, _without_channel(tiny))
    are_pixels = x.dtype == np.uint8 and kind_of(tiny.frontend) == IMAGE  # of any size
    if are_pixels or x.shape[1:] not in fitting:
        if not _are_recordings(tiny, x):
            raise TinykitError(
                f"Inputs of shape {x.shape} do not fit a model that takes "
                f"(n, {', '.join(map(str, tiny.input_shape))}). "
                "Give recordings, features or int8 inputs."
            )
        x = tiny.frontend(x)
    if x.shape[1:] not in fitting:
        raise TinykitError(
            f"The front end gives {x.shape[1:]} but the model takes {tiny.input_shape}. "
            "Give recordings of the kind that it was trained with."
        )
    x = x.reshape(-1, *tiny.input_shape)
    return x if x.dtype == np.int8 else x.astype(np.float32)


def _array(x: Any) -> np.ndarray:
    """`x` as an array; takes that differ in length as an array of objects."""
    if isinstance(x, list | tuple) and len({np.shape(one) for one in x}) > 1:
        takes = np.empty(len(x), object)
        takes[:] = list(x)
        return takes
    return np.asarray(x)


def _are_recordings(tiny: TinyModel, x: np.ndarray) -> bool:
    """Whether the model's front end makes features of `x`: clips of sound, takes, or pictures."""
    kind = kind_of(tiny.frontend)
    if kind == MOTION:
        return x.dtype == object or (x.ndim == 3 and x.shape[2] == tiny.frontend.axes)
    if kind == IMAGE:
        return x.dtype in (object, np.uint8)
    return kind == AUDIO and x.ndim == 2 and x.dtype != np.int8


def _without_channel(tiny: TinyModel) -> tuple[int, ...]:
    shape = tiny.input_shape
    return shape[:-1] if shape[-1:] == (1,) else shape
