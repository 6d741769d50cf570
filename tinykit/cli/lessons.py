"""The lessons of the course: which notebook each one is, what it takes and what it leaves behind.

One place for all of them. Whoever writes a lesson moves its name from `TO_COME` into `LESSONS`;
`tinykit run`, its list, its help and the tests follow.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from tinykit.common.command import started_as
from tinykit.common.errors import TinykitError
from tinykit.common.tables import Table

ROOT = Path(__file__).resolve().parents[2]

#: What a lesson with a network of its own leaves behind, beside its executed notebook.
OUTPUTS = ("model.tflite", "tinymodel.json", "report.json", "sketch")


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course.

    Attributes:
        name: as in `tinykit run NAME`; also the sketch's and the output folder's.
        notebook: its file.
        title: what it teaches, in a few words.
        minutes: to run it from top to bottom with the bundled data, on 2 idle cores.
        own_minutes: the same with data of one's own, some hundred recordings or pictures.
        parameters: what its cell tagged `parameters` sets; empty for a lesson without such a cell,
            which is worked through in the browser only.
        outputs: names in the output folder, beside notebook.ipynb; a run without them has failed.
    """

    name: str
    notebook: Path
    title: str
    minutes: int
    own_minutes: int
    parameters: tuple[str, ...] = ()
    outputs: tuple[str, ...] = OUTPUTS

    @property
    def runs_headless(self) -> bool:
        """Whether `tinykit run` can execute it: only then can it say where the outputs go."""
        return "out" in self.parameters

    @property
    def is_technique(self) -> bool:
        """Whether it teaches a technique (04 and later), and so shows its code in a cell."""
        return self.notebook.name[:2] >= "04"

    def to_dict(self) -> dict:
        """Everything, ready for JSON."""
        return asdict(self) | {"notebook": self.notebook.relative_to(ROOT).as_posix()}


def _notebook(name: str) -> Path:
    return ROOT / "notebooks" / f"{name}.ipynb"


LESSONS: dict[str, Lesson] = {
    lesson.name: lesson
    for lesson in (
        Lesson(
            "first_steps",
            _notebook("00_first_steps"),
            "a sine wave through the whole way",
            minutes=2,
            own_minutes=2,
            outputs=("sketch",),
        ),
        Lesson(
            "keyword_spotting",
            _notebook("01_keyword_spotting"),
            "sound: a network that hears yes and no",
            minutes=2,
            own_minutes=7,  # 40 epochs in the place of 12
            parameters=("data", "words", "use_checkpoint", "out"),
        ),
        Lesson(
            "visual_wake_words",
            _notebook("02_visual_wake_words"),
            "pictures: a network that sees whether somebody is there",
            minutes=2,
            own_minutes=2,
            parameters=("data", "use_checkpoint", "from_scratch", "out"),
        ),
        Lesson(
            "gesture_recognition",
            _notebook("03_gesture_recognition"),
            "motion: a network that feels circles, waves and punches",
            minutes=2,
            own_minutes=2,
            parameters=("data", "rows", "gestures", "use_checkpoint", "out"),
        ),
    )
}

#: Lessons that are planned: named, so that asking for one is told from a slip of the pen.
TO_COME = (
    "quantization",
    "compression",
    "distillation",
    "two_kilobytes",
    "always_on",
    "low_precision_training",
    "architecture_search",
    "patches",
    "learning_on_the_board",
    "int8_training",
    "split_learning",
    "video",
)


def headless() -> list[str]:
    """Names of the lessons that `tinykit run` executes, in the order of the course."""
    return [name for name, lesson in LESSONS.items() if lesson.runs_headless]


def find(name: str) -> Lesson:
    """The lesson of that name, to be executed. Raises TinykitError when there is none."""
    choice = f"Choose from: {', '.join(headless())}."
    if name in TO_COME:
        raise TinykitError(f"{name} is not part of this kit yet. {choice}")
    if name not in LESSONS:
        raise TinykitError(f"There is no lesson {name!r}. {choice}")
    if not LESSONS[name].runs_headless:
        raise TinykitError(
            f"{name} is worked through in the browser: `{started_as()} lab`, then open "
            f"{LESSONS[name].notebook.name}. To run one here: {', '.join(headless())}."
        )
    return LESSONS[name]


def those_with(parameter: str) -> list[str]:
    """Names of the lessons that take a parameter."""
    return [name for name, lesson in LESSONS.items() if parameter in lesson.parameters]


def check_made(path: Path) -> None:
    """Raise TinykitError, with the command that comes first, when outputs are missing."""
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        return
    lesson = next((part for part in path.parts if part in headless()), None)
    if lesson is None:
        return  # whoever reads it says what is wrong
    where = Path(*path.parts[: path.parts.index(lesson) + 1])
    elsewhere = "" if where == Path("build") / lesson else f" --out {where}"
    raise TinykitError(
        f"{path} has no outputs of a run yet. Make them first, in under a minute: "
        f"{started_as()} run {lesson} --checkpoint{elsewhere}"
    )


def table() -> str:
    """The course as lines: name, notebook, minutes, what it teaches."""
    rows = [
        (
            lesson.name if lesson.runs_headless else f"({lesson.name})",
            lesson.notebook.name,
            str(lesson.minutes),
            lesson.title,
        )
        for lesson in LESSONS.values()
    ]
    browser = [name for name, lesson in LESSONS.items() if not lesson.runs_headless]
    footer = ["", f"In brackets: only in the browser, `{started_as()} lab`."] if browser else []
    header = ("lesson", "notebook", "minutes", "teaches")
    return str(Table(rows, header, footer=footer, right=(2,)))
