"""The figures of sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from tinykit.common.kinds import AUDIO, IMAGE, MOTION
from tinykit.common.plot_style import COLOURS, STYLE, show

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

    from tinykit.features import LogMel
    from tinykit.streaming.result import Stream


def waveform(clip: np.ndarray, sample_rate: int = 16_000, title: str = "") -> None:
    """Samples over time. `clip`: int16 or float in -1 ... 1, (samples,)."""
    with plt.rc_context(STYLE):
        _, ax = plt.subplots(figsize=(7, 1.8))
        draw_waveform(ax, clip, sample_rate)
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
        draw_waveform(top, clip, frontend.sample_rate)
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
        left.set_ylabel("share of the largest")
        left.set_ylim(-1.1, 1.8)
        left.legend(fontsize="x-small", loc="upper right", ncols=2)
        middle.plot(hertz, 10 * np.log10(power + 1e-6), lw=0.8)
        for weights in frontend.filterbank[::3]:
            middle.plot(hertz[weights > 0], weights[weights > 0] * 15 - 55, lw=0.7, color="#E69F00")
        middle.set(title="2. spectrum; every third band", xlabel="frequency (Hz)")
        middle.set(ylim=(-58, None), ylabel="power (dB)")
        right.bar(np.arange(len(bands)), np.log10(1 + bands / frontend.floor), width=0.8)
        ticks = np.arange(0, frontend.n_mels, 13)
        right.set_xticks(ticks, [f"{centres[tick]:.0f}" for tick in ticks])
        right.set(title=f"3. {frontend.n_mels} features", xlabel="band (Hz)")
        right.set_ylabel("log10 of power")
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
        draw_waveform(top, recording, sample_rate)
        top.set(ylabel="amplitude")
        for time, label in spoken:
            top.text(time, 1.04, label, ha="center", color="#777777", fontsize="small",
                     transform=top.get_xaxis_transform())  # fmt: skip
        draw_averages(bottom, result)
        bottom.set(xlabel="time (s)")
        show()


def draw_averages(ax: Axes, heard: Stream) -> None:
    """The averaged scores of the keywords over time, and a mark at each report.

    Of movements, which come now and then, each has its own scores: a stem for each gesture. Of
    pictures the label at rest, the first, is left out.
    """
    ignored = heard.labels[:1] if heard.kind == IMAGE else heard.resting
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


def draw_waveform(ax: Axes, clip: np.ndarray, sample_rate: int) -> None:
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
