"""tinykit: the helper package of a course in machine learning for microcontrollers.

    import tinykit as tk

The stages, in the order data flow: `tk.datasets`, `tk.features`, `tk.models`, `tk.train`,
`tk.quantize`, `tk.verify`, `tk.export_sketch`. Each is imported when it is first used, so that
importing the package is quick.
"""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

# librosa loads pooch, pooch tqdm's notebook bar, and that warns where ipywidgets are not installed.
warnings.filterwarnings("ignore", message="IProgress not found")

__version__ = "0.1.0"

_MODULES = ("datasets", "features", "models", "plots", "streaming", "verification")
_NAMES = {
    "Augmentation": "tinykit.training.augmentation.audio",
    "ImageAugmentation": "tinykit.training.augmentation.image",
    "MotionAugmentation": "tinykit.training.augmentation.motion",
    "TinyModel": "tinykit.quantization",
    "TinykitError": "tinykit.common.errors",
    "VirtualBoard": "tinykit.board",
    "boards": "tinykit.board",
    "check_fit": "tinykit.board",
    "compile": "tinykit.compiler",
    "export_benchmark": "tinykit.export",
    "export_sketch": "tinykit.export",
    "forget_measurement": "tinykit.board",
    "load_checkpoint": "tinykit.training",
    "load_dials": "tinykit.techniques.dials",
    "measure": "tinykit.board",
    "quantize": "tinykit.quantization",
    "record_gestures": "tinykit.datasets.recording.motion",
    "record_images": "tinykit.datasets.recording.image",
    "score": "tinykit.streaming",
    "stream": "tinykit.streaming",
    "streaming_form": "tinykit.quantization.streaming",
    "train": "tinykit.training",
    "verify": "tinykit.verification",
    "write_report": "tinykit.verification.report_json",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]

# ruff: noqa: F401 (the names below tell editors and type checkers what __getattr__ gives)
if TYPE_CHECKING:
    from tinykit import datasets, features, models, plots, streaming, verification
    from tinykit.board import VirtualBoard, boards, check_fit, forget_measurement, measure
    from tinykit.common.errors import TinykitError
    from tinykit.compiler import compile
    from tinykit.datasets.recording.image import record_images
    from tinykit.datasets.recording.motion import record_gestures
    from tinykit.export import export_benchmark, export_sketch
    from tinykit.quantization import TinyModel, quantize
    from tinykit.quantization.streaming import streaming_form
    from tinykit.streaming import score, stream
    from tinykit.techniques.dials import load_dials
    from tinykit.training import load_checkpoint, train
    from tinykit.training.augmentation.audio import Augmentation
    from tinykit.training.augmentation.image import ImageAugmentation
    from tinykit.training.augmentation.motion import MotionAugmentation
    from tinykit.verification import verify
    from tinykit.verification.report_json import write_report


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"tinykit.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'tinykit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
