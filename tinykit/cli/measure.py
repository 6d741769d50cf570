"""`tinykit measure`: what a connected board takes for a model, beside the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinykit.common.errors import TinykitError


@dataclass(frozen=True)
class Answer:
    """What the command says: facts for JSON, text for a terminal."""

    facts: dict
    text: str


def read_board(model: Path, port: str | None, save: bool) -> Answer:
    """Measure a model on the board that is connected, and keep the factor when asked to.

    Raises TinykitError as `tk.measure` does.
    """
    from tinykit.board import measure

    result = measure(port, model)
    facts = {
        "board": result.board.name,
        "model": result.report.model,
        "measured": result.measured,
        "estimated": result.estimated,
        "factor": result.factor,
        "counter": result.report.counter,
        "cache": result.report.cache,
        "layers": [
            {"name": row.name, "op": row.op, "measured": row.measured, "estimated": row.estimated}
            for row in result.layers
        ],
        "saved": str(result.save()) if save else None,
    }
    text = str(result)
    if save:
        text += (
            f"\n\nEstimates for the {result.board.title} are multiplied by {result.factor:.2f} "
            f"from now on. `measure --forget {result.board.name}` undoes it."
        )
    return Answer(facts, text)


def write_sketch(model: Path, out: Path, board: str) -> Answer:
    """Write the sketch that the board has to run. Raises TinykitError as `export_benchmark`."""
    from tinykit.export import export_benchmark

    sketch = export_benchmark(model, out, board)
    facts = {"sketch": str(sketch.path), "board": board, "layers": sketch.layers}
    return Answer(facts, str(sketch))


def forget(board: str) -> Answer:
    """Take a board's estimates as they are again. Raises TinykitError: no such board."""
    from tinykit.board import find_board, forget_measurement

    title, found = find_board(board).title, forget_measurement(board)
    text = f"Nothing had been saved for the {title}."
    if found:
        text = f"Forgotten: estimates for the {title} are those of the virtual board again."
    return Answer({"board": board, "forgotten": found}, text)


def check_usage(model: Path | None, forgotten: str | None) -> None:
    """Raise TinykitError when there is nothing to do."""
    if model is None and forgotten is None:
        raise TinykitError("measure needs a model. Name the .tflite file, or --forget BOARD.")
