"""A header's names -> which columns are acceleration, rotation, time and label, and their units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

COLUMNS = ("aX", "aY", "aZ", "gX", "gY", "gZ")
STANDARD_GRAVITY = 9.80665  # m/s^2, by definition

# How many g, and how many degrees per second, one of a unit is; its first spelling is the one that
# notes use. `_plain` brings all spellings of powers, seconds and degrees to one.
_G = {
    "g": (1.0, "gs", "gn", "g0", "gforce"),
    "mg": (1e-3, "mgs"),
    "m/s^2": (1 / STANDARD_GRAVITY, "m/s2", "ms2", "ms-2", "mps2", "m/s/s", "m/ss", "mss"),
    "cm/s^2": (0.01 / STANDARD_GRAVITY, "cm/s2", "cms-2", "gal"),
    "mm/s^2": (0.001 / STANDARD_GRAVITY, "mm/s2", "mms-2"),
    "ft/s^2": (0.3048 / STANDARD_GRAVITY, "ft/s2", "fts-2"),
}
_RADIAN = 57.29577951308232  # degrees
_DEGREES = {
    "deg/s": (1.0, "dps", "degs", "degs-1", "deg/s", "°/s", "°s-1", "°s"),
    "mdps": (1e-3, "mdeg/s", "mdegs", "m°/s"),
    "rad/s": (_RADIAN, "rads", "rads-1", "rad/s", "radps", "r/s"),
    "mrad/s": (_RADIAN / 1_000, "mrads", "mradps"),
    "rpm": (6.0, "r/min", "rev/min"),
}
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millis"), 1e-3),
    **dict.fromkeys(("us", "micros"), 1e-6),
    **dict.fromkeys(("ns", "nanos"), 1e-9),
}
_SPELLINGS = (
    (r"[²\ufffd](?![a-z/])", "2"),
    (r"^\ufffd", "°"),
    ("[º˚]", "°"),
    ("[µμ]", "u"),
    ("[⁻\u2212]", "-"),
    ("¹", "1"),
    (r"degrees?|grad\b", "deg"),
    (r"radians?", "rad"),
    (r"met(er|re)s?", "m"),
    (r"nano[ -]?seconds?", "ns"),
    (r"micro[ -]?seconds?", "us"),
    (r"milli[ -]?seconds?", "ms"),
    (r"milli[ -]?", "m"),
    (r"seconds?|sec\b|sec(?=[^a-z])", "s"),
    (r"squared?", "2"),
    (r"\bper\b|_per_|(?<=[a-z])p(?=s\b)", "/"),
    (r"[\s_^*·.]", ""),
)


def _plain(unit: str) -> str:
    unit = unit.strip().lower()
    for pattern, plain in _SPELLINGS:
        unit = re.sub(pattern, plain, unit)
    return unit


def _by_spelling(table: dict[str, tuple]) -> dict[str, tuple[str, float]]:
    return {
        _plain(spelling): (unit, factor)
        for unit, (factor, *others) in table.items()
        for spelling in (unit, *others)
    }


_ACCELERATION, _ROTATION = _by_spelling(_G), _by_spelling(_DEGREES)


@dataclass(frozen=True)
class Unit:
    """A unit as a header gives it.

    Attributes:
        name: the usual spelling, or the header's where it is not known.
        factor: how many g, or degrees per second, one is; None where that is not known.
    """

    name: str
    factor: float | None


def unit_of(text: str, *, rotation: bool) -> Unit:
    """The unit that a header calls `text`, such as "m/s²", "mdps" or "rad per second"."""
    name, factor = (_ROTATION if rotation else _ACCELERATION).get(
        _plain(text), (text.strip(), None)
    )
    return Unit(name, factor)


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        width: how many there are.
        axes: which are acceleration x, y, z, then rotation, then gravity, as far as they are there.
        rotation, gravity: whether these are there.
        acceleration: the same; a header may name rotation alone.
        units: of acceleration, rotation and gravity; None where the header does not say.
        time: the time column, None when there is none.
        second: how many seconds one of the time column is; None when the header does not say.
        label: the column that names the gesture, None when there is none.
        names: of all columns, as written; empty without a header.
    """

    width: int
    axes: list[int]
    acceleration: bool = True
    rotation: bool = False
    gravity: bool = False
    units: tuple[Unit | None, Unit | None, Unit | None] = (None, None, None)
    time: int | None = None
    second: float | None = None
    label: int | None = None
    names: list[str] = field(default_factory=list)


_WORDS = {
    "acceleration": "a ac acc accel acceleration accelerometer accelerations totalacceleration "
    "accelerometeracceleration accelerationwithg gf gforce imuacc imuaccel beschleunigung",
    "linear": "linearacceleration linearaccelerometer linacc linaccel lacc useracceleration "
    "useracc motionuseracceleration accelerationwithoutg linearebeschleunigung",
    "rotation": "g gy gyr gyro gyros gyroscope rotation rot w omega rotationrate "
    "motionrotationrate gyrorotation gyroscoperotation angularvelocity angularrate angvel rotvel "
    "imugyro winkelgeschwindigkeit drehrate",
    "gravity": "gravity grav motiongravity",
    "bare": "",  # x, y, z of a file that has one sensor's
}
_AXIS_OF = {
    name: (sensor, axis)
    for sensor, words in _WORDS.items()
    for word in words.split() or [""]
    for axis, letter in enumerate("xyz")
    for name in (word + letter, letter + word)
}
# The surest clock first: a count of seconds or milliseconds, then what may be a date.
_COUNTS = "secondselapsed elapsed elapsedtime t ms millis timems timestampms us micros timeus"
_DATES = (
    "timestampus timens timestampns time times timestamp timestamps zeit sampletime epoch unixtime "
    "loggingtime loggingsample datetime date"
)
_TIMES = f"{_COUNTS} {_DATES}".split()
_LABELS = {"label", "labels", "class", "gesture", "gestures", "activity", "target", "category"}
_LONGEST_NAME = 80  # characters
_BRACKETS = re.compile(r"[(\[{](.*?)[)\]}]")
_NO_LETTER = re.compile(r"[^a-z]")


