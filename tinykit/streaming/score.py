"""How well a stream of motion was understood: hits, misses, false alarms. Taught in notebook 03."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tinykit.common.errors import TinykitError

HIT, CONFUSED, MISSED, FALSE_ALARM = "hit", "confused", "missed", "false alarm"


@dataclass(frozen=True, repr=False)
class Hits:
    """What became of the gestures in a recording, and of the reports.

    Every gesture is a hit, confused or missed; every report a hit, confused or a false alarm.

    Attributes:
        hits: gestures reported by their name.
        confused: gestures reported by another name.
        missed: gestures not reported.
        false_alarms: reports without a gesture, and second reports of one.
        seconds: length of the recording, None when it was not given.
        of_events: what became of each report, in their order: HIT, CONFUSED or FALSE_ALARM.
        of_done: what became of each gesture, in their order: HIT, CONFUSED or MISSED.
    """

    hits: int
    confused: int
    missed: int
    false_alarms: int
    seconds: float | None = None
    of_events: list[str] = field(default_factory=list)
    of_done: list[str] = field(default_factory=list)

    @property
    def false_alarms_per_minute(self) -> float:
        """False alarms in a minute. Raises TinykitError when the length is not known."""
        if not self.seconds:
            raise TinykitError(
                "How long the recording is was not said. Give score(..., seconds=its length)."
            )
        return self.false_alarms * 60 / self.seconds

    def __repr__(self) -> str:
        gestures = self.hits + self.confused + self.missed
        alarms = f"{self.false_alarms} false alarm{'' if self.false_alarms == 1 else 's'}"
        if self.seconds:
            alarms += f" ({self.false_alarms_per_minute:.1f} per minute)"
        return (
            f"{self.hits} of {gestures} gestures recognised, {self.confused} confused, "
            f"{self.missed} missed; {alarms}"
        )


def score(
    events: Sequence[tuple],
    done: Sequence[tuple[float, str]],
    window: float = 4.0,
    seconds: float | None = None,
) -> Hits:
    """Compare what was reported with what was done.

    A report belongs to the gesture that began last, at most `window` seconds before. Of the reports
    that belong to a gesture one counts, the first with its label, or else the first; what is left
    over is a false alarm.

    Args:
        events: (seconds, label, ...) of each report, as in `Stream.events`.
        done: (seconds at its start, label) of each gesture, as `motion_scene` gives them.
        window: seconds after its start in which a gesture may be reported.
        seconds: length of the recording, for false alarms per minute.
    """
    of_events = [FALSE_ALARM] * len(events)
    of_done = []
    belonging = [_gesture_of(event[0], done, window) for event in events]
    for index, (_, label) in enumerate(done):
        own = [i for i, gesture in enumerate(belonging) if gesture == index]
        same = [i for i in own if events[i][1] == label]
        outcome = HIT if same else CONFUSED if own else MISSED
        of_done.append(outcome)
        if own:
            of_events[(same or own)[0]] = outcome
    counts = [of_done.count(outcome) for outcome in (HIT, CONFUSED, MISSED)]
    return Hits(*counts, of_events.count(FALSE_ALARM), seconds, of_events, of_done)


def _gesture_of(time: float, done: Sequence[tuple[float, str]], window: float) -> int | None:
    """Index of the gesture that began last, at most `window` seconds before `time`."""
    begun = [(start, i) for i, (start, _) in enumerate(done) if start <= time <= start + window]
    return max(begun)[1] if begun else None
