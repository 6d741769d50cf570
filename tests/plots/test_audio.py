"""The figures of sound: each draws what it was given."""

import numpy as np
import pytest
from figures import figure
from plot_inputs import CLIP, FRONTEND, STREAM

from tinykit import plots
from tinykit.datasets import tone


@pytest.mark.parametrize("clip", [CLIP, np.zeros(16_000, np.int16), CLIP / 32_768])
def test_a_waveform_is_drawn_in_seconds_and_full_scales(clip):
    plots.waveform(clip)
    (line,) = figure().axes[0].lines
    assert line.get_xdata()[[0, 8_000]].tolist() == [0, 0.5]
    expected = clip / 32_768 if clip.dtype == np.int16 else clip
    np.testing.assert_array_equal(line.get_ydata(), expected)


def test_silence_can_be_drawn():
    silence = np.zeros(16_000, np.int16)
    plots.clip_and_spectrogram(silence, FRONTEND)
    plots.frame_to_bands(silence, FRONTEND, 0)
    plots.spectrograms(silence[None], FRONTEND)


def test_a_tone_is_bright_at_its_time_and_frequency():
    """1,000 Hz in the second half of the clip: the brightest cell must lie there on both axes."""
    clip = np.concatenate([np.zeros(8_000, np.int16), tone(1_000, duration=0.5)])
    plots.spectrogram(FRONTEND(clip), FRONTEND)
    ax = figure().axes[0]
    (image,) = ax.images
    picture = np.asarray(image.get_array())  # (bands, frames), row 0 at the bottom
    assert picture.shape == (40, 49)
    left, right, bottom, top = image.get_extent()
    assert (left, bottom, top) == (0, 0, 40) and right == pytest.approx(49 * 0.02)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert right * column / 49 > 0.45
    hertz = [float(label.get_text().replace(",", "")) for label in ax.get_yticklabels()]
    shown = np.interp(row + 0.5, ax.get_yticks(), hertz)
    assert shown == pytest.approx(1_000, rel=0.25), "the axis marks four bands; between, a line"


def test_all_spectrograms_of_a_grid_share_one_brightness_scale():
    clips = np.stack([CLIP, CLIP // 100, CLIP // 10])
    plots.spectrograms(clips, FRONTEND, ["loud", "quiet", "between"], columns=2)
    axes = figure().axes
    assert [ax.get_title(loc="left") for ax in axes[:3]] == ["loud", "quiet", "between"]
    assert not axes[3].get_visible(), "no empty frame where there is no clip"
    assert len({ax.images[0].get_clim() for ax in axes[:3]}) == 1


def test_a_stream_shows_the_keywords_and_when_they_were_reported():
    plots.stream(STREAM, np.tile(CLIP, 2), spoken=[(0.5, "yes"), (1.5, "no")])
    top, bottom = figure().axes
    assert top.lines[0].get_xdata()[-1] == pytest.approx(2, abs=1e-3)
    lines = {line.get_label(): line for line in bottom.lines}
    assert {"yes", "no"} <= set(lines) and not {"unknown", "silence"} & set(lines)
    np.testing.assert_array_equal(lines["no"].get_ydata(), STREAM.averages[:, 1])
    marks = [line for line in bottom.lines if line.get_marker() == "v"]
    assert [mark.get_xdata()[0] for mark in marks] == [0.9, 1.7]
    said = [(text.get_position()[0], text.get_text()) for text in top.texts]
    assert said == [(0.5, "yes"), (1.5, "no")]
    for mark, label in zip(marks, ("yes", "no"), strict=True):
        assert mark.get_color() == lines[label].get_color(), "a mark has its keyword's colour"
