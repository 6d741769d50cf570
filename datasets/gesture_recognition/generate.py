"""Simulate the bundled gestures: a hand that holds a motion sensor. See DATASHEET.md.

    python datasets/gesture_recognition/generate.py        # writes recordings.zip beside this file

Positions are in metres in a frame of the person's (forward, left, up); the hand's orientation is
yaw (left +), pitch (nose up +) and roll (right side down +) in radians. The sensor's own axes are
those of Arduino's library on the Nano 33 BLE: x forward, y RIGHT, z up. That frame is left-handed,
so y of both acceleration and rotation is negated at the very end.
"""

import argparse
import io
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import bilinear, lfilter
from scipy.spatial.transform import Rotation

from tinykit.common.files import write_atomically

PEOPLE = 108
TAKES = 3  # of each gesture by each person
EVERYDAY_SECONDS = 30  # of each person
SAMPLE_RATE = 119.0  # Hz, the LSM9DS1's
GRAVITY = 9.81
_FINE = 4  # simulated points for each sample
_REST = (0.4, 0.7)  # seconds of rest before and after a gesture


@dataclass(frozen=True)
class Person:
    """How somebody moves and holds the board; times are factors or seconds, angles radians."""

    name: str
    split: str
    speed: float  # of strokes; 1 is usual
    size: float  # of strokes
    arm: float  # metres from the joint that turns to the hand
    follow: np.ndarray  # (3,) how far the hand turns with the arm: yaw, pitch; roll with yaw
    hold: np.ndarray  # (3,) yaw, pitch, roll in which the board is held
    lever: np.ndarray  # (3,) metres from the wrist, about which the hand turns, to the board
    overlap: float  # of a stroke with the next one: 0 stops in between, 0.5 runs together
    hesitates: float  # probability of a pause between strokes
    tremor: float  # g
    ring: tuple[float, float]  # Hz and damping of the hand's own oscillation
    left_handed: bool
    scale_error: np.ndarray  # (6,)
    bias: np.ndarray  # (6,) g and deg/s
    noise: np.ndarray  # (2,) g and deg/s
    jitter: float  # share of the time from sample to sample


def person(number: int, seed: int) -> Person:
    """A person drawn at random; every sixth is in the test, every sixth in the validation."""
    rng = np.random.default_rng((seed, number))
    worn = rng.random() < 0.3  # on the wrist, else in the hand
    split = {0: "test", 3: "validation"}.get(number % 6, "train")
    return Person(
        name=f"person_{number:02d}",
        split=split,
        speed=float(np.exp(np.clip(rng.normal(0.0, 0.2), -0.3, 0.4))),
        size=float(np.exp(rng.normal(-0.1, 0.25))),
        arm=float(rng.uniform(0.2, 0.5)),
        follow=np.array([rng.uniform(0.4, 2.4), rng.uniform(0.2, 1.4), rng.normal(0, 0.5)]),
        hold=rng.normal(0, np.radians([12, 10, 25 if worn else 15])),
        lever=np.array([rng.uniform(-0.03, 0.0) if worn else rng.uniform(0.05, 0.12), 0, 0.01]),
        overlap=float(rng.uniform(0.05, 0.35)),
        hesitates=float(rng.choice([0.02, 0.15])),
        tremor=float(np.exp(rng.normal(np.log(0.012), 0.5))),
        ring=(float(rng.uniform(4, 12)), float(rng.uniform(0.12, 0.6))),
        left_handed=bool(rng.random() < 0.12),
        scale_error=1 + rng.normal(0, 0.012, 6),
        bias=np.concatenate([rng.normal(0, 0.02, 3), rng.normal(0, 1.5, 3)]),
        noise=np.array([rng.uniform(0.001, 0.006), rng.uniform(0.05, 0.25)]),
        jitter=float(rng.uniform(0, 0.08)),
    )


