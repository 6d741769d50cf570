"""The figures of motion, to be used as `tk.plots.takes`, `tk.plots.path` and so on.

Every function draws one figure with matplotlib and returns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from tinykit.common.plot_style import COLOURS, STYLE, show
from tinykit.features import motion_path
from tinykit.features.motion import ROTATION_UNIT
from tinykit.streaming.score import CONFUSED, FALSE_ALARM, HIT, MISSED, score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tinykit.features import Motion
    from tinykit.streaming.result import Stream

_GREY = "#777777"
_QUANTITIES = ("acceleration (g)", "rotation (°/s)")
_ARROWS = ("x  forward", "y  right", "z  up")
# Told apart by shape as well as by colour.
_OUTCOMES = {
    HIT: ("#009E73", "o"),
    CONFUSED: ("#CC79A7", "D"),
    MISSED: ("#D55E00", ""),
    FALSE_ALARM: ("#D55E00", "X"),
    "reported": ("#0072B2", "o"),
}
_HALO = [withStroke(linewidth=3, foreground="white")]
_UNREPORTED = ("none", "too unsure")


def takes(takes: Sequence[np.ndarray], sample_rate: float, titles: Sequence[str] = ()) -> None:
    """Takes side by side: acceleration above rotation, all on the same axes.

    Args:
        takes: 1 to 8 of float (rows, 6), or (rows, 3) without a gyroscope; g and degrees per
            second.
        sample_rate: Hz.
        titles: one for each take.
    """
    columns, quantities = min(4, len(takes)), takes[0].shape[1] // 3
    rows = -(-len(takes) // columns) * quantities
    with _drawing() as colours:
        fig, axes = plt.subplots(
            rows,
            columns,
            figsize=(9 if columns > 1 else 6, 0.8 + 1.3 * rows),
            sharex=True,
            squeeze=False,
        )
        for quantity in range(quantities):
            values = [take[:, 3 * quantity : 3 * quantity + 3] for take in takes]
            everything = np.concatenate(values)
            low, high = min(everything.min(), 0), max(everything.max(), 0)
            margin = 0.06 * (high - low) or 1
            panels = axes[quantity::quantities]
            for index, ax in enumerate(panels.flat):
                ax.set_ylim(low - margin, high + margin)
                ax.tick_params(labelsize="small", labelleft=index % columns == 0)
                if index >= len(takes):
                    ax.set_visible(False)
                    continue
                _draw_axes(ax, values[index], sample_rate, colours)
                # An axis shared by all has its numbers in the last row only, where some are empty.
                lowest = quantity == quantities - 1 and index + columns >= len(takes)
                ax.tick_params(labelbottom=lowest)
                if quantity == 0:
                    ax.set_title(titles[index] if index < len(titles) else "", fontsize="small")
            for ax in panels[:, 0]:
                ax.set_ylabel(_QUANTITIES[quantity], fontsize="small")
        fig.supxlabel("time (s)", fontsize="small")
        fig.align_ylabels()
        lines = axes[0, 0].get_lines()[-3:]
        fig.legend(lines, _ARROWS, loc="outside upper right", ncols=3, fontsize="small")


def path(take: np.ndarray, sample_rate: float, title: str = "") -> None:
    """The path of the board through a take, in space and as the person sees it.

    It is an estimate, `tinykit.features.motion_path.path`: good for a second or two that begin and
    end at rest, as the sensor's small errors add up twice.

    Args:
        take: float (rows, 6), g and degrees per second.
        sample_rate: Hz.
    """
    forward, right, up = 100 * motion_path.path(take, sample_rate).T
    seconds = np.arange(len(take)) / sample_rate
    with _drawing():
        plt.rc("grid", color="#e0e0e0")
        fig = plt.figure(figsize=(9, 4))
        fig.get_layout_engine().set(w_pad=0.25)  # the name of the third axis needs it
        space = fig.add_subplot(1, 2, 1, projection="3d")
        front = fig.add_subplot(1, 2, 2)
        points = np.stack([right, forward, up], axis=1)
        _draw_path(space, points, seconds)
        line = _draw_path(front, points[:, [0, 2]], seconds)
        _frame_path(space, front, points)
        space.set_title(title)
        fig.colorbar(line, ax=front, label="time (s)", shrink=0.8)


def energy(motion: np.ndarray, frontend: Motion, spoken: Sequence[tuple[float, str]] = ()) -> None:
    """How gestures are found in a stream: its energy, two thresholds, and what lies between.

    The upper panel has acceleration (gravity included) and rotation on axes of equal worth, as the
    energy counts them: 256 degrees per second are as much as 1 g.

    Args:
        motion: float (n, axes), g and degrees per second, at the front end's rate.
        frontend: finds the segments, which are shaded.
        spoken: what is really done, (seconds, label).
    """
    seconds = np.arange(len(motion)) / frontend.sample_rate
    root = np.sqrt(frontend.energy(motion)) / 256
    with _drawing() as colours:
        _, (top, bottom) = plt.subplots(2, 1, figsize=(9, 4.2), sharex=True, height_ratios=[1, 1.3])
        for ax in (top, bottom):
            for first, end in frontend.segments(motion):
                span = (first / frontend.sample_rate, end / frontend.sample_rate)
                ax.axvspan(*span, color=colours[5], alpha=0.25, lw=0)
        _draw_magnitudes(top, motion, seconds, colours)
        _mark(top, spoken, seconds[-1])
        bottom.plot(seconds, np.maximum(root, 1e-3), lw=0.9, color="black")
        for level, name, colour in (
            (frontend.start, "starts", colours[2]),
            (frontend.stop, "still", colours[1]),
        ):
            bottom.axhline(level, color=colour, lw=1.2, ls="--")
            bottom.text(1.01, level, f"{name}: {level:g} g", color=colour, va="center",
                        fontsize="small", transform=bottom.get_yaxis_transform())  # fmt: skip
        bottom.text(1.01, 0.05, "shaded:\na movement", color=colours[0], fontsize="small",
                    transform=bottom.transAxes)  # fmt: skip
        bottom.set(yscale="log", ylabel="root of energy (g)", xlabel="time (s)")
        bottom.yaxis.set_major_formatter(FuncFormatter(lambda g, _: f"{g:g}"))
        bottom.set_xlim(0, seconds[-1])


def gestures(features: np.ndarray, titles: Sequence[str] = ()) -> None:
    """What the network sees: a row for each axis of the sensor, time to the right.

    Red is along the axis' arrow, blue against it; all pictures have the same range of colours.

    Args:
        features: float32 (n, frames, axes), n up to 16, or one gesture (frames, axes).
        titles: one for each.
    """
    features = np.asarray(features).reshape(-1, *np.shape(features)[-2:])
    count, frames, axes = features.shape
    columns = min(4, count)
    rows = -(-count // columns)
    widest = np.percentile(np.abs(features), 99) or 1  # a few peaks would make all others pale
    names = [kind + axis for kind in "ag" for axis in "XYZ"][:axes]
    with _drawing():
        fig, panels = plt.subplots(
            rows,
            columns,
            figsize=(9 if columns > 1 else 6, 0.8 + 1.35 * rows),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        for index, ax in enumerate(panels.flat):
            if index >= count:
                ax.set_visible(False)
                continue
            image = ax.imshow(
                features[index].T,
                aspect="auto",
                cmap="RdBu_r",
                vmin=-widest,
                vmax=widest,
                extent=(0, frames, axes - 0.5, -0.5),
                interpolation="nearest",
            )
            if axes == 6:
                ax.axhline(2.5, color="black", lw=0.8)
            ax.set_yticks(range(axes), names, fontsize="small")
            ax.tick_params(length=0, labelbottom=index + columns >= count, labelsize="small")
            ax.set_title(titles[index] if index < len(titles) else "", fontsize="small")
        fig.supxlabel("frame", fontsize="small")
        fig.colorbar(image, ax=panels, label="feature", pad=0.01, aspect=15 * rows, extend="both")


def people(shares: Sequence[float], names: Sequence[str]) -> None:
    """How well each person is recognised, one bar for each, and their mean as a line.

    Args:
        shares: of the takes that were recognised, 0 ... 1.
        names: of the people.
    """
    with _drawing() as colours:
        fig, ax = plt.subplots(figsize=(9, 2.6))
        ax.bar(range(len(names)), shares, color=colours[0], width=0.7)
        ax.axhline(float(np.mean(shares)), color=_GREY, linestyle="--", label="mean")
        ax.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize="small")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
        ax.set_ylim(0, 1)
        ax.set_ylabel("recognised", fontsize="small")
        fig.legend(loc="outside upper right", fontsize="small")


def motion_stream(
    heard: Stream,
    motion: np.ndarray,
    sample_rate: float,
    done: Sequence[tuple[float, str]] = (),
) -> None:
    """A long recording: what was done, what was reported, and how sure the network was.

    Below, each movement that was found has a mark at the score of its best label: hollow when that
    is "none", grey when the network was too unsure to report it.

    Args:
        heard: `tk.stream` of the recording.
        motion: float (n, axes), g and degrees per second.
        sample_rate: Hz.
        done: the true gestures, (seconds, label), as `motion_scene` gives them; with them, reports
            are told apart as `tinykit.streaming.score.score` counts them.
    """
    result = score(heard.events, done)
    outcomes = result.of_events if done else ["reported"] * len(heard.events)
    seconds = len(motion) / sample_rate
    with _drawing() as colours:
        fig, (lanes, middle, bottom) = plt.subplots(
            3, 1, figsize=(9, 4.8), sharex=True, height_ratios=[0.6, 1, 1]
        )
        _draw_said(lanes, seconds, heard, outcomes, done, result.of_done)
        _draw_axes(middle, motion[:, :3], sample_rate, colours, lw=0.6)
        middle.set(ylabel=_QUANTITIES[0])
        middle.legend(middle.get_lines()[-3:], _ARROWS, fontsize="small", loc="upper left",
                      bbox_to_anchor=(1, 1))  # fmt: skip
        _draw_best(bottom, heard, outcomes)
        bottom.set(xlabel="time (s)", xlim=(0, seconds))
        fig.align_ylabels((middle, bottom))


# Parts of figures


@contextmanager
def _drawing() -> Iterator[list[str]]:
    """Draw one figure in the course's style and show it. Gives the colours."""
    with plt.rc_context(STYLE):
        yield COLOURS
        show()


