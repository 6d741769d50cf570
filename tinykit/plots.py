"""The figures of the notebooks. Decoration lives here, so that lessons can be about something else.

Every function draws one figure with matplotlib and returns nothing: in a notebook it appears below
the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import PercentFormatter

from tinykit.image_plots import (  # noqa: F401 (lessons say tk.plots.pictures)
    convolutions,
    dials,
    label_rule,
    pictures,
    where_it_looks,
)
from tinykit.kinds import AUDIO, IMAGE, MOTION
from tinykit.motion_plots import (  # noqa: F401 (lessons say tk.plots.takes)
    energy,
    gestures,
    motion_stream,
    path,
    people,
    takes,
)
from tinykit.plot_style import COLOURS, STYLE, show

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

    from tinykit.board import Board, BoardRun, Fit, ModelRun
    from tinykit.board.devices import PinChange, SerialLine
    from tinykit.compiler import Box, MemoryPlan
    from tinykit.features import LogMel
    from tinykit.quantization import TinyModel
    from tinykit.streaming import Stream
    from tinykit.training import History


def waveform(clip: np.ndarray, sample_rate: int = 16_000, title: str = "") -> None:
    """Samples over time. `clip`: int16 or float in -1 ... 1, (samples,)."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(7, 1.8))
        _draw_waveform(ax, clip, sample_rate)
        ax.set(title=title, xlabel="time (s)", ylabel="amplitude")
        show()


def spectrogram(features: np.ndarray, frontend: LogMel, title: str = "") -> None:
    """One clip's log-mel features, float32 (frames, bands): time to the right, pitch upwards."""
    with plt.rc_context(STYLE):
        fig, ax = plt.subplots(figsize=(7, 2.8))
        image = _draw_spectrogram(ax, features, frontend)
        ax.set(title=title, xlabel="time (s)", ylabel="frequency (Hz)")
        fig.colorbar(image, label="log10 of power above floor")
        show()


def clip_and_spectrogram(clip: np.ndarray, frontend: LogMel, title: str = "") -> None:
    """A clip's waveform above its log-mel spectrogram, on one time axis."""
    with plt.rc_context(STYLE):
        _, (top, bottom) = plt.subplots(2, 1, figsize=(7, 3.6), sharex=True, height_ratios=[1, 2.2])
        _draw_waveform(top, clip, frontend.sample_rate)
        top.set(title=title, ylabel="amplitude")
        _draw_spectrogram(bottom, frontend(clip), frontend)
        bottom.set(xlabel="time (s)", ylabel="frequency (Hz)")
        show()


def spectrograms(
    clips: np.ndarray, frontend: LogMel, titles: Sequence[str] = (), columns: int = 4
) -> None:
    """A grid of clips' log-mel spectrograms, all on one brightness scale.

    Args:
        clips: int16 or float, (clips, samples).
        frontend: computes the features.
        titles: one for each clip.
        columns: pictures in a row.
    """
    features = frontend(np.asarray(clips))
    rows = -(-len(features) // columns)
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(
            rows, columns, figsize=(8, 0.4 + 1.5 * rows), sharex=True, sharey=True, squeeze=False
        )
        for ax in axes.flat[len(features) :]:
            ax.set_visible(False)
        for index, (ax, one) in enumerate(zip(axes.flat, features, strict=False)):
            _draw_spectrogram(ax, one, frontend, vmax=features.max())
            ax.set_title(titles[index] if index < len(titles) else "", fontsize="small")
        fig.supxlabel("time (s)", fontsize="small")
        fig.supylabel("frequency (Hz)", fontsize="small")
        show()


def frame_to_bands(clip: np.ndarray, frontend: LogMel, frame: int) -> None:
    """How one column of the spectrogram comes about: frame, window, spectrum, mel bands."""
    start = frame * frontend.hop_length
    samples = np.asarray(clip[start : start + frontend.frame_length], float)
    samples /= np.abs(samples).max() or 1
    power = np.abs(np.fft.rfft(samples * frontend.window)) ** 2
    hertz = np.fft.rfftfreq(frontend.frame_length, 1 / frontend.sample_rate)
    centres = _band_centres(frontend)
    bands = frontend.filterbank @ power
    with plt.rc_context(STYLE):
        _, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 2.5))
        time_ms = np.arange(frontend.frame_length) / frontend.sample_rate * 1000
        left.plot(time_ms, samples, lw=0.7, color="#999999", label="samples")
        left.plot(time_ms, samples * frontend.window, lw=0.9, label="after the window")
        left.set(title=f"1. frame {frame}: {time_ms[-1]:.0f} ms", xlabel="time (ms)")
        left.set_ylim(-1.1, 1.8)
        left.legend(fontsize="x-small", loc="upper right", ncols=2)
        middle.plot(hertz, 10 * np.log10(power + 1e-6), lw=0.8)
        for weights in frontend.filterbank[::3]:
            middle.plot(hertz[weights > 0], weights[weights > 0] * 15 - 55, lw=0.7, color="#E69F00")
        middle.set(title="2. power spectrum, mel bands", xlabel="frequency (Hz)", ylim=(-58, None))
        middle.set_ylabel("dB")
        right.bar(np.arange(len(bands)), np.log10(1 + bands / frontend.floor), width=0.8)
        ticks = np.arange(0, frontend.n_mels, 13)
        right.set_xticks(ticks, [f"{centres[tick]:.0f}" for tick in ticks])
        right.set(title=f"3. {frontend.n_mels} features", xlabel="band (Hz)")
        show()


