"""report.json: what a lesson found, for other programs to read."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinykit.common.errors import TinykitError
from tinykit.common.files import write_atomically
from tinykit.verification.results import (
    checked_claims,
    checked_results,
    claims_table,
    results_table,
)

if TYPE_CHECKING:
    from tinykit.verification import Report


def write_report(
    out: Path | str,
    *,
    project: str | None = None,
    lesson: str | None = None,
    data: str | None = None,
    report: "Report | None" = None,
    seconds_train: float = 0.0,
    results: Sequence[Mapping[str, Any]] | None = None,
    claims: Sequence[Mapping[str, Any]] | None = None,
    **more: object,
) -> Path:
    """Write report.json into the folder `out`: a lesson's results for other programs to read.

    Args:
        out: folder of the run's outputs.
        project, lesson: name as in `tinykit run --list`: a project's, or a technique lesson's.
        data: `bundled`, or the path the data came from (`source` of the data set).
        report: what `tk.verify` found; None in a technique lesson that checks no model. What TFLM
            alone can tell is null where it cannot run.
        seconds_train: wall-clock seconds of training; 0 when a checkpoint was taken.
        results: of a technique lesson: rows {name, accuracy, low, high, seeds, bytes, code_bytes,
            ram_bytes, macs, instructions}, of each what was measured, the baselines among them.
        claims: what it set out to show, rows {claim, target, measured, holds}.
        more: further keys, with values that JSON knows.

    Returns the file's path. Raises TinykitError when it cannot be written, a project comes without
    its report, or a row is not as it should be.
    """
    import psutil

    if (project is None) == (lesson is None):
        raise TinykitError("write_report needs a name: either project=... or lesson=...")
    if project and report is None:
        raise TinykitError(f"{project} is a project: give report=..., which tk.verify made.")
    content = {
        **({"project": project} if project else {"lesson": lesson}),
        **({} if data is None else {"data": data}),
        **(_of_model(report) if report else {}),
        # The notebook's kernel is this process: it started when the notebook did.
        "seconds": {
            "total": round(time.time() - psutil.Process().create_time(), 1),
            "train": round(seconds_train, 1),
        },
        **({"board": report.board.to_dict()} if report and report.board else {}),
        **({} if results is None else {"results": checked_results(results)}),
        **({} if claims is None else {"claims": checked_claims(claims)}),
        **more,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return write_atomically(Path(out) / "report.json", text + "\n")


def _of_model(report: "Report") -> dict[str, Any]:
    """What the host check found of the model."""
    return {
        "labels": report.labels,
        "accuracy": dict.fromkeys(("float", "int8", "tflm")) | report.accuracy,
        "balanced_accuracy": report.balanced_accuracy,
        "confusion": report.confusion,
        "parity": {
            "samples": report.samples,
            "identical": report.identical,
            "max_lsb": report.max_lsb,
        },
        "size": {"tflite_bytes": report.tflite_bytes, "arena_bytes": report.arena_bytes},
        "macs": report.macs,
        "ops": report.ops,
        "engine_versions": report.engine_versions,
    }


def summary(report: dict) -> str:
    """report.json as the short table that `tinykit run` ends with."""
    seconds = report["seconds"]
    rows = {
        **({"data": report["data"]} if "data" in report else {}),
        **(_model_rows(report) if "parity" in report else {}),
        **_board_row(report.get("board")),
        "seconds": f"{seconds['total']:.0f} in all, {seconds['train']:.0f} training",
    }
    name = report["project"] if "project" in report else report["lesson"]
    lines = [name, *(f"  {key:<11}{value}" for key, value in rows.items())]
    for key, table in (("results", results_table), ("claims", claims_table)):
        if report.get(key):
            lines += [f"  {key}", *(f"    {line}" for line in table(report[key]).splitlines())]
    return "\n".join(lines)


def _model_rows(report: dict) -> dict[str, str]:
    """The rows of `summary` on the model and its check."""

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.1f} %"

    accuracy, parity, size = report["accuracy"], report["parity"], report["size"]
    same = {
        True: "every byte identical",
        False: f"differ by {parity['max_lsb']} LSB",
        None: "NOT CHECKED (TFLM has no package for this system, see README)",
    }[parity["identical"]]
    arena = "not measured" if size["arena_bytes"] is None else f"{size['arena_bytes']:,} B"
    return {
        "labels": ", ".join(report["labels"]),
        "accuracy": ", ".join(f"{name} {percent(value)}" for name, value in accuracy.items()),
        "TFLM check": f"{parity['samples']:,} inputs, {same}",
        "size": f"model {size['tflite_bytes']:,} B, arena {arena}, {report['macs']:,} MACs",
    }


def _board_row(board: dict | None) -> dict[str, str]:
    """The row of `summary` on the virtual board, where it ran."""
    if board is None:
        return {}
    same = "every byte identical" if board["identical"] else "outputs DIFFER"
    cost = f"{board['instructions']:,} instructions, {board['ram_bytes']:,} B RAM"
    return {"compiled": f"{same} on the virtual {board['name']}, {cost}"}
