"""Rows of motion in whatever unit -> g and degrees per second, or a sentence why not.

A header's unit is taken. Without one, gravity tells: at rest, acceleration is 1 g.
"""

import numpy as np
from scipy.signal import butter, sosfiltfilt

from tinykit.common.errors import TinykitError
from tinykit.datasets.files.motion_columns import STANDARD_GRAVITY, Columns, Unit

# What was decided while reading: a sentence, how often it was, and where for the first time.
Change = tuple[str, int, str]

# g: the median of a file is between, for gravity is always there and no hand keeps up 4 g for long.
_USUAL_G = (0.5, 4.0)
_USUAL_METRES = (5.0, 20.0)  # m/s^2, the same; lower than what 8-bit sensors count for 1 g
_USUAL_MILLI = (700.0, 1_500.0)  # no more: sensors that count have 256, 2,048, 4,096 ... for 1 g

_BY_SIZE = (
    (Unit("g", 1.0), *_USUAL_G),
    (Unit("m/s^2", 1 / STANDARD_GRAVITY), *_USUAL_METRES),
    (Unit("mg", 1e-3), *_USUAL_MILLI),
)

_LARGEST_G = 32.0  # beyond it two lines have run together
_NO_GRAVITY = 0.2  # g: the mean of a take without gravity is less, for a hand comes back to rest
# Even as rad/s (6 deg/s) it counts as little as 0.02 g does: whichever it is, nothing changes.
_TOO_LITTLE = 0.1
_FASTEST = 45.0  # rad/s would be more than 2,500 degrees per second, which no sensor gives
_SLOWEST = 12.0  # degrees per second: a hand that pushes turns faster now and then
_PUSH = 0.15  # g: how much acceleration differs from its mean where a hand pushes
_SAY = (
    "Write the units into the header, such as 'aX (g),aY (g),aZ (g),gX (rad/s),gY (rad/s),"
    "gZ (rad/s)', or convert them to g and deg/s"
)

WAND_UNIT = "Files in milli-g, converted to g: {} (first: {})."
_CONVERTED = "Files with {what} in {unit} ({why}), converted to {to}: {{}} (first: {{}})."
_ADDED = "Files with gravity in columns of its own, which was added to acceleration: {} ({})."
NO_GRAVITY = (
    "Files whose acceleration lacks gravity (at rest it is 0, not 1 g): {} (first: {}). A board's "
    "sensor feels gravity, too, so a model of these will not do on a board: record acceleration "
    "with gravity."
)


def to_units(
    blocks: list[np.ndarray], columns: Columns, rate: float, where: str, *, wand: bool
) -> tuple[list[np.ndarray], list[Change]]:
    """Acceleration in g and rotation in degrees per second, and what was done to get there.

    Args:
        blocks: float64 (rows, axes) each, the axes as `columns` has them.
        columns: of the file; its units are taken where it names them.
        rate: Hz, roughly.
        where: the file, and its first line of numbers where it has lines, for messages.
        wand: whether the file is like those of TFLM's magic wand, which are in milli-g.

    Raises:
        TinykitError: when a unit is known neither from the header nor from the values.
    """
    name = where.rpartition(", line ")[0] or where
    motion = [block.copy() for block in blocks]
    at = 6 if columns.rotation else 3
    if not _lengths([block[:, :3] for block in motion]).size:  # the rows are all junk
        return [block[:, :at] for block in motion], []
    changes = []
    unit, why = columns.units[0], "as their header says"
    if unit is None or unit.factor is None:
        unit, why = _by_gravity([b[:, :3] for b in motion], unit, where, wand=wand), "by its size"
    for block in motion:
        block[:, :3] *= unit.factor
    if wand and unit.name == "mg" and why == "by its size":
        changes.append((WAND_UNIT, 1, name))
    elif unit.factor != 1:
        changes.append((_converted("acceleration", unit, why), 1, name))
    if lacks_gravity([block[:, :3] for block in motion]) and columns.gravity:
        for block in motion:
            block[:, :3] += block[:, at : at + 3] * _gravity_unit(columns, unit)
        changes.append((_ADDED, 1, name))
    _check_gravity(motion, unit, where)
    if lacks_gravity([block[:, :3] for block in motion]):
        changes.append((NO_GRAVITY, 1, name))
    if columns.rotation:
        changes += _turn(motion, columns.units[1], unit, rate, where)
    return [block[:, :at] for block in motion], changes


def _converted(what: str, unit: Unit, why: str) -> str:
    to = "g" if what == "acceleration" else "degrees per second"
    return _CONVERTED.format(what=what, unit=unit.name, why=why, to=to)


def _gravity_unit(columns: Columns, acceleration: Unit) -> float:
    unit = columns.units[2]
    return acceleration.factor if unit is None or unit.factor is None else unit.factor


def _lengths(vectors: list[np.ndarray]) -> np.ndarray:
    lengths = np.concatenate([np.linalg.norm(block, axis=1) for block in vectors])
    return lengths[np.isfinite(lengths)]


def _swing(acceleration: list[np.ndarray], largest: float) -> tuple[float, float]:
    """The length of the mean vector of a usual take, and the length it has in quiet moments."""
    means = []
    for block in acceleration:
        length = np.linalg.norm(block, axis=1)
        good = block[length <= largest]  # not so for NaN
        if len(good):
            means.append(np.linalg.norm(good.mean(axis=0)))
    quiet = float(np.percentile(_lengths(acceleration), 10))
    return (float(np.median(means)) if means else 0.0), quiet


