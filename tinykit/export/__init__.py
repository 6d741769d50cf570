"""TinyModel -> Arduino sketch: one folder that compiles as it is."""

from tinykit.export.benchmark import BenchmarkSketch, export_benchmark
from tinykit.export.sketch import Sketch, board_decision, export_sketch, sketch_name

__all__ = [
    "BenchmarkSketch",
    "Sketch",
    "board_decision",
    "export_benchmark",
    "export_sketch",
    "sketch_name",
]