def axis_of(name: str) -> tuple[str, int, str | None] | None:
    """Sensor, axis 0 to 2 and unit as written of a column called `name`; None: it is no axis."""
    if len(name) > _LONGEST_NAME:
        return None
    name = re.sub(r"[(\[{]\s*([xyzXYZ])\s*[)\]}]", r" \1", name)  # acc[x] has no unit
    inside = [text for text in _BRACKETS.findall(name) if text.strip()]
    bare = _BRACKETS.sub(" ", name).strip().lower()
    found = _AXIS_OF.get(_NO_LETTER.sub("", bare))
    if found:
        known = [text for text in inside if _known(text, found[0])]
        return (*found, (known or inside or [None])[-1])
    for end in range(2, len(bare)):  # the unit without brackets: acc_x_mg, gyro x rad/s
        found = _AXIS_OF.get(_NO_LETTER.sub("", bare[:end]))
        unit = bare[end:].strip(" _-./,:")
        if found and found[0] != "bare" and unit and _known(unit, found[0]):
            return (*found, unit)
    word = re.fullmatch(r"(.*[a-z])[ _-]+([a-z]\w*)", bare)  # gyro_x_deg, acc_x_raw: no unit
    found = word and _AXIS_OF.get(_NO_LETTER.sub("", word[1]))
    return (*found, word[2]) if found and found[0] != "bare" else None


def with_units(columns: Columns, units: Sequence[str]) -> Columns | None:
    """The columns with the units of a second line of the header; None: it has none."""
    if len(units) != columns.width or not columns.names:
        return None
    if not any(_known(units[axis].strip("()[] "), "bare") for axis in columns.axes):
        return None
    return columns_of([f"{n} ({u})" for n, u in zip(columns.names, units, strict=True)])


def _known(unit: str, sensor: str) -> bool:
    both = (True, False) if sensor == "bare" else (sensor == "rotation",)
    return any(unit_of(unit, rotation=rotation).factor is not None for rotation in both)


def columns_of(names: Sequence[str], sensor: str = "") -> Columns | None:
    """What the columns called `names` are; None when they name no sensor's three axes.

    Args:
        names: the header's words, with their units.
        sensor: what x, y and z alone are of: "acceleration", "rotation" or "gravity"; "" for what
            their unit says, else acceleration.
    """
    there: dict[str, dict[int, tuple[int, str | None]]] = {}
    for index, name in enumerate(names):
        found = axis_of(name)
        if found:
            there.setdefault(found[0], {}).setdefault(found[1], (index, found[2]))
    whole = {kind: axes for kind, axes in there.items() if len(axes) == 3}
    bare = whole.pop("bare", None)
    if bare:
        unit = _unit(bare, rotation=True)
        turns = unit is not None and unit.factor is not None
        whole.setdefault(sensor or ("rotation" if turns else "acceleration"), bare)
    if "acceleration" not in whole and "linear" in whole:
        whole["acceleration"] = whole["linear"]
    kinds = [kind for kind in ("acceleration", "rotation", "gravity") if kind in whole]
    if not kinds:
        return None
    clean = [_NO_LETTER.sub("", _BRACKETS.sub("", name).lower()) for name in names]
    taken = [whole[kind][axis][0] for kind in kinds for axis in range(3)]
    times = sorted(
        (_TIMES.index(name) if name in _TIMES else len(_TIMES), index)
        for index, name in enumerate(clean)
        if (name in _TIMES or name.startswith("time")) and index not in taken
    )
    time = times[0][1] if times else None
    units = tuple(
        _unit(whole[kind], rotation=kind == "rotation") if kind in whole else None
        for kind in ("acceleration", "rotation", "gravity")
    )
    label = next((index for index, name in enumerate(clean) if name in _LABELS), None)
    return Columns(
        width=len(names),
        axes=taken,
        acceleration="acceleration" in whole,
        rotation="rotation" in whole,
        gravity="gravity" in whole,
        units=units,
        time=time,
        second=None if time is None else _second(names[time]),
        label=label,
        names=[name.strip() for name in names],
    )


def _unit(axes: dict[int, tuple[int, str | None]], *, rotation: bool) -> Unit | None:
    """The unit of a sensor's three columns; only one may name it. None: none does."""
    written = {text for _, text in axes.values() if text}
    units = {unit_of(text, rotation=rotation) for text in written}
    if len(units) > 1:
        return Unit(" and ".join(sorted(unit.name for unit in units)), None)
    return units.pop() if units else None


def _second(name: str) -> float | None:
    """How many seconds one of a time column is, by its name: Time (s), time_ms, micros."""
    inside = _BRACKETS.findall(name)
    words = [_plain(inside[-1])] if inside else re.split(r"[^a-z]+", name.lower())
    return next((_SECONDS[word] for word in words if word in _SECONDS), None)
