"""report.json: what a lesson found, for other programs to read."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tinykit.common.files import write_atomically

if TYPE_CHECKING:
    from tinykit.verification import Report


def write_report(
    out: Path | str,
    *,
    project: str,
    data: str,
    report: "Report",
    seconds_train: float = 0.0,
    **more: object,
) -> Path:
    """Write report.json into the folder `out`: a project's results for other programs to read.

    Args:
        out: folder of the run's outputs.
        project: name as in PROJECTS.
        data: `bundled`, or the path the data came from (`source` of the data set).
        report: what `tk.verify` found. What TFLM alone can tell is null where it cannot run.
        seconds_train: wall-clock seconds of training; 0 when a checkpoint was taken.
        more: further keys, with values that JSON knows.

    Returns the file's path. Raises TinykitError when it cannot be written.
    """
    import psutil

    content = {
        "project": project,
        "data": data,
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
        # The notebook's kernel is this process: it started when the notebook did.
        "seconds": {
            "total": round(time.time() - psutil.Process().create_time(), 1),
            "train": round(seconds_train, 1),
        },
        **({"board": report.board.to_dict()} if report.board else {}),
        **more,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return write_atomically(Path(out) / "report.json", text + "\n")


def summary(report: dict) -> str:
    """report.json as the short table that `tinykit run` ends with."""

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.1f} %"

    accuracy, parity, size = report["accuracy"], report["parity"], report["size"]
    seconds = report["seconds"]
    same = {
        True: "every byte identical",
        False: f"differ by {parity['max_lsb']} LSB",
        None: "NOT CHECKED (TFLM has no package for this system, see README)",
    }[parity["identical"]]
    arena = "not measured" if size["arena_bytes"] is None else f"{size['arena_bytes']:,} B"
    rows = {
        "data": report["data"],
        "labels": ", ".join(report["labels"]),
        "accuracy": ", ".join(f"{name} {percent(value)}" for name, value in accuracy.items()),
        "TFLM check": f"{parity['samples']:,} inputs, {same}",
        "size": f"model {size['tflite_bytes']:,} B, arena {arena}, {report['macs']:,} MACs",
        **_board_row(report.get("board")),
        "seconds": f"{seconds['total']:.0f} in all, {seconds['train']:.0f} training",
    }
    return "\n".join([report["project"], *(f"  {key:<11}{value}" for key, value in rows.items())])


def _board_row(board: dict | None) -> dict[str, str]:
    """The row of `summary` on the virtual board, where it ran."""
    if board is None:
        return {}
    same = "every byte identical" if board["identical"] else "outputs DIFFER"
    cost = f"{board['instructions']:,} instructions, {board['ram_bytes']:,} B RAM"
    return {"compiled": f"{same} on the virtual {board['name']}, {cost}"}