class Movement:
    """A movement that grows stroke by stroke: 6 columns, position and orientation."""

    def __init__(self, person: Person, rng: np.random.Generator, rest: float) -> None:
        self.person, self.rng = person, rng
        self.now = rest
        self.strokes: list[tuple[float, float, np.ndarray, float]] = []
        self.curves: list[tuple[float, float, Callable]] = []

    def stroke(self, move, seconds: float, turn=(0, 0, 0), overlap: float | None = None) -> None:
        """Add a minimum-jerk stroke by `move` metres and `turn` radians."""
        p, rng = self.person, self.rng
        seconds = seconds / p.speed * np.exp(rng.normal(0, 0.12))
        move = np.array(move, float) * np.exp(rng.normal(0, 0.12)) * p.size
        move += rng.normal(0, 0.06, 3) * np.linalg.norm(move)
        turn = np.array(turn, float) * np.exp(rng.normal(0, 0.15)) * p.size**0.5
        skew = np.exp(rng.normal(0, 0.25))
        self.strokes.append((self.now, seconds, np.concatenate([move, turn]), skew))
        self.now += seconds * (1 - (p.overlap if overlap is None else overlap))
        if rng.random() < p.hesitates:
            self.now += rng.uniform(0.05, 0.2)

    def pause(self, seconds: float) -> None:
        """Wait until the last stroke has ended, and then some more."""
        ends = [start + length for start, length, *_ in self.strokes]
        ends += [start + length for start, length, _ in self.curves]
        self.now = max([self.now, *ends]) + seconds

    def curve(self, position: Callable[[np.ndarray], np.ndarray], seconds: float) -> None:
        """Add a path (n, 3) that is a function of progress 0 ... 1, walked with minimum jerk."""
        self.curves.append((self.now, seconds, position))
        self.now += seconds

    def points(self, rest: float) -> tuple[np.ndarray, np.ndarray]:
        """Times (n,) and position and turn (n, 6), the arm's geometry included."""
        self.pause(rest)
        times = np.arange(0, self.now, 1 / (SAMPLE_RATE * _FINE))
        path = np.zeros((len(times), 6))
        for start, seconds, by, skew in self.strokes:
            t = np.clip((times - start) / seconds, 0, 1) ** skew
            path += minimum_jerk(t)[:, None] * by
        for start, seconds, position in self.curves:
            path[:, :3] += position(minimum_jerk((times - start) / seconds, blend=True))
        return times, self._on_an_arm(path)

    def _on_an_arm(self, path: np.ndarray) -> np.ndarray:
        """The hand turns with the arm, and is on a sphere about the joint rather than a plane."""
        p = self.person
        _, left, up = path[:, :3].T
        yaw, pitch = np.arctan2(left, p.arm), np.arctan2(up, p.arm)
        path = path.copy()
        path[:, 0] -= 0.6 * (np.hypot(p.arm, np.hypot(left, up)) - p.arm)
        path[:, 3] += p.follow[0] * yaw
        path[:, 4] += p.follow[1] * pitch
        path[:, 5] += p.follow[2] * yaw
        return path


def minimum_jerk(t: np.ndarray, blend: bool = False) -> np.ndarray:
    """Progress 0 ... 1 of a hand that moves as people do (Flash and Hogan 1985).

    With `blend` only the ends are smooth, and the middle goes at constant speed, as in a circle.
    """
    t = np.clip(t, 0, 1)
    if not blend:
        return t**3 * (10 - 15 * t + 6 * t**2)
    r = 0.3
    end = 1 - r - (1 - t) ** 2 / (2 * r)
    ramp = np.where(t < r, t**2 / (2 * r), np.where(t > 1 - r, end, t - r / 2))
    return ramp / (1 - r)


# Gestures


def circle(path: Movement) -> None:
    """One turn, or a bit more, in the plane in front of the person."""
    rng, p = path.rng, path.person
    radius = rng.uniform(0.05, 0.14) * p.size
    seconds = rng.uniform(0.55, 1.1) / p.speed * (radius / 0.10) ** 0.3
    turns = rng.uniform(0.9, 1.35) * rng.choice([-1, 1], p=[0.5, 0.5])
    begin = rng.choice([0, np.pi / 2, np.pi, -np.pi / 2], p=[0.5, 0.15, 0.2, 0.15])
    begin += rng.normal(0, 0.3)
    aspect, lean, drift = np.exp(rng.normal(0, 0.2)), rng.normal(0, 0.3), rng.normal(0, 0.04, 3)

    def position(t: np.ndarray) -> np.ndarray:
        angle = begin + 2 * np.pi * turns * t
        left = radius * aspect * (np.sin(angle) - np.sin(begin))
        up = radius / aspect * (np.cos(angle) - np.cos(begin))
        return np.stack([lean * up, left, up], axis=1) + t[:, None] * drift

    path.curve(position, seconds)


