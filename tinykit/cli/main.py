"""The command line: `tinykit COMMAND ...` = `python -m tinykit ...` = `python3 kit.py ...`.

Exit codes: 0 done, 1 a check failed, 2 bad usage, bad input or Ctrl-C (one line, no
traceback). Each command imports what it needs, so that `--help` answers at once.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from tinykit import __version__
from tinykit.cli import lessons
from tinykit.cli.run import CheckFailed
from tinykit.common.command import started_as
from tinykit.common.errors import TinykitError
from tinykit.common.home import ensure_home


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit code. `arguments` default to those of the process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a label may hold what an old console cannot show
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    passed_on = []
    if arguments and arguments[0] in ("lab", "test") and arguments[1:2] not in (["-h"], ["--help"]):
        arguments, passed_on = arguments[:1], arguments[1:]  # JupyterLab's and pytest's own options
    options = _parser().parse_args(arguments)
    options.passed_on = passed_on
    try:
        ensure_home()
        return options.command(options)
    except TinykitError as error:
        return _fail(str(error), 2)
    except CheckFailed as failed:
        return _fail(str(failed), 1)
    except KeyboardInterrupt:
        return _fail("stopped. Earlier results and downloads are kept; run it again to go on.", 2)
    except BrokenPipeError:  # `tinykit predict ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(f"{name}{error.strerror or error}. Mend that, then run it again.", 2)
    except MemoryError:
        return _fail("the memory is full. Close other programs, then run it again.", 2)


def _fail(message: str, code: int) -> int:
    sys.stdout.flush()
    print(f"tinykit: {' '.join(message.splitlines())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """Answers bad usage in one line, and looks up the names to choose from only for its help."""

    named: tuple[argparse.Action, Callable[[], Iterable[str]]] | None = None

    def format_help(self) -> str:
        if self.named:
            action, names = self.named
            action.help = f"{action.help}: {', '.join(names())}"
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        self.exit(_fail(f"{message}. See {self.prog} --help.", 2))


_ROWS = "rows of each take, in files with nothing between the takes"
_OUT_DIR = "outputs of `run`, such as build/keyword_spotting"


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows, such as 119")
    return int(text)


def _lesson(text: str) -> str:
    if text not in ("all", *lessons.LESSONS, *lessons.TO_COME):
        names = ", ".join(lessons.headless())
        raise argparse.ArgumentTypeError(f"there is no {text!r}: choose from {names}, all")
    return text


def _boards() -> Iterable[str]:
    from tinykit.board.virtual.board import emulated_boards

    return emulated_boards()


def _all_boards() -> Iterable[str]:
    from tinykit.board.profiles import boards

    return boards


def _data_sets() -> Iterable[str]:
    from tinykit.datasets.downloads import PUBLIC

    return PUBLIC


def _parser() -> argparse.ArgumentParser:
    kit = started_as()
    parser = _Parser(
        prog=kit,
        description="A course kit for TinyML: from a notebook to a checked Arduino sketch.",
        epilog="Exit codes: 0 done, 1 a check failed, 2 bad usage or bad input.",
    )
    parser.add_argument("--version", action="version", version=f"tinykit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, function: Callable, text: str, usage: str | None = None):
        sub = commands.add_parser(name, help=text, description=text, usage=usage)
        sub.set_defaults(command=function)
        return sub

    _add_run(command("run", run, "execute a lesson's notebook and keep what it makes"))

    sub = command("predict", predict, "what a trained model makes of your files")
    sub.add_argument("out_dir", type=Path, metavar="OUT_DIR", help=_OUT_DIR)
    sub.add_argument("files", type=Path, nargs="+", metavar="FILE_OR_FOLDER")
    sub.add_argument("--engine", choices=["tflm", "litert", "compiled"], default="tflm")
    sub.add_argument("--rows", type=_rows, metavar="N", help=f"motion: {_ROWS}")
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("verify", verify, "check an int8 model under TensorFlow Lite Micro")
    sub.add_argument("model", type=Path, metavar="MODEL.tflite")
    sub.add_argument("--inputs", type=Path, metavar="X.npy", help="inputs (default: random ones)")
    board = sub.add_argument("--board", help="run the compiled model on this virtual board, too")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.named = board, _boards

    sub = command("compile", compile_model, "an int8 model as C++ that needs no library")
    sub.add_argument("model", type=Path, metavar="MODEL.tflite")
    sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the C++")

    _add_emulate(command("emulate", emulate, "run a sketch, or one model, on the virtual board"))

    _add_measure(command("measure", measure, "what a board takes, beside the estimate"))

    sub = command("download", download, "fetch a public data set (resumable, checked by SHA-256)")
    sub.named = sub.add_argument("dataset", metavar="DATASET", help="which one"), _data_sets
    sub.add_argument("--out", type=Path, help="folder for it (default: your user's cache)")

    sub = command("doctor", doctor, "what is missing on this computer, and how to mend it")
    sub.add_argument("--json", action="store_true", help="print JSON")

    usage = f"{kit} lab [JUPYTERLAB OPTION ...]"
    command("lab", lab, "JupyterLab on the notebooks", usage)
    usage = f"{kit} test [--quick] [PYTEST OPTION ...]"
    sub = command("test", test, "every test, the notebooks included", usage)
    sub.add_argument("--quick", action="store_true", help="neither notebooks nor slow tests")
    sub.epilog = "Several tests run at the same time where cores and memory allow; -n 0: one."
    return parser


def _add_run(sub: _Parser) -> None:
    """The options of `run`."""
    lesson = sub.add_argument(
        "lesson", type=_lesson, nargs="?", metavar="LESSON", help="which one, or all of them"
    )
    sub.named = lesson, lessons.headless
    sub.set_defaults(usage_error=sub.error)
    sub.add_argument("--list", action="store_true", help="the lessons: notebook, minutes, subject")
    sub.add_argument("--json", action="store_true", help="with --list: print JSON")
    sub.add_argument("--data", metavar="DIR_OR_ARCHIVE", help="instead of the bundled data")
    sub.add_argument("--checkpoint", action="store_true", help="take the shipped model, train none")
    sub.add_argument("--words", help="keyword_spotting: comma-separated, or all (default yes,no)")
    sub.add_argument("--rows", type=_rows, metavar="N", help=f"gesture_recognition: {_ROWS}")
    out = "folder for the outputs (default build/LESSON; with all: for the lessons' folders)"
    sub.add_argument("--out", type=Path, help=out)


def _add_emulate(sub: _Parser) -> None:
    """The options of `emulate`."""
    target = "outputs of `run`, a sketch's folder, or a .tflite file"
    sub.add_argument("target", type=Path, metavar="OUT_DIR_OR_MODEL", help=target)
    sub.add_argument(
        "--input",
        type=Path,
        metavar="FILE",
        help="for a sketch: a recording of sound or motion, a picture or a folder of pictures "
        "(default: something of the bundled data); for a model: a .npy file of inputs (default: a "
        "random one)",
    )
    sub.add_argument("--rows", type=_rows, metavar="N", help=f"motion: {_ROWS}")
    board = sub.add_argument("--board", default="nano33ble", help="which one (default nano33ble)")
    sub.named = board, _boards
    sub.add_argument("--json", action="store_true", help="print JSON")


def _add_measure(sub: _Parser) -> None:
    """The options of `measure`."""
    model = "that the board's sketch was made from"
    sub.add_argument("model", type=Path, nargs="?", metavar="MODEL.tflite", help=model)
    port = "serial port of the board (default: the one that is connected)"
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument("--save", action="store_true", help="correct this board's estimates by it")
    sketch = "write the sketch that the board has to run into this folder, and measure nothing"
    sub.add_argument("--sketch", type=Path, metavar="DIR", help=sketch)
    board = sub.add_argument(
        "--board", default="nano33ble", help="with --sketch: which one (default nano33ble)"
    )
    sub.add_argument("--forget", metavar="BOARD", help="take this board's estimates as they are")
    sub.named = board, _all_boards
    sub.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Execute one lesson, or all, and print a summary of each; or list them."""
    if options.list:
        listed = [lesson.to_dict() for lesson in lessons.LESSONS.values()]
        print(json.dumps(listed, indent=2) if options.json else lessons.table())
        return 0
    if options.lesson is None:
        options.usage_error(f"name a lesson: {', '.join(lessons.headless())}, or all")
    if options.json:
        raise TinykitError("--json belongs to --list. What a run found is in its report.json.")
    everything = options.lesson == "all"
    names = lessons.headless() if everything else [options.lesson]
    chosen = [(lessons.find(name), _parameters(options, name)) for name in names]
    for lesson, parameters in chosen:
        out = options.out / lesson.name if everything and options.out else options.out
        _run_one(lesson, out or Path("build") / lesson.name, parameters)
    return 0


