"""TinyModel -> Arduino sketch: one folder that compiles as it is."""

from tinykit.export.sketch import Sketch, board_decision, export_sketch, sketch_name

__all__ = ["Sketch", "board_decision", "export_sketch", "sketch_name"]