def _sweeps(path: Movement, axis: np.ndarray, distance: float, seconds: float) -> None:
    """To one side, across to the other, and back, once or twice; or one way only."""
    rng = path.rng
    side = rng.choice([-1, 1])
    sweeps = int(rng.choice([1, 2, 3, 4], p=[0.1, 0.5, 0.2, 0.2]))
    lean = rng.normal(0, 0.08, 3)
    for sweep in range(sweeps):
        whole = 1.0 if 0 < sweep < sweeps - 1 else rng.choice([0.5, 1.0])
        path.stroke(side * whole * distance * (axis + lean), seconds * whole**0.5)
        side = -side


def horizontal(path: Movement) -> None:
    """A wave from side to side."""
    distance = path.rng.uniform(0.1, 0.4)
    _sweeps(path, np.array([0, 1, 0]), distance, 0.38 * (distance / 0.2) ** 0.4)


def vertical(path: Movement) -> None:
    """A wave up and down."""
    distance = path.rng.uniform(0.1, 0.4)
    _sweeps(path, np.array([0, 0, 1]), distance, 0.36 * (distance / 0.2) ** 0.4)


def punch(path: Movement) -> None:
    """The fist shoots forward - straight, or in a hook from outside - and comes back."""
    rng = path.rng
    hook = rng.choice([0.1, 0.8]) * rng.uniform(0, 1)
    forward, inward = rng.uniform(0.15, 0.4) * (1 - 0.4 * hook), hook * rng.uniform(0.08, 0.3)
    twist = rng.uniform(-0.1, 1.0) * (1 - hook)
    move = np.array([forward, inward, rng.normal(0.03, 0.05)])
    turn = np.array([hook * rng.uniform(0.3, 1.2), 0, -twist])
    if rng.random() < 0.5:  # draw back first
        path.stroke(-0.3 * move, 0.3, -0.3 * turn)
    path.stroke(move, rng.uniform(0.18, 0.32), turn, overlap=rng.uniform(0, 0.3))
    path.stroke(-move, rng.uniform(0.25, 0.5), -turn)


def flex(path: Movement) -> None:
    """The forearm bends up at the elbow, the palm turning, and goes down again."""
    rng, p = path.rng, path.person
    bend = rng.uniform(0.6, 1.6)
    palm = rng.choice([-1, 1], p=[0.5, 0.5]) * rng.uniform(0.5, 1.0) * bend
    swing = rng.normal(0.15, 0.3)
    seconds = rng.uniform(0.3, 0.65) * (bend / 1.0) ** 0.4
    forearm = rng.uniform(0.12, 0.34) / p.size
    reach = forearm * np.array([-(1 - np.cos(bend)), 0.3 * np.sin(swing), np.sin(bend)])
    # The arm's own geometry turns the hand up already, by less than the elbow does.
    turn = np.array([swing, max(0.0, bend - p.follow[1] * np.arctan2(reach[2], p.arm)), palm])
    first = rng.choice([1, -1], p=[0.65, 0.35])  # from below, or from above
    path.stroke(first * reach, seconds, first * turn)
    path.now += rng.choice([0, rng.uniform(0, 0.15)])
    path.stroke(-first * reach, seconds * rng.uniform(0.8, 1.3), -first * turn)


def wing(path: Movement) -> None:
    """The letter W in the air: down, up, down, up, and always to the right."""
    rng = path.rng
    height = rng.uniform(0.12, 0.3)
    width = height * rng.uniform(0.5, 0.9)
    for direction in (-1, 1, -1, 1):
        path.stroke((0, -width, direction * height), rng.uniform(0.24, 0.36))


_MOVEMENTS = {
    movement.__name__: movement for movement in (circle, horizontal, vertical, punch, flex, wing)
}
GESTURES = tuple(_MOVEMENTS)


# Everyday motion


def _wander(path: Movement, strokes: int, calm: float) -> None:
    """Reaching, turning, putting down: strokes in any direction."""
    rng = path.rng
    at = np.zeros(6)
    for _ in range(strokes):
        to = np.concatenate([rng.normal(0, 0.16, 3), rng.normal(0, 0.5, 3)])
        by = to - at
        seconds = calm * rng.uniform(0.5, 1.3)
        path.stroke(by[:3], seconds, by[3:], overlap=rng.uniform(0, 0.4))
        at = to
        if rng.random() < 0.4:
            path.now += rng.uniform(0.1, 1.5)


