"""An int8 network with everything a sketch needs to know about it. Taught in notebook 01."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tinykit.quantization.tflite as tflite_file
from tinykit.common.command import started_as
from tinykit.common.errors import TinykitError
from tinykit.common.files import write_together
from tinykit.common.kinds import kind_of, resting_among
from tinykit.common.tables import Table
from tinykit.quantization.engines import Engine, ReferenceEngine, cached_reference
from tinykit.quantization.process import run as run_worker
from tinykit.quantization.tflite.file import Ends, Layer

if TYPE_CHECKING:
    from tinykit.features.frontend import FrontEnd

_FORMAT = 1


@dataclass(frozen=True)
class TinyModel(Ends):
    """An int8 network and everything a sketch needs to know about it.

    Attributes:
        tflite: the .tflite file's bytes, from int8 to int8: a QUANTIZE at the beginning and a
            DEQUANTIZE at the end are taken away (`tflite.with_int8_ends`).
        labels: class names in the order of the network's outputs.
        frontend: what turns a recording into features (of `tinykit.features`), or None.
        name: of the project, also the sketch's.
        decision: constants of the decision logic, as in the sketch's config.h.
        resting: those of the labels that are never reported; by default "unknown", "silence",
            "none" and "background", as `tinykit.common.kinds.RESTING` has them.
        float_ends: whether such a QUANTIZE of floats was taken away. Without a front end,
            `quantize` then does what it did, bit for bit.
        steps_to_fill: of a network that streams (`tk.streaming_form`), the steps until it has heard
            a whole window; 0 of one that sees a window at once.
    """

    tflite: bytes = field(repr=False)
    labels: list[str]
    frontend: FrontEnd | None = None
    name: str = "model"
    decision: dict = field(default_factory=dict)
    resting: tuple[str, ...] | None = None
    float_ends: bool = field(default=False, repr=False)
    steps_to_fill: int = 0

    def __post_init__(self) -> None:
        if self.resting is None:
            usual = resting_among(self.labels, kind_of(self.frontend))
            object.__setattr__(self, "resting", usual)
        try:
            int8 = tflite_file.with_int8_ends(self.tflite)
        except TinykitError:  # `file` says what is wrong, when it is asked for
            return
        if int8 != self.tflite:
            is_float = tflite_file.read(self.tflite).input.dtype == "float32"
            object.__setattr__(self, "float_ends", is_float)
            object.__setattr__(self, "tflite", int8)

    @cached_property
    def file(self) -> tflite_file.TfliteFile:
        """The .tflite file's tensors and operators."""
        check = tflite_file.check_streaming if self.is_streaming else tflite_file.check
        return check(self.tflite, source=f"The model {self.name}")

    @property
    def is_streaming(self) -> bool:
        """Whether it keeps a state and is given each frame once, `input_shape[0]` at a time."""
        return self.steps_to_fill > 0

    @property
    def ops(self) -> list[str]:
        """Operators in the order they run, with repetitions."""
        return self.file.ops

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference; of a network that streams, of one step."""
        return self.file.macs

    @property
    def n_parameters(self) -> int:
        """Weights and biases."""
        return self.file.n_parameters

    @property
    def layers(self) -> LayerTable:
        """One row per operator: name, op, shapes, bytes of weights, MACs."""
        return LayerTable(self.file.layers)

    @property
    def size(self) -> int:
        """Bytes of the .tflite file, which go into the board's flash as they are."""
        return len(self.tflite)

    def quantize(self, features: np.ndarray) -> np.ndarray:
        """Float features to the network's int8 input; the C++ twin computes the same.

        q = clip(rint(features * (1 / scale)) + zero_point, -128, 127), in float32, ties to even.
        With `float_ends` and no front end: as TensorFlow Lite Micro's QUANTIZE, which divides.

        Args:
            features: (n, *input_shape), or without the trailing 1 of one channel.

        Returns int8 (n, *input_shape). Raises TinykitError when shapes differ or a value is NaN.
        """
        features = np.asarray(features, np.float32)
        if not np.isfinite(features).all():
            raise TinykitError("The features hold NaN or infinity. Look for a damaged recording.")
        features = batch_of(features, self.input_shape)
        if self.float_ends and self.frontend is None:
            return tflite_file.quantized(features, self.file.input.quantization)
        # Limited before the conversion to int, where a huge float32 would overflow.
        steps = np.clip(np.rint(features * self._inverse_input_scale), -1_000, 1_000)
        return np.clip(steps + self.input_zero_point, -128, 127).astype(np.int8)

    @property
    def _inverse_input_scale(self) -> np.float32:
        return np.float32(1) / np.float32(self.input_scale)

    def dequantize(self, q: np.ndarray) -> np.ndarray:
        """The network's int8 output as float32 scores, same shape."""
        steps = np.asarray(q).astype(np.float32) - self.output_zero_point
        return steps * np.float32(self.output_scale)

    def dequantize_input(self, q: np.ndarray) -> np.ndarray:
        """The features that int8 inputs stand for, float32, same shape."""
        steps = np.asarray(q).astype(np.float32) - self.input_zero_point
        return steps * np.float32(self.input_scale)

    def predict(self, features: np.ndarray, engine: str | Engine = "litert") -> np.ndarray:
        """Scores of each class, float32 (n, classes).

        A network that streams takes n steps one after the other, from its first state on, and gives
        the scores after each: the first `steps_to_fill` - 1 have not heard a whole window. Or it
        takes n windows and gives the scores after each, the same as without streaming.

        Args:
            features: float, as for `quantize`; or int8 (n, *input_shape), taken as it is.
            engine: "litert" runs TensorFlow Lite's reference kernels in this process, "tflm"
                TensorFlow Lite Micro in a worker process (Linux only). Or any object that can
                `infer(tflite, q)`: a `tk.VirtualBoard` runs the C++ of `tk.compile`.

        Raises TinykitError for an engine that there is not, and what it says of the model.
        """
        return self.dequantize(self._infer(features, engine))

    def scores(self, features: np.ndarray, engine: str | Engine = "litert") -> np.ndarray:
        """The same in the sketch's unit: uint8 (n, classes), a probability times 256, at most 255.

        The network's output bytes, counted from the one that stands for 0.
        """
        steps = self._infer(features, engine).astype(np.int16) - self.output_zero_point
        return steps.clip(0, 255).astype(np.uint8)

    def _infer(self, features: np.ndarray, engine: str | Engine) -> np.ndarray:
        """The network's output bytes."""
        q, per_answer = self.inputs(features)
        if engine == "litert":
            # One with a state begins anew each time.
            reference = ReferenceEngine if self.is_streaming else cached_reference
            outputs = reference(self.tflite).run(q)
        elif engine == "tflm":
            outputs = run_worker(self.tflite, q, "tflm").outputs
        elif isinstance(engine, str):
            raise TinykitError(
                f"There is no engine {engine!r}. Use 'litert', 'tflm' or a tk.VirtualBoard()."
            )
        else:
            outputs = engine.infer(self.tflite, q)
        return outputs[per_answer - 1 :: per_answer]

    def inputs(self, features: np.ndarray) -> tuple[np.ndarray, int]:
        """The network's int8 inputs for features, and after how many each there is an answer.

        Args:
            features: float, or int8 inputs that are ready; (n, *input_shape), or for a network that
                streams also n windows, (n, frames, ...).

        Returns int8 (m, *input_shape), and 1, or `steps_to_fill` for windows. Raises TinykitError
        as `quantize` does.
        """
        features, per_answer = np.asarray(features), 1
        window = self.steps_to_fill * self.input_shape[0]
        if self.is_streaming and features.ndim > 1 and features.shape[1] == window:
            per_answer = self.steps_to_fill
            features = features.reshape(-1, self.input_shape[0], *features.shape[2:])
        if features.dtype == np.int8:
            return batch_of(features, self.input_shape), per_answer
        return self.quantize(features), per_answer

    def save(self, folder: Path | str) -> Path:
        """Write model.tflite and tinymodel.json into `folder` (made when missing).

        Raises TinykitError when the folder cannot be written; an earlier model then is still whole.
        Returns the folder.
        """
        text = json.dumps(self._description(), indent=2, ensure_ascii=False) + "\n"
        return write_together(folder, {"model.tflite": self.tflite, "tinymodel.json": text})

    @classmethod
    def load(cls, folder: Path | str) -> TinyModel:
        """Read what `save` wrote. Raises TinykitError when it is missing, damaged or mixed up."""
        folder = Path(folder)
        description = _read_description(folder / "tinymodel.json")
        path = folder / "model.tflite"
        steps_to_fill = description["steps_to_fill"]
        check = tflite_file.check_streaming if steps_to_fill else tflite_file.check
        file = check(path)
        tflite = path.read_bytes()
        if hashlib.sha256(tflite).hexdigest() != description["tflite_sha256"]:
            raise TinykitError(
                f"{path} is not the model that tinymodel.json beside it describes. "
                "Run the project again, or copy both files from one place."
            )
        labels = checked_labels(description["labels"], file.output.size)
        frontend = _frontend_from(description["frontend"], folder / "tinymodel.json")
        return cls(
            tflite=tflite,
            labels=labels,
            frontend=frontend,
            name=description["name"],
            decision=description["decision"],
            # A model of an earlier kit does not say, and has the usual ones.
            resting=tuple(description["resting"]) if "resting" in description else None,
            float_ends=bool(description.get("float_ends", False)),
            steps_to_fill=steps_to_fill,
        )

    @classmethod
    def from_tflite(cls, path: Path | str) -> TinyModel:
        """Any full-int8 .tflite file, without labels and front end. Raises TinykitError."""
        path = Path(path)
        tflite_file.check(path)
        return cls(tflite=path.read_bytes(), labels=[], name=path.stem)

    def _description(self) -> dict:
        frontend = self.frontend and {
            "type": type(self.frontend).__name__,
            **self.frontend.config(),
        }
        return {
            "format": _FORMAT,
            "name": self.name,
            "labels": list(self.labels),
            "resting": list(self.resting),
            "frontend": frontend,
            "input": {
                "shape": list(self.input_shape),
                "scale": self.input_scale,
                "zero_point": self.input_zero_point,
            },
            "output": {
                "shape": list(self.output_shape),
                "scale": self.output_scale,
                "zero_point": self.output_zero_point,
            },
            "decision": self.decision,
            "tflite_sha256": hashlib.sha256(self.tflite).hexdigest(),
            **({"float_ends": True} if self.float_ends else {}),
            **({"steps_to_fill": self.steps_to_fill} if self.is_streaming else {}),
        }

    def __getstate__(self) -> dict:
        """Only the fields are copied and pickled, not what was computed from them."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    def __repr__(self) -> str:
        return (
            f"TinyModel({self.name}: {self.size:,} bytes int8, "
            f"{'x'.join(map(str, self.input_shape))} -> {math.prod(self.output_shape)}, "
            f"{self.macs:,} MACs{' a step' * self.is_streaming})"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("labels", ", ".join(self.labels) or "not given"),
            ("file", f"{self.size:,} bytes, {self.n_parameters:,} parameters"),
            (
                "one step" if self.is_streaming else "one inference",
                f"{self.macs:,} multiply-accumulates",
            ),
            ("input", _described_tensor(self.file.input)),
            ("output", _described_tensor(self.file.output)),
            ("operators", ", ".join(dict.fromkeys(self.ops))),
        ]
        return Table(rows, title=self.name)._repr_html_()


class LayerTable(list[Layer]):
    """The layers of a network; a table in a notebook and when printed."""

    @property
    def table(self) -> Table:
        """One row a layer, and the sum."""
        rows = [
            (
                layer.name,
                layer.op,
                "x".join(map(str, layer.input_shape[1:])),
                "x".join(map(str, layer.output_shape[1:])),
                f"{layer.weight_bytes:,}",
                f"{layer.macs:,}",
            )
            for layer in self
        ]
        weights, macs = sum(x.weight_bytes for x in self), sum(x.macs for x in self)
        rows.append(("total", "", "", "", f"{weights:,}", f"{macs:,}"))
        header = ("layer", "operator", "input", "output", "weights (bytes)", "MACs")
        return Table(rows, header, right=(4, 5))

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def batch_of(features: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`features` as (n, *shape); a channel dimension of 1 may have been left out."""
    if features.shape[1:] == shape:
        return features
    if shape[-1:] == (1,) and features.shape[1:] == shape[:-1]:
        return features[..., None]
    raise TinykitError(
        f"Features of shape {features.shape} do not fit a network that takes (n, "
        f"{', '.join(map(str, shape))}). Use the front end that the network was trained with."
    )


