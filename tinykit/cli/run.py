"""`tinykit run`: a lesson's notebook, headless; its outputs appear together or not at all."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tinykit.cli.lessons import OUTPUTS, Lesson
from tinykit.common.errors import TinykitError
from tinykit.common.files import is_clutter, replaced_folder, write_atomically

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from tinykit.cli.notebook import CellFailed

NOTEBOOK = "notebook.ipynb"  # as executed


class CheckFailed(Exception):  # noqa: N818 (a verdict, not a fault)
    """A check in a notebook failed. The text is one line: which, and where to look."""


def run(lesson: Lesson, out: Path, parameters: dict) -> dict:
    """Execute a lesson's notebook headless and put what it made into the folder `out`.

    `parameters` replace the values of the notebook's cell tagged `parameters`; `out` is added to
    them. The outputs appear in `out` together, when everything has succeeded; until then, and when
    it fails or is interrupted, an earlier run's outputs stay. Returns the content of report.json.

    Raises CheckFailed when a cell fails (the notebook, as far as it got, is kept beside `out`) and
    TinykitError for input that cannot be used.
    """
    if parameters.get("use_checkpoint") and parameters.get("words"):
        from tinykit.training.checkpoints import check_checkpoint

        words = parameters["words"]
        words = [words] if isinstance(words, str) else words
        check_checkpoint(lesson.name, [*words, "unknown", "silence"])
    if parameters.get("data") and not Path(parameters["data"]).exists():
        raise TinykitError(f"{parameters['data']} does not exist. Check the path after --data.")
    refuse_foreign_files(out, lesson)
    from tinykit.cli.notebook import CellFailed, execute  # takes a moment to import

    out = out.absolute()
    minutes = lesson.own_minutes if parameters.get("data") else lesson.minutes
    with replaced_folder(out) as work:
        print(f"{lesson.notebook.name}: about {minutes} minutes on 2 idle cores", flush=True)
        try:
            nb = execute(lesson.notebook, {**parameters, "out": str(work)})
        except CellFailed as failed:
            failed.message = failed.message.replace(str(work), str(out))
            raise _verdict(failed, out) from None
        missing = sorted(set(lesson.outputs) - {entry.name for entry in work.iterdir()})
        if missing:
            missing = ", ".join(missing)
            raise CheckFailed(f"{lesson.notebook.name} ended without writing {missing}.")
        text = _text(nb, work, out)
        (work / NOTEBOOK).write_text(text, encoding="utf-8", newline="\n")
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def refuse_foreign_files(out: Path, lesson: Lesson) -> None:
    """Raise TinykitError when `out` holds anything that no run has made: it would be lost."""
    if not out.exists():
        return
    if not out.is_dir():
        raise TinykitError(f"{out} is not a folder. Choose another one with --out.")
    ours = {NOTEBOOK, *OUTPUTS, *lesson.outputs}
    names = (entry.name for entry in out.iterdir())
    foreign = sorted(name for name in names if name not in ours and not is_clutter(name))
    if foreign:
        raise TinykitError(
            f"{out} holds {foreign[0]}, which is not from a run and would be lost. "
            "Move it away, or choose another folder with --out."
        )


def _verdict(failed: "CellFailed", out: Path) -> Exception:
    """What a failed cell means: unusable input (its own line), or a check that does not hold."""
    if failed.name == TinykitError.__name__:
        return TinykitError(failed.message)
    kept = out.with_name(f"{out.name}.failed.ipynb")
    write_atomically(kept, _writes(failed.nb))
    what = failed.message if failed.name == "AssertionError" else f"{failed.name}: {failed.message}"
    return CheckFailed(f'"{failed.heading}" failed: {what or "a check"}. See {kept}.')


def _writes(nb: "NotebookNode") -> str:
    import nbformat

    return nbformat.writes(nb) + "\n"


def _text(nb: "NotebookNode", work: Path, out: Path) -> str:
    """The notebook's file, with the name of the temporary folder replaced by the final one."""
    inside_json = [json.dumps(str(path))[1:-1] for path in (work, out)]
    return _writes(nb).replace(*inside_json)