def _draw_axes(
    ax: Axes, values: np.ndarray, sample_rate: float, colours: Sequence[str], lw: float = 1.1
) -> None:
    """Three curves over time. `values`: float (n, 3)."""
    ax.axhline(0, color="#cccccc", lw=0.8, zorder=0)
    for axis in range(3):
        ax.plot(np.arange(len(values)) / sample_rate, values[:, axis], lw=lw, color=colours[axis])


def _draw_path(ax: Axes, points: np.ndarray, seconds: np.ndarray) -> LineCollection:
    """A line coloured by time through (n, 2) or (n, 3) points, start and end marked."""
    pieces = np.stack([points[:-1], points[1:]], axis=1)
    kind = LineCollection if points.shape[1] == 2 else Line3DCollection
    line = kind(pieces, cmap="viridis", lw=2.5, capstyle="round")
    line.set_array(seconds[:-1])
    ax.add_collection(line)
    places = points[[0, -1]].T[..., None]
    ax.plot(*places[:, 0], "o", ms=9, mfc="white", mec="black", mew=1.5)
    ax.plot(*places[:, 1], "s", ms=8, color="black")
    return line


def _frame_path(space: Axes, front: Axes, points: np.ndarray) -> None:
    """Equal scales in all directions, their names, and shadows on the wall and the floor.

    `points`: right, forward, up, cm.
    """
    centre = (points.max(axis=0) + points.min(axis=0)) / 2
    reach = max(1.0, 0.58 * np.ptp(points, axis=0).max())
    limits = np.stack([centre - reach, centre + reach], axis=1)
    space.set(xlim=limits[0], ylim=limits[1], zlim=limits[2], box_aspect=(1, 1, 1))
    space.set(xlabel="right (cm)", ylabel="forward (cm)", zlabel="up (cm)")
    space.view_init(elev=18, azim=-60)
    space.tick_params(labelsize="small")
    space.locator_params(nbins=5)
    for axis in (space.xaxis, space.yaxis, space.zaxis):
        axis.pane.set_facecolor("#f7f7f7")
    right, forward, up = points.T
    for shadow in ((right, np.full_like(up, limits[1, 1]), up), (right, forward, limits[2, 0])):
        space.plot(*shadow, color="#c4c4c4", lw=1, zorder=0)
    front.set(xlim=limits[0], ylim=limits[2], aspect="equal")
    front.set(xlabel="right (cm)", ylabel="up (cm)", title="as the person sees it")
    for name, (x, y) in (("start", points[0, [0, 2]]), ("end", points[-1, [0, 2]])):
        front.annotate(name, (x, y), (8, 7), textcoords="offset points", path_effects=_HALO)
    front.grid()
    front.set_axisbelow(True)