def _run_one(lesson: lessons.Lesson, out: Path, parameters: dict) -> None:
    from tinykit.cli import run as runner
    from tinykit.verification.report_json import summary

    print(summary(runner.run(lesson, out, parameters)))
    sketch = f" (the Arduino sketch: {out / 'sketch' / lesson.name})"
    print(f"  {'outputs':<11}{out}{sketch if 'sketch' in lesson.outputs else ''}")


def _parameters(options: argparse.Namespace, name: str) -> dict:
    """What the options put into the parameters of a lesson's notebook. Raises TinykitError."""
    if options.data == "":  # "$RECORDINGS", a variable of the shell that is not set
        raise TinykitError("--data names no folder or archive. Leave it out for the bundled data.")
    given = {"data": options.data, "words": options.words, "rows": options.rows}
    given = {parameter: value for parameter, value in given.items() if value is not None}
    for parameter in given:
        takers = lessons.those_with(parameter)
        if options.lesson not in takers:  # "all" is none of them
            belongs = f"--{parameter} belongs to {' or '.join(takers)}"
            raise TinykitError(f"{belongs}. Leave it out, or run that one.")
    if "data" in given:
        given["data"] = str(Path(options.data).absolute())
    if "words" in given:
        given["words"] = parse_words(options.words)
    if name in lessons.those_with("use_checkpoint"):
        return {"use_checkpoint": options.checkpoint, **given}
    if options.checkpoint and options.lesson != "all":
        raise TinykitError(f"{name} has no shipped model. Leave --checkpoint out.")
    return given