def learning_curves(history: History) -> None:
    """Loss and accuracy over the epochs, training against validation."""
    epochs = np.arange(1, len(history.loss) + 1)
    with plt.rc_context(STYLE):
        _, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6))
        left.plot(epochs, history.loss, "o-", ms=3, label="training (augmented)")
        left.plot(epochs, history.val_loss, "o-", ms=3, label="validation")
        left.set(title="loss", xlabel="epoch")
        right.plot(epochs, history.accuracy, "o-", ms=3, label="training (augmented)")
        right.plot(epochs, history.val_accuracy, "o-", ms=3, label="validation")
        right.set(title="accuracy", xlabel="epoch")
        right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        right.legend(loc="lower right", fontsize="small")
        show()


def filters(model: keras.Model, frontend: LogMel) -> None:
    """The filters of a `band_cnn`, (frames, bands) each: red wants sound there, blue does not."""
    kernels = model.get_layer("filters").get_weights()[0][:, :, 0, :]
    widest = np.abs(kernels).max()
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(1, kernels.shape[-1], figsize=(8, 2.6), sharey=True, squeeze=False)
        for number, ax in enumerate(axes.flat):
            image = ax.imshow(
                kernels[:, :, number].T,
                origin="lower",
                aspect="auto",
                cmap="RdBu_r",
                vmin=-widest,
                vmax=widest,
            )
            ax.set_title(f"{number + 1}", fontsize="small")
            ax.set_xticks([])
        _label_bands(axes[0, 0], frontend, offset=0)
        axes[0, 0].set_ylabel("frequency (Hz)")
        fig.colorbar(image, ax=axes, label="weight", pad=0.01)
        show()


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> None:
    """Counts of right (on the diagonal) and wrong answers; colour is the share of the row.

    `matrix[i][j]`: clips of label i that the model called j.
    """
    matrix = np.asarray(matrix)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.5 * len(labels)
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(size, size * 0.85))
        ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if share[row, column] > 0.5 else "black"
            ax.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
        ax.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        ax.set_yticks(range(len(labels)), labels)
        ax.set(xlabel="model's answer", ylabel="truth")
        ax.spines[:].set_visible(False)
        show()


def scores(scores: np.ndarray, labels: Sequence[str], title: str = "") -> None:
    """One clip's scores as bars. `scores`: (classes,), 0 ... 1."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(5, 0.5 + 0.32 * len(labels)))
        ax.barh(range(len(labels)), scores, color=COLOURS[0])
        ax.set_yticks(range(len(labels)), labels)
        ax.invert_yaxis()
        ax.set(xlim=(0, 1), title=title)
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        show()


def number_line(values: np.ndarray, scale: float, zero_point: int) -> None:
    """Real values (grey) and the int8 numbers that stand for them, in a histogram.

    Args:
        values: float32, any shape.
        scale, zero_point: an int8 number q stands for scale * (q - zero_point).
    """
    values = np.ravel(values)
    q = np.clip(np.rint(values / scale) + zero_point, -128, 127)
    low, high = scale * (-128 - zero_point), scale * (127 - zero_point)
    with plt.rc_context(STYLE):
        _, (left, right) = plt.subplots(1, 2, figsize=(8, 2.3), sharey=True)
        left.hist(values, 128, range=(low, high), color="#999999", log=True)
        left.set(title="float32 features", xlabel="value")
        right.hist(q, 128, range=(-128, 128), log=True)
        right.set(title="the same as int8", xlabel="q")
        show()


def float_against_int8(float_scores: np.ndarray, int8_scores: np.ndarray) -> None:
    """Each score of the float model against the int8 model's: on the line they agree."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(3.6, 3.4))
        ax.plot([0, 1], [0, 1], color="#999999", lw=1)
        ax.plot(np.ravel(float_scores), np.ravel(int8_scores), ".", ms=3, alpha=0.3)
        ax.set(xlabel="float32 score", ylabel="int8 score", aspect="equal")
        show()


def layer_costs(tiny: TinyModel) -> None:
    """Where the multiplications and the weights are, layer by layer."""
    layers = tiny.layers
    names = [f"{index + 1}. {layer.op.lower()}" for index, layer in enumerate(layers)]
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(1, 2, figsize=(9, 0.6 + 0.24 * len(layers)), sharey=True)
        for ax, values, title in (
            (axes[0], [layer.macs for layer in layers], "multiply-accumulates"),
            (axes[1], [layer.weight_bytes for layer in layers], "bytes of weights"),
        ):
            ax.barh(range(len(layers)), values, color=COLOURS[0])
            ax.set(title=title)
            ax.ticklabel_format(axis="x", style="plain")
            ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            ax.locator_params(axis="x", nbins=5)
        axes[0].set_yticks(range(len(names)), names, fontsize="small")
        axes[0].invert_yaxis()
        show()