def checked_labels(labels: Sequence[str], n_outputs: int) -> list[str]:
    labels = list(labels)
    if not all(isinstance(label, str) and label for label in labels):
        raise TinykitError(f"Labels must be words, not {labels!r}. Give data.labels.")
    if len(labels) != n_outputs:
        raise TinykitError(
            f"{len(labels)} labels {labels} for a network with {n_outputs} outputs. "
            "Give the labels that it was trained with."
        )
    if len(set(labels)) != len(labels):
        raise TinykitError(f"A label occurs twice in {labels}. Give each class its own name.")
    return labels


def _read_description(path: Path) -> dict:
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TinykitError(
            f"{path.parent} holds no tinymodel.json. "
            "Give the outputs of a lesson: "
            f"`{started_as()} run keyword_spotting` makes build/keyword_spotting."
        ) from None
    except OSError as error:
        raise TinykitError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except ValueError:  # not JSON, not UTF-8
        description = None
    keys = {"labels": list, "frontend": dict | None, "decision": dict}
    keys |= {"name": str, "tflite_sha256": str, "steps_to_fill": int}
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise TinykitError(f"{path} is not a tinymodel.json of format 1. Run the project again.")
    description.setdefault("steps_to_fill", 0)  # most models see a window at once
    for key, kind in keys.items():
        if key not in description or not isinstance(description[key], kind):
            raise TinykitError(f"{path} has no usable {key!r}. Run the project again.")
    return description


def _frontend_from(config: dict | None, path: Path) -> FrontEnd | None:
    if config is None:
        return None
    from tinykit import features

    parameters = dict(config)
    name = parameters.pop("type", None)
    classes = {cls.__name__: cls for cls in features.BY_KIND.values()}
    if str(name) not in classes:
        raise TinykitError(f"{path} names an unknown front end. Update tinykit.")
    try:
        return classes[name](**parameters)
    except TypeError as error:
        raise TinykitError(f"{path} has a front end that does not fit ({error}).") from error


def _described_tensor(tensor: tflite_file.Tensor) -> str:
    shape = "x".join(map(str, tensor.shape[1:]))
    scale, zero_point = tensor.quantization.scale[0], tensor.quantization.zero_point[0]
    return f"{tensor.dtype} {shape}, real = {scale:.6g} * (q - ({zero_point}))"
