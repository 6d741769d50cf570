"""The figures of boards: memory, and what a virtual board did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle

from tinykit.common.plot_style import COLOURS, STYLE, show
from tinykit.plots.audio import draw_averages, draw_waveform

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tinykit.board import Board, BoardRun, Fit, ModelRun
    from tinykit.board.virtual.devices.pins import PinChange
    from tinykit.board.virtual.devices.serial import SerialLine
    from tinykit.compiler import Box, MemoryPlan
    from tinykit.streaming.result import Stream


def memory_map(fit: Fit) -> None:
    """What the sketch takes of the board's flash and RAM; the line is the board's limit.

    A part has one colour in both. Greys are the board's own: its core, and the stack.
    """
    greys = {"core": "#999999", "stack": "#cccccc"}
    names = [name for name in dict.fromkeys([*fit.flash, *fit.ram]) if name not in greys]
    colours = greys | dict(zip(names, COLOURS, strict=False))
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(2, 1, figsize=(8, 3.6))
        for ax, name, parts, limit in (
            (axes[0], "flash", fit.flash, fit.board.flash),
            (axes[1], "RAM", fit.ram, fit.board.ram),
        ):
            left = 0
            for part, size in parts.items():
                ax.barh(0, size / 1024, left=left / 1024, label=part, color=colours[part])
                left += size
            ax.axvline(limit / 1024, color="black", lw=2)
            ax.text(limit / 1024, 0.46, f" limit\n {limit / 1024:,.0f} KiB", va="top", fontsize=8)
            ax.set_xlim(0, max(limit, left) / 1024 * 1.1)
            ax.set(title=f"{name}: {left / 1024:,.0f} KiB used", yticks=[], xlabel="KiB")
            ax.legend(ncols=6, fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.42))
        show()


def layers(run: ModelRun) -> None:
    """Where the instructions of one inference go, layer by layer, beside the multiplications."""
    kinds = list(dict.fromkeys(layer.op for layer in run.layers))
    height = 0.8 + 0.24 * len(run.layers)
    with plt.rc_context(STYLE):
        _, (left, right) = plt.subplots(1, 2, figsize=(9, height), sharey=True, width_ratios=[2, 1])
        for row, layer in enumerate(run.layers):
            colour = COLOURS[kinds.index(layer.op) % len(COLOURS)]
            left.barh(row, layer.instructions, color=colour, alpha=0.4)
            left.barh(row, layer.macs, height=0.3, color=colour)
            if layer.macs:
                each = layer.instructions / layer.macs
                right.barh(row, each, color=colour)
                right.text(each, row, f" {each:.2f}", va="center", fontsize="x-small")
        left.set_yticks(range(len(run.layers)), [x.name for x in run.layers], fontsize="small")
        left.set_ylim(len(run.layers) - 0.4, -0.6)
        left.set_title("instructions (pale) and multiply-accumulates (dark)")
        left.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        left.locator_params(axis="x", nbins=5)
        right.set_title("instructions for each")
        right.margins(x=0.18)
        patches = [Patch(color=COLOURS[i % len(COLOURS)]) for i in range(len(kinds))]
        names = [kind.lower() for kind in kinds]
        left.legend(patches, names, fontsize="x-small", loc="best")
        show()


def memory(plan: MemoryPlan) -> None:
    """The model's RAM during one inference: a box is a tensor, as long as it is needed.

    Where two boxes overlap, they share their bytes: the layer reads each byte before it overwrites
    it.
    """
    first = min(box.first_step for box in plan.boxes)
    end = 1 + max(box.last_step for box in plan.boxes)
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(9, 3.4))
        for box in plan.boxes:
            _draw_box(ax, box, end - first, plan.arena_bytes)
        ax.axhline(plan.arena_bytes, color="black", lw=1.2)
        ax.text(end, plan.arena_bytes * 1.02, f"{plan.arena_bytes:,} bytes", ha="right")
        ax.set(xlim=(first, end), ylim=(0, 1.1 * plan.arena_bytes))
        ax.set(xlabel="step", ylabel="byte of the arena")
        steps = np.arange(first, end)
        ax.set_xticks(steps + 0.5, ["" if step < 0 else step + 1 for step in steps])
        ax.tick_params(axis="x", labelsize="small", length=0)
        ax.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
        blue, alphas = COLOURS[0], (0.25, 0.44, 0.5)  # two layers of 0.25 make 0.44
        colours = [(blue, alphas[0]), (blue, alphas[1]), (COLOURS[1], alphas[2])]
        ax.legend(
            [Patch(facecolor=colour, edgecolor=colour[0]) for colour in colours],
            ["a tensor", "two on the same bytes", "scratch"],
            fontsize="x-small",
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=3,
        )
        show()


def _draw_box(ax: Axes, box: Box, steps: int, arena_bytes: int) -> None:
    """One box of a memory plan, named where there is room.

    Upright names stand in the step that writes the tensor: there is one for each step, so they
    never meet.
    """
    is_scratch = box.kind == "scratch"
    colour = COLOURS[1] if is_scratch else COLOURS[0]
    place = (box.first_step, box.offset)
    face = (colour, 0.5 if is_scratch else 0.25)
    length = box.last_step + 1 - box.first_step
    ax.add_patch(Rectangle(place, length, box.size, facecolor=face, edgecolor=colour, lw=1))
    if is_scratch:
        return
    name = box.name.replace("_conv_2d", "").replace("_2d", "").replace("_", " ")
    x, y = box.first_step + length / 2, box.offset + box.size / 2
    centred = {"ha": "center", "va": "center", "fontsize": "x-small"}
    if box.size / arena_bytes > 0.027 * len(name):
        ax.text(box.first_step + 0.5, y, name, rotation=90, **centred)
    elif box.size / arena_bytes > 0.05 and length / steps > 0.01 * len(name):
        ax.text(x, y, name, **centred)


def board_run(
    run: BoardRun,
    audio: np.ndarray | None = None,
    heard: Stream | None = None,
    sample_rate: int = 16_000,
    *,
    motion: np.ndarray | None = None,
    images: np.ndarray | Sequence[np.ndarray] | None = None,
) -> None:
    """What the virtual board did: what it printed, when its LEDs were lit, and when its processor
    ran the model.

    Args:
        run: the result of `VirtualBoard.run`.
        audio: the recording it heard, int16; None when it heard nothing.
        heard: `tk.stream` of the same recording, for the scores.
        sample_rate: of the recording, Hz.
        motion: what it felt, float (n, 6) at the rate of its sensor; acceleration is shown.
        images: what it saw, uint8 (n, height, width) or (n, height, width, 3); about ten are shown.
    """
    inferences = [(x.seconds, x.cycles / run.board.clock) for x in run.inferences]
    lanes = dict(sorted(_lit_times(run).items()))
    if inferences or not lanes:
        lanes = {"model": inferences, **lanes}
    ratios = {"audio": 1.1, "motion": 1.5, "images": 0.7, "heard": 1.5, "lanes": 0.25 * len(lanes)}
    shown = {"audio": audio, "motion": motion, "images": images, "heard": heard, "lanes": lanes}
    names = [[name] for name in ratios if shown[name] is not None]
    size = (9, 1.4 + 1.6 * (len(names) - 1))
    with plt.rc_context(STYLE):
        _, axes = plt.subplot_mosaic(
            names, figsize=size, sharex=True, height_ratios=[ratios[name] for [name] in names]
        )
        if audio is not None:
            draw_waveform(axes["audio"], audio, sample_rate)
            axes["audio"].set(ylabel="amplitude")
        if motion is not None:
            _draw_acceleration(axes["motion"], motion, run.board.imu_rate)
        if images is not None:
            _draw_pictures(axes["images"], images, run.pictures, run.seconds)
        if heard is not None:
            draw_averages(axes["heard"], heard if images is None else _as_taken(heard, run))
        _draw_lanes(axes["lanes"], lanes)
        _draw_serial(list(axes.values()), run.serial, run.seconds)
        axes["lanes"].set(xlabel="time (s)", xlim=(0, run.seconds))
        show()


def _draw_acceleration(ax: Axes, motion: np.ndarray, sample_rate: float) -> None:
    """The three curves of acceleration. `motion`: float (n, axes), g."""
    times = np.arange(len(motion)) / sample_rate
    for axis, name in enumerate("xyz"):
        ax.plot(times, motion[:, axis], lw=0.8, label=name)
    ax.set(ylabel="acceleration (g)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")


_THUMBNAILS = 10


def _draw_pictures(
    ax: Axes, images: Sequence[np.ndarray], taken: Sequence[float], seconds: float
) -> None:
    """A strip of pictures: each fills a slot of time, the one taken last before its middle."""
    edges = np.linspace(0, seconds, _THUMBNAILS + 1)
    for left, right in pairwise(edges):
        last = int(np.searchsorted(taken, (left + right) / 2, side="right")) - 1
        if last >= 0:
            gap = 0.02 * (right - left)
            extent = (left + gap, right - gap, 0, 1)
            ax.imshow(images[last], "gray", vmin=0, vmax=255, aspect="auto", extent=extent)
    ax.set(ylim=(0, 1), yticks=[])
    ax.grid(False)


def _as_taken(seen: Stream, run: BoardRun) -> Stream:
    """`tk.stream` of pictures with the times at which the board took them."""
    n = min(len(seen.times), len(run.pictures))
    taken = np.array(run.pictures[:n])
    numbers = np.searchsorted(seen.times, [time for time, _, _ in seen.events])
    events = [
        (float(taken[number]), label, score)
        for number, (_, label, score) in zip(numbers, seen.events, strict=True)
        if number < n
    ]
    return replace(seen, times=taken, averages=seen.averages[:n], events=events)


def _draw_serial(axes: Sequence[Axes], lines: Sequence[SerialLine], seconds: float) -> None:
    """What was printed, above the uppermost axes, with a thread through all of them.

    A line that would run into the one before it goes one row higher.
    """
    rows: list[float] = []  # where the text in each row ends, in seconds
    for line in lines:
        for ax in axes:
            ax.axvline(line.seconds, color="#999999", lw=0.8, ls=":")
        row = next((i for i, end in enumerate(rows) if end < line.seconds), len(rows))
        end = line.seconds + (len(line.text) + 2) * seconds / 125  # as many characters in the width
        rows[row : row + 1] = [end]
        axes[0].text(line.seconds, 1.04 + 0.16 * row, line.text, fontsize="x-small",
                     family="monospace", transform=axes[0].get_xaxis_transform())  # fmt: skip


def _lit_times(run: BoardRun) -> dict[str, list[tuple[float, float]]]:
    """When each LED that the sketch uses was lit: (from, duration) in seconds."""
    lit: dict[str, list[tuple[float, float]]] = {change.pin: [] for change in run.leds}
    since: dict[str, float] = {}
    for change in run.leds:
        if _is_lit(change, run.board):
            since.setdefault(change.pin, change.seconds)
        elif change.pin in since:
            start = since.pop(change.pin)
            lit[change.pin].append((start, change.seconds - start))
    for pin, start in since.items():
        lit[pin].append((start, run.seconds - start))
    return lit


def _is_lit(change: PinChange, board: Board) -> bool:
    """Whether an LED gives light: the colours of an RGB LED at the profile's level, others HIGH."""
    if board.led_on == "LOW" and change.pin in board.led_pins:
        return change.level not in (1, 255)  # HIGH, or all of the time by analogWrite
    return change.level > 0


_LANE_COLOURS = {"model": "#999999", "LEDR": "#D55E00", "LEDG": "#009E73", "LEDB": "#0072B2"}


def _draw_lanes(ax: Axes, lanes: dict[str, list[tuple[float, float]]]) -> None:
    """A row for each: a bar from each time on, for as long as it lasted (seconds)."""
    for row, (name, bars) in enumerate(lanes.items()):
        ax.broken_barh(bars, (row - 0.35, 0.7), color=_LANE_COLOURS.get(name, "#E69F00"))
    ax.set_yticks(range(len(lanes)), lanes, fontsize="small")
    ax.set_ylim(-0.6, len(lanes) - 0.4)