def _draw_magnitudes(
    ax: Axes, motion: np.ndarray, seconds: np.ndarray, colours: Sequence[str]
) -> None:
    """How strong acceleration and rotation are, in g and, to the right, in degrees per second."""
    ax.plot(seconds, np.linalg.norm(motion[:, :3], axis=1), lw=0.9, label="acceleration")
    ax.set(ylabel="acceleration (g)")
    if motion.shape[1] == 6:
        rotation = np.linalg.norm(motion[:, 3:], axis=1) / ROTATION_UNIT
        ax.plot(seconds, rotation, lw=0.9, label="rotation", zorder=1.5)
        other = ax.secondary_yaxis(
            "right", functions=(lambda g: g * ROTATION_UNIT, lambda turn: turn / ROTATION_UNIT)
        )
        other.set_ylabel("rotation (°/s)", color=colours[1])
        other.tick_params(colors=colours[1])
        ax.yaxis.label.set_color(colours[0])
        ax.tick_params(axis="y", colors=colours[0])


def _mark(ax: Axes, said: Sequence[tuple[float, str]], seconds: float) -> None:
    """Labels above the axes at their times."""
    for row, (time, label) in zip(_text_rows(said, seconds), said, strict=True):
        ax.text(time, 1.04 + 0.13 * row, label, color=_GREY, fontsize="small",
                transform=ax.get_xaxis_transform())  # fmt: skip