def parse_words(text: str) -> list[str] | str:
    """`yes,no` as a list; `all` as it is. Raises TinykitError when there is no word in it."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise TinykitError(f"--words {text!r} names no word. Write for example --words yes,no.")
    return "all" if words == ["all"] else words


def predict(options: argparse.Namespace) -> int:
    """One row per input; exit code 2 when at least one input could not be read."""
    from tinykit.cli.predict import predict_files, table

    lessons.check_made(options.out_dir)
    rows = predict_files(options.out_dir, options.files, options.engine, options.rows)
    print(json.dumps(rows, indent=2) if options.json else table(rows))
    errors = [row["error"] for row in rows if "error" in row]
    if len(errors) > 1:
        errors[0] = f"{len(errors)} of {len(rows)} inputs could not be read; the first: {errors[0]}"
    return _fail(errors[0], 2) if errors else 0


def verify(options: argparse.Namespace) -> int:
    """The TFLM host check; exit code 1 when an output byte differs."""
    from tinykit.verification import verify_file

    report = verify_file(_model(options.model), inputs=options.inputs, board=options.board)
    print(json.dumps(report.to_dict(), indent=2) if options.json else report)
    return 0 if report.passed else 1


def _model(path: Path) -> Path:
    """The model's file, also for a folder that holds one. Raises TinykitError: not made yet."""
    lessons.check_made(path)
    inside = path / "model.tflite"
    return inside if inside.is_file() else path


def compile_model(options: argparse.Namespace) -> int:
    """Write the C++ of a model and say what it takes."""
    from tinykit.compiler import compile

    compiled = compile(_model(options.model))
    folder = compiled.write(options.out)
    print(f"{compiled}\n\n{folder}")
    return 0


def emulate(options: argparse.Namespace) -> int:
    """Run on the virtual board; exit code 1 when bytes differ from TFLM's or the sketch crashes."""
    from tinykit.cli import emulate as emulation

    lessons.check_made(options.target)
    if options.target.is_dir() or options.target.suffix == ".ino":
        result = emulation.run_sketch(options.target, options.input, options.board, options.rows)
    else:
        result = emulation.run_model(options.target, options.input, options.board)
    print(json.dumps(result.to_dict(), indent=2) if options.json else result)
    return 0 if result.passed else 1


def measure(options: argparse.Namespace) -> int:
    """Read a board's measurement of a model; or write the sketch for it, or forget one."""
    from tinykit.cli import measure as measuring

    measuring.check_usage(options.model, options.forget)
    if options.forget is not None:
        answer = measuring.forget(options.forget)
    elif options.sketch is not None:
        answer = measuring.write_sketch(_model(options.model), options.sketch, options.board)
    else:
        answer = measuring.read_board(_model(options.model), options.port, options.save)
    print(json.dumps(answer.facts, indent=2) if options.json else answer.text)
    return 0


def download(options: argparse.Namespace) -> int:
    """Fetch a public data set and say where it is."""
    from tinykit import datasets

    print(datasets.download(options.dataset, options.out))
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Check this computer; exit code 1 when something that is needed is missing."""
    from tinykit.cli.doctor import check_all, table

    checks = check_all()
    as_dicts = [check.to_dict() for check in checks]
    print(json.dumps(as_dicts, indent=2) if options.json else table(checks))
    return 0 if all(check.ok or not check.required for check in checks) else 1


def lab(options: argparse.Namespace) -> int:
    """JupyterLab on the kit's folder, open on the course's map, with this environment's kernel.

    Its root is the whole kit, so that finished sketches in build/ can be reached from the browser.
    The folder jupyter/ beside this file has the settings: pages instead of their source, no news.
    """
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    settings = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    from jupyterlab.labapp import main as jupyterlab

    start = "--LabApp.default_url=/lab/tree/notebooks/START.md"
    jupyterlab([f"--notebook-dir={lessons.ROOT}", start, *options.passed_on])
    return 0


def test(options: argparse.Namespace) -> int:
    """Run pytest on this project; gives its exit code."""
    import pytest

    from tinykit.cli.testing import pytest_arguments

    os.chdir(lessons.ROOT)
    return int(pytest.main(pytest_arguments(options.passed_on)))
