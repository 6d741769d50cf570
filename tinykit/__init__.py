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
    "Augmentation": "tinykit.augmentation",
    "ImageAugmentation": "tinykit.image_augmentation",
    "MotionAugmentation": "tinykit.motion_augmentation",
    "TinyModel": "tinykit.quantization",
    "TinykitError": "tinykit.errors",
    "VirtualBoard": "tinykit.board",
    "boards": "tinykit.board",
    "check_fit": "tinykit.board",
    "compile": "tinykit.compiler",
    "export_sketch": "tinykit.export",
    "load_checkpoint": "tinykit.training",
    "load_dials": "tinykit.dials",
    "quantize": "tinykit.quantization",
    "record_gestures": "tinykit.recording",
    "record_images": "tinykit.image_recording",
    "score": "tinykit.motion_scoring",
    "stream": "tinykit.streaming",
    "train": "tinykit.training",
    "verify": "tinykit.verification",
    "write_report": "tinykit.projects",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]

# ruff: noqa: F401 (the names below tell editors and type checkers what __getattr__ gives)
if TYPE_CHECKING:
    from tinykit import datasets, features, models, plots, streaming, verification
    from tinykit.augmentation import Augmentation
    from tinykit.board import VirtualBoard, boards, check_fit
    from tinykit.compiler import compile
    from tinykit.dials import load_dials
    from tinykit.errors import TinykitError
    from tinykit.export import export_sketch
    from tinykit.image_augmentation import ImageAugmentation
    from tinykit.image_recording import record_images
    from tinykit.motion_augmentation import MotionAugmentation
    from tinykit.motion_scoring import score
    from tinykit.projects import write_report
    from tinykit.quantization import TinyModel, quantize
    from tinykit.recording import record_gestures
    from tinykit.streaming import stream
    from tinykit.training import load_checkpoint, train
    from tinykit.verification import verify


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