def _periodic(seconds: float, rate: float, amplitude: np.ndarray, rng) -> Callable:
    """A repeated movement with two harmonics: position and turn (n, 6) over time."""
    phases = rng.uniform(0, 2 * np.pi, (2, 6))
    second = rng.uniform(0, 0.4, 6)
    wobble = rng.normal(0, 0.15, 6)

    def at(times: np.ndarray) -> np.ndarray:
        fade = np.clip(np.minimum(times, seconds - times) / 0.6, 0, 1)
        drift = rate * times + 0.08 * np.sin(2 * np.pi * 0.3 * times + wobble[0])
        angle = 2 * np.pi * drift[:, None] + phases[0]
        waves = np.sin(angle) + second * np.sin(2 * angle + phases[1])
        return fade[:, None] * amplitude * waves

    return at


def everyday(person: Person, rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Minutes of daily life, one activity after the other: samples (n, 6)."""
    parts, total = [], 0.0
    while total < seconds:
        kind = rng.choice(["still", "handle", "reach", "walk", "shake", "turn", "type"])
        length = rng.uniform(3, 9)
        parts.append(_activity(kind, person, rng, length))
        total += len(parts[-1]) / SAMPLE_RATE
    return np.concatenate(parts)[: round(seconds * SAMPLE_RATE)]


def _activity(kind: str, person: Person, rng: np.random.Generator, length: float) -> np.ndarray:
    path = Movement(person, rng, 0.3)
    extra = None
    if kind == "handle":
        _wander(path, int(length), 1.6)
    elif kind == "reach":
        _wander(path, int(length / 2.5) + 1, 1.8)
    elif kind == "turn":
        for _ in range(int(length / 2) + 1):
            path.stroke(rng.normal(0, 0.06, 3), rng.uniform(0.9, 1.8), rng.normal(0, 0.6, 3))
            path.now += rng.uniform(0, 1)
    else:
        path.now += length
    if kind == "walk":
        rate = rng.uniform(0.8, 1.1) * (1 if rng.random() < 0.8 else 1.45)
        swing = rng.uniform(0.05, 0.6)
        arm = _periodic(length, rate, np.array([0.10, 0.02, 0.02, 0.15, 1.0, 0.2]) * swing, rng)
        bounce = _periodic(length, 2 * rate, np.array([0.01, 0.01, 0.022, 0.02, 0.03, 0.03]), rng)

        def extra(times: np.ndarray) -> np.ndarray:
            return arm(times) + bounce(times)

    elif kind == "shake":
        rate = rng.uniform(2.5, 6)
        size = rng.normal(0, 1, 6) * np.array([0.02, 0.02, 0.02, 0.15, 0.15, 0.15])
        extra = _periodic(length, rate, size, rng)
    elif kind == "type":
        rate = rng.uniform(2, 7)
        size = rng.normal(0, 1, 6) * np.array([1, 1, 2, 15, 15, 15]) * 1e-3
        extra = _periodic(length, rate, size, rng)
    return sensed(path, 0.3, extra)


# The sensor


def sensed(path: Movement, rest: float, extra: Callable | None = None) -> np.ndarray:
    """What the sensor reports of a movement: float (n, 6), g and deg/s, columns aX ... gZ."""
    person, rng = path.person, path.rng
    times, points = path.points(rest)
    if extra is not None:
        points = points + extra(times)
    points = _ringing(points, person, times[1])
    points += _restlessness(person, rng, len(times))
    if person.left_handed:
        points[:, [1, 3, 5]] *= -1
    yaw, pitch, roll = points[:, 3:].T
    hold = person.hold + rng.normal(0, np.radians([4, 4, 5]))
    hand = Rotation.from_euler("ZYX", np.stack([yaw, -pitch, roll], axis=1))
    board = hand * Rotation.from_euler("ZYX", [hold[0], -hold[1], hold[2]])
    position = points[:, :3] + hand.apply(person.lever)

    step = times[1] - times[0]
    acceleration = np.gradient(np.gradient(position, step, axis=0), step, axis=0)
    felt = board.inv().apply(acceleration / GRAVITY + [0, 0, 1])
    turned = (board[:-1].inv() * board[1:]).as_rotvec() / step
    rotation = np.degrees(np.concatenate([turned, turned[-1:]]))
    smooth = gaussian_filter1d(np.concatenate([felt, rotation], axis=1), _FINE / 2, axis=0)

    count = int(times[-1] * SAMPLE_RATE)
    when = (np.arange(count) + rng.normal(0, person.jitter, count)) / SAMPLE_RATE
    samples = np.stack([np.interp(when, times, column) for column in smooth.T], axis=1)
    samples = samples * person.scale_error + person.bias
    samples += rng.normal(0, 1, samples.shape) * np.repeat(person.noise, 3)
    samples[:, [1, 4]] *= -1  # y is right: the sensor's frame is left-handed
    limits, steps = np.repeat([4.0, 2000.0], 3), np.repeat([4 / 32_768, 2000 / 32_768], 3)
    return np.clip(np.round(samples / steps) * steps, -limits, limits - steps)


def _ringing(points: np.ndarray, person: Person, step: float) -> np.ndarray:
    """The hand follows the plan like a weight on a damped spring: it overshoots a little."""
    frequency, damping = person.ring
    omega = 2 * np.pi * frequency
    b, a = bilinear([2 * damping * omega, omega**2], [1, 2 * damping * omega, omega**2], 1 / step)
    first = points[0]
    return lfilter(b, a, points - first, axis=0) + first


def _restlessness(person: Person, rng: np.random.Generator, count: int) -> np.ndarray:
    """Tremor (8 to 12 Hz) and slow sway, of position and orientation: (n, 6)."""
    times = np.arange(count) / (SAMPLE_RATE * _FINE)
    frequency, phase = rng.uniform(8, 12, 6), rng.uniform(0, 2 * np.pi, 6)
    size = person.tremor * GRAVITY / (2 * np.pi * 10) ** 2
    tremor = np.sin(2 * np.pi * frequency * times[:, None] + phase) * size
    tremor *= np.repeat([1, 8.0], 3) * rng.uniform(0.3, 1, 6)
    slow = gaussian_filter1d(rng.normal(0, 1, (count, 6)), SAMPLE_RATE * _FINE * 0.4, axis=0)
    slow /= max(slow.std(), 1e-9)
    return tremor + slow * np.repeat([0.002, 0.02], 3)


def take(gesture: str, who: Person, rng: np.random.Generator) -> np.ndarray:
    """One gesture with some rest before and after: samples (n, 6)."""
    path = Movement(who, rng, rng.uniform(*_REST))
    _MOVEMENTS[gesture](path)
    return sensed(path, rng.uniform(*_REST))


def as_csv(takes: list[np.ndarray]) -> str:
    """Takes as Arduino's sketches print them, a blank line between two."""
    blocks = []
    for samples in takes:
        rows = (",".join(f"{value:.3f}" for value in row) for row in samples)
        blocks.append("".join(f"{row}\n" for row in rows))
    return f"# sample_rate: {SAMPLE_RATE}\naX,aY,aZ,gX,gY,gZ\n" + "\n".join(blocks)


def recordings(number: int, seed: int) -> dict[str, str]:
    """Every file of one person, by its name in the archive."""
    who = person(number, seed)
    files = {}
    for kind, gesture in enumerate(GESTURES):
        randoms = [np.random.default_rng((seed, number, kind, i)) for i in range(TAKES)]
        files[f"{gesture}/{who.name}.csv"] = as_csv([take(gesture, who, rng) for rng in randoms])
    rng = np.random.default_rng((seed, number, len(GESTURES)))
    files[f"none/{who.name}.csv"] = as_csv([everyday(who, rng, EVERYDAY_SECONDS)])
    return files


def main() -> None:
    """Simulate everybody and write the archive: the same seed, the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("recordings.zip"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    people = [person(number, options.seed) for number in range(PEOPLE)]
    files = {"people.csv": "person,split\n" + "".join(f"{p.name},{p.split}\n" for p in people)}
    with ProcessPoolExecutor() as pool:
        for part in pool.map(recordings, range(PEOPLE), [options.seed] * PEOPLE):
            files |= part
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_BZIP2) as archive:
        for name in sorted(files):  # no time stamp, so that the bytes depend on the seed alone
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_BZIP2)
    write_atomically(options.out, content.getvalue())
    print(f"{options.out}: {len(content.getvalue()):,} bytes, {len(files) - 1} recordings")


if __name__ == "__main__":
    main()