def memory_map(fit: Fit) -> None:
    """What the sketch takes of the board's flash and RAM; the line is the board's limit."""
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(2, 1, figsize=(8, 3.6))
        for ax, name, parts, limit in (
            (axes[0], "flash", fit.flash, fit.board.flash),
            (axes[1], "RAM", fit.ram, fit.board.ram),
        ):
            left = 0
            for index, (part, size) in enumerate(parts.items()):
                ax.barh(0, size / 1024, left=left / 1024, label=part, color=COLOURS[index % 8])
                left += size
            ax.axvline(limit / 1024, color="black", lw=2)
            ax.text(limit / 1024, 0.46, f" limit\n {limit / 1024:,.0f} KiB", va="top", fontsize=8)
            ax.set_xlim(0, max(limit, left) / 1024 * 1.1)
            ax.set(title=f"{name}: {left / 1024:,.0f} KiB used", yticks=[], xlabel="KiB")
            ax.legend(ncols=6, fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.42))
        show()


def stream(
    result: Stream,
    recording: np.ndarray,
    spoken: Sequence[tuple[float, str]] = (),
    sample_rate: int = 16_000,
) -> None:
    """A recording, the averaged scores of the keywords over time, and what was reported when.

    `spoken`: what is really said in the recording, (seconds, label).
    """
    with plt.rc_context(STYLE):
        _, (top, bottom) = plt.subplots(2, 1, figsize=(9, 3.8), sharex=True, height_ratios=[1, 1.6])
        _draw_waveform(top, recording, sample_rate)
        top.set(ylabel="amplitude")
        for time, label in spoken:
            top.text(time, 1.04, label, ha="center", color="#777777", fontsize="small",
                     transform=top.get_xaxis_transform())  # fmt: skip
        _draw_averages(bottom, result)
        bottom.set(xlabel="time (s)")
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
            _draw_waveform(axes["audio"], audio, sample_rate)
            axes["audio"].set(ylabel="amplitude")
        if motion is not None:
            _draw_acceleration(axes["motion"], motion, run.board.imu_rate)
        if images is not None:
            _draw_pictures(axes["images"], images, run.pictures, run.seconds)
        if heard is not None:
            _draw_averages(axes["heard"], heard if images is None else _as_taken(heard, run))
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


def _draw_averages(ax: Axes, heard: Stream) -> None:
    """The averaged scores of the keywords over time, and a mark at each report.

    Of movements, which come now and then, each has its own scores: a stem for each gesture. Of
    pictures the label at rest, the first, is left out.
    """
    ignored = heard.labels[:1] if heard.kind == IMAGE else ("unknown", "silence", "none")
    for index, label in enumerate(heard.labels):
        if label in ignored:
            continue
        scores, colour = heard.averages[:, index], COLOURS[index % len(COLOURS)]
        if heard.kind == MOTION:
            ax.vlines(heard.times, 0, scores, color=colour, lw=0.8)
            ax.plot(heard.times, scores, "o", color=colour, ms=4, label=label)
        else:
            ax.plot(heard.times, scores, lw=1.3, color=colour, label=label)
    for time, label, score in heard.events:
        colour = COLOURS[heard.labels.index(label) % len(COLOURS)]
        ax.plot(time, score + 0.06, "v", color=colour, ms=8, clip_on=False)
    what = "average score" if heard.kind == AUDIO else "score"
    ax.set(ylabel=what, ylim=(0, 1.1))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")


def _draw_waveform(ax: Axes, clip: np.ndarray, sample_rate: int) -> None:
    clip = np.asarray(clip)
    scale = 32_768 if np.issubdtype(clip.dtype, np.integer) else 1
    ax.plot(np.arange(len(clip)) / sample_rate, clip / scale, lw=0.5)
    ax.set_xlim(0, len(clip) / sample_rate)


def _draw_spectrogram(ax: Axes, features: np.ndarray, frontend: LogMel, vmax: float | None = None):
    seconds = len(features) * frontend.hop_length / frontend.sample_rate
    image = ax.imshow(
        features.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=0,
        vmax=vmax,
        extent=(0, seconds, 0, frontend.n_mels),
        interpolation="nearest",
    )
    _label_bands(ax, frontend, offset=0.5)
    return image


def _label_bands(ax: Axes, frontend: LogMel, offset: float) -> None:
    """Name a few bands by their frequency; band b is drawn at b + `offset`."""
    ticks = np.linspace(0, frontend.n_mels - 1, 4).round().astype(int)
    ax.set_yticks(ticks + offset, [f"{hertz:,.0f}" for hertz in _band_centres(frontend)[ticks]])


def _band_centres(frontend: LogMel) -> np.ndarray:
    """Frequency of each band's peak, Hz, to the nearest FFT bin."""
    bins = frontend.filterbank.argmax(axis=1)
    return bins * frontend.sample_rate / frontend.frame_length