def lacks_gravity(acceleration: list[np.ndarray]) -> bool:
    """Whether gravity is missing in takes of acceleration in g, float (rows, 3) each.

    However a hand turns, it hardly shows all its sides to the ground for as long as each other.
    """
    lengths = _lengths(acceleration)
    if not len(lengths):
        return False
    mean, _ = _swing(acceleration, _LARGEST_G)
    return mean < _NO_GRAVITY or float(np.median(lengths)) < _USUAL_G[0]


def _by_gravity(
    acceleration: list[np.ndarray], named: Unit | None, where: str, *, wand: bool
) -> Unit:
    """The unit in which gravity is 1; TinykitError where that is none."""
    median = float(np.median(_lengths(acceleration)))
    mean, quiet = _swing(acceleration, np.inf)
    found = next((unit for unit, low, high in _BY_SIZE if low <= median <= high), None)
    swings = mean < 0.3 * median and quiet < 0.25 * median
    if median > 0 and (swings or (found and mean * found.factor < _NO_GRAVITY)):
        raise TinykitError(
            f"{where}: from here on acceleration swings around 0, as it does where gravity was "
            f"taken out, so that its unit cannot be known. {_SAY}."
        )
    if wand and 1_000 * _USUAL_G[0] <= median <= 1_000 * _USUAL_G[1]:
        return Unit("mg", 1e-3)
    if found:
        return found
    said = f" (the header says {named.name!r})" if named else ""
    counts = ""
    if median > 100:
        counts = (
            "It looks like a sensor's raw numbers: divide them by the number that is 1 g. "
            "For rotation, too, the sensor's data sheet has it. "
        )
    raise TinykitError(
        f"{where}: acceleration is about {median:.4g} from here on{said}, but gravity alone is "
        f"1 g, 9.81 m/s^2 or 1000 mg. {counts}{_SAY}, or record it again."
    )


def _check_gravity(motion: list[np.ndarray], unit: Unit, where: str) -> None:
    """Raise TinykitError when acceleration is steady, and not gravity: the header's unit is wrong.

    Without gravity it would swing around 0.
    """
    acceleration = [block[:, :3] for block in motion]
    median = float(np.median(_lengths(acceleration)))
    mean, quiet = _swing(acceleration, np.inf)
    steady = mean >= 0.8 * median and quiet >= 0.5 * median
    if median > _USUAL_G[1] or (median < _USUAL_G[0] and steady):
        raise TinykitError(
            f"{where}: acceleration is about {median / unit.factor:.4g} {unit.name} from here on, "
            f"but gravity alone is {1 / unit.factor:.4g} {unit.name}: the unit is another one. "
            "Correct the header, or record it again."
        )


def _turn(
    motion: list[np.ndarray], unit: Unit | None, acceleration: Unit, rate: float, where: str
) -> list[Change]:
    """Convert rotation in place; TinykitError when its unit is not known."""
    name = where.rpartition(", line ")[0] or where
    why = "as their header says"
    if unit is None or unit.factor is None:
        unit, why = _by_turning(motion, unit, acceleration, rate, where), "by their size"
    for block in motion:
        block[:, 3:6] *= unit.factor
    return [(_converted("rotation", unit, why), 1, name)] if unit.factor != 1 else []


def _by_turning(
    motion: list[np.ndarray], named: Unit | None, acceleration: Unit, rate: float, where: str
) -> Unit:
    """Radians or degrees per second, by what gravity does meanwhile; TinykitError: cannot tell."""
    degrees, radians = Unit("deg/s", 1.0), Unit("rad/s", float(np.degrees(1)))
    rotation = np.concatenate([np.abs(block[:, 3:6]).ravel() for block in motion])
    rotation = rotation[np.isfinite(rotation)]
    peak = float(np.percentile(rotation, 99)) if len(rotation) else 0.0
    if peak > 5_000:
        raise TinykitError(
            f"{where}: rotation goes up to {peak:,.0f} from here on, and no hand turns so fast. "
            f"{_SAY}."
        )
    if peak <= _TOO_LITTLE or peak > _FASTEST:
        return degrees
    times = turned(motion, rate)
    if times:
        return radians if times > np.sqrt(radians.factor) else degrees
    lengths = _lengths([block[:, :3] for block in motion])
    lengths = lengths[lengths < _LARGEST_G]
    pushed = len(lengths) > 1 and float(np.std(lengths)) > _PUSH
    if named is None and acceleration.factor == 1 and not (pushed and peak < _SLOWEST):
        return degrees  # g and degrees per second are what a file without units has
    said = f"the header says {named.name!r}" if named else "the header names no unit"
    raise TinykitError(
        f"{where}: rotation goes up to {peak:.3g} from here on and {said}: it may be in rad/s or "
        f"in deg/s. {_SAY}."
    )


def turned(motion: list[np.ndarray], rate: float) -> float | None:
    """How many times faster gravity turns than rotation says, were it in degrees per second.

    What rests in the world turns with -rotation in the sensor's frame (+rotation in a left-handed
    one). None where the two do not go together: nothing turns, or a hand pushes too much.
    """
    if rate < 10:
        return None
    low_pass = butter(2, min(2.0, rate / 5), fs=rate, output="sos")
    both = square = change_square = 0.0
    for block in motion:
        good = block[np.isfinite(block[:, :6]).all(axis=1), :6]
        if len(good) < 30:
            continue
        slow = sosfiltfilt(low_pass, good, axis=0, padlen=min(15, len(good) - 1))
        change = np.gradient(slow[:, :3], 1 / rate, axis=0)
        expected = np.cross(np.deg2rad(slow[:, 3:6]), slow[:, :3])
        both += float((change * expected).sum())
        square += float((expected**2).sum())
        change_square += float((change**2).sum())
    if square <= 0 or change_square <= 0 or abs(both) < 0.7 * np.sqrt(square * change_square):
        return None
    times = abs(both) / square
    return times if 0.2 < times < 5 or 12 < times < 300 else None