def _text_rows(said: Sequence[tuple], seconds: float) -> list[int]:
    """In which row each (seconds, label, ...) has to stand so that no two of them meet."""
    ends: list[float] = []
    rows = []
    for time, label, *_ in said:
        row = next((i for i, end in enumerate(ends) if end < time), len(ends))
        ends[row : row + 1] = [time + (len(label) + 2) * seconds / 110]  # characters in the width
        rows.append(row)
    return rows


def _draw_said(
    ax: Axes,
    seconds: float,
    heard: Stream,
    outcomes: Sequence[str],
    done: Sequence[tuple[float, str]],
    of_done: Sequence[str],
) -> None:
    """What was done above what was reported, each text in the colour of its outcome."""
    lanes = [("reported", heard.events, outcomes)]
    if done:
        # Missed is said in words, as a false alarm has the same colour.
        marked = [
            (time, label + " (missed)" if outcome == MISSED else label)
            for (time, label), outcome in zip(done, of_done, strict=True)
        ]
        lanes.insert(0, ("done", marked, of_done))
    height = 0.0
    ticks = []
    for _, said, whose in lanes:
        rows = _text_rows(said, seconds)
        for row, (time, label, *_), outcome in zip(rows, said, whose, strict=True):
            colour, _marker = _OUTCOMES[outcome]
            y = height + row + 0.5
            ax.plot([time, time], [y - 0.4, y + 0.4], color=colour, lw=2)
            ax.text(time, y, f" {label}", va="center", fontsize="small", color=colour)
        ticks.append(height + 0.5)
        height += 1.2 + max(rows, default=0)
    ax.set(ylim=(height, 0), yticks=ticks, yticklabels=[name for name, *_ in lanes])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _draw_best(ax: Axes, heard: Stream, outcomes: Sequence[str]) -> None:
    """The score of each movement's best label; reports have the colour of their outcome."""
    reported = {time: outcome for (time, *_), outcome in zip(heard.events, outcomes, strict=True)}
    for time, scores in zip(heard.times, heard.averages, strict=True):
        best = int(np.argmax(scores))
        outcome = reported.get(float(time))
        if outcome:
            colour, marker = _OUTCOMES[outcome]
            look = {"marker": marker, "color": colour, "ms": 7, "label": outcome}
        else:
            name = _UNREPORTED[0 if heard.labels[best] == "none" else 1]
            inside = "white" if heard.labels[best] == "none" else "#aaaaaa"
            look = {"marker": "o", "mfc": inside, "color": "#aaaaaa", "ms": 5, "label": name}
        ax.vlines(time, 0, scores[best], color=look["color"], lw=1)
        ax.plot(time, scores[best], ls="", clip_on=False, zorder=3, **look)
    ax.set(ylabel="score of the\nbest label", ylim=(0, 1.05))
    found = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    handles = {name: found[name] for name in (*_OUTCOMES, *_UNREPORTED) if name in found}
    ax.legend(handles.values(), handles, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
