"""The figures of pictures: each draws what it was given, and appears once in a notebook."""

import base64
import io
import json
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import bars
from figures import (
    check_each_appears_once,
    check_one_figure_each,
    check_others_are_left_alone,
    figure,
)
from PIL import Image

import tinykit as tk
from tinykit import plots
from tinykit.common.errors import TinykitError
from tinykit.datasets.image import PictureSplit
from tinykit.features import Picture
from tinykit.models.activation_maps import class_activation_map
from tinykit.models.costs import separable_costs
from tinykit.models.image import mobilenet
from tinykit.plots import image as image_plots
from tinykit.techniques.dials import Dials, load_dials, needs, room

FRONTEND = Picture(size=64)
N, SIDE = 10, 40
PICTURES = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE, 3), dtype=np.uint8)
MASKS = np.zeros((N, SIDE // 2, SIDE // 2), bool)
MASKS[1, 5:15, 2:6] = True  # one person
MASKS[2, 3:5, 3:4] = True  # a small one,
MASKS[2, 10:20, 10:20] = True  # and one cut off by two sides
MASKS[3] = True  # everywhere
AREA = MASKS.mean(axis=(1, 2)).astype(np.float32)
NAMES = np.array([f"scene{i}" for i in range(N)])
SPLIT = PictureSplit(PICTURES, np.arange(N) % 2, NAMES, NAMES, AREA, MASKS)
COCO = PictureSplit(PICTURES, np.arange(N) % 2, NAMES, NAMES, np.append(AREA[:-1], np.nan))
BOARD = "Arduino Nano 33 BLE Sense"


def row(width: float, size: int, ram: int, flash: int) -> dict:
    accuracy = 0.7 + size / 1000 + width / 10
    costs = {"ram_bytes": ram, "flash_bytes": flash, "macs": ram * 50, "tflite_bytes": flash}
    return {"width": width, "size": size, "channels": 1, "accuracy": accuracy, **costs}


DIALS = Dials(
    [
        row(0.5, 96, 90_000, 900_000),
        row(0.25, 160, 130_000, 220_000),
        row(0.25, 96, 50_000, 220_000),
        row(0.25, 320, 520_000, 220_000),
    ],
    {
        "ram_bytes": {BOARD: 198_000, "Arduino Nicla Vision": 290_000},
        "flash_bytes": {BOARD: 870_000, "a limit": 250_000},
    },
    BOARD,
)


@pytest.fixture(scope="module")
def model():
    return mobilenet(FRONTEND.shape, ["no", "yes"])


@pytest.fixture
def drawings(model) -> dict:
    """Every function of the module with arguments that a notebook would give."""
    return {
        "pictures": lambda: plots.pictures(PICTURES, ["a", "b"]),
        "label_rule": lambda: plots.label_rule(SPLIT, [0, 1, 2, 3]),
        "where_it_looks": lambda: plots.where_it_looks(model, SPLIT, FRONTEND, 1),
        "convolutions": lambda: plots.convolutions(model),
        "dials": lambda: plots.dials(DIALS),
    }


def panels() -> list:
    return [ax for ax in figure().axes if ax.get_visible()]


def titles() -> list[str]:
    return [ax.get_title(loc="left") for ax in panels()]


def test_each_draws_one_figure_and_returns_nothing(drawings):
    check_one_figure_each(drawings, image_plots)


def test_other_figures_and_the_style_of_others_are_left_alone(drawings):
    check_others_are_left_alone(drawings)


@pytest.mark.slow
def test_importing_the_plots_needs_no_tensorflow():
    script = "import sys, tinykit.plots; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


# ---- pictures ----


@pytest.mark.parametrize("count", [1, 3, 8, 9, 16])
def test_every_picture_is_shown_as_it_is(count):
    x = np.resize(PICTURES, (count, SIDE, SIDE, 3))
    plots.pictures(x, ["first"], title="some")
    shown = panels()
    assert len(shown) == count
    for ax, picture in zip(shown, x, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), picture)
    assert titles()[0] == "first" and not any(titles()[1:])
    assert figure().get_suptitle() == "some"


def test_grey_pictures_features_and_pictures_of_several_sizes_can_be_shown():
    frontend = Picture(size=32)
    features = frontend(PICTURES[:2])
    plots.pictures(features)
    for ax, picture in zip(panels(), PICTURES, strict=False):
        drawn = ax.images[0].get_array()
        np.testing.assert_array_equal(drawn, np.repeat(frontend.pixels(picture), 3, axis=2))
    plt.close("all")
    several = [PICTURES[0], PICTURES[1, :20], PICTURES[2, ..., 0], PICTURES[3, ..., :1]]
    plots.pictures(several)
    shown = [ax.images[0].get_array().shape for ax in panels()]
    assert shown == [(SIDE, SIDE, 3), (20, SIDE, 3), (SIDE, SIDE, 3), (SIDE, SIDE, 3)]


def test_right_and_wrong_differ_in_colour_and_in_width():
    plots.pictures(PICTURES[:3], right=np.array([True, False, True]))
    frames = [
        {(spine.get_edgecolor(), spine.get_linewidth()) for spine in ax.spines.values()}
        for ax in panels()
    ]
    assert all(len(frame) == 1 for frame in frames), "all four sides alike"
    assert frames[0] == frames[2] != frames[1]
    (right,), (wrong,) = frames[:2]
    assert right[0] != wrong[0] and right[1] < wrong[1], "told apart without colours, too"


# ---- label_rule ----


def test_people_are_outlined_and_boxed_where_they_are():
    plots.label_rule(SPLIT, [0, 1, 2])
    nobody, one, two = panels()
    assert [len(ax.collections) for ax in (nobody, one, two)] == [0, 1, 1]
    assert [len(ax.patches) for ax in (nobody, one, two)] == [1, 2, 3], "with the small square"
    box = one.patches[0]
    # Rows 5 to 15 and columns 2 to 6 of the mask are 10 to 30 and 4 to 12 of the picture.
    assert (box.get_x(), box.get_y()) == (3.5, 9.5)
    assert (box.get_width(), box.get_height()) == (8, 20)
    (path,) = one.collections[0].get_paths()
    low, high = path.vertices.min(axis=0), path.vertices.max(axis=0)
    np.testing.assert_allclose([low, high], [[3.5, 9.5], [11.5, 29.5]], atol=0.5)
    assert one.get_xlim() == (-0.5, SIDE - 0.5) and one.get_ylim() == (SIDE - 0.5, -0.5)


def test_the_square_in_the_corner_is_half_a_percent_of_the_picture():
    plots.label_rule(SPLIT, [0])
    (square,) = panels()[0].patches
    share = square.get_width() * square.get_height() / SIDE**2
    assert square.get_width() == square.get_height() and share == pytest.approx(0.005)


def test_the_label_stands_beside_the_size_of_the_box_that_decides_it():
    """The rule speaks of boxes: covered pixels beside them read as if it had been broken."""
    plots.label_rule(SPLIT, [0, 1, 2], ["nobody", "somebody"])
    # Of 20 x 20: a box of 10 x 4, and the larger one of 2 x 1 and 10 x 10.
    assert titles() == ["nobody, box 0%", "somebody, box 10%", "nobody, box 25%"]


def test_the_share_is_written_with_the_digits_that_matter():
    area = np.array([0, 0.0013, 0.0234, 0.1234, 1, np.nan, 0, 0, 0, 0], np.float32)
    split = PictureSplit(PICTURES, np.zeros(N, int), NAMES, NAMES, area)
    plots.label_rule(split, range(6))
    assert [title.removeprefix("people ") for title in titles()] == [
        "0%",
        "0.13%",
        "2.3%",
        "12%",
        "100%",
        "of unknown size",
    ]


# ---- where_it_looks ----


def test_a_map_is_as_strong_as_what_the_network_finds(model):
    """A picture in which more speaks for the label is more orange where it does."""
    some = [4, 2, 7]
    plots.where_it_looks(model, SPLIT, FRONTEND, 1, some)
    features = FRONTEND(PICTURES[some])
    maps = class_activation_map(model, features, 1)
    scores = model.predict(features, verbose=0)[:, 1]
    assert titles() == [f"{score:.0%}" for score in scores]
    strongest = np.percentile(np.abs(maps), 98)
    for ax, one in zip(panels(), maps, strict=True):
        heat = np.asarray(ax.images[1].get_array())
        signed = np.where(heat[..., 0] > heat[..., 2], 1, -1) * heat[..., 3] / 0.75
        rows, columns = one.shape
        assert heat.shape == (SIDE, SIDE, 4)
        # The middle of each place has about its strength: what is between is drawn out smoothly.
        step = SIDE // rows, SIDE // columns
        middle = signed[step[0] // 2 :: step[0], step[1] // 2 :: step[1]]
        np.testing.assert_allclose(middle, np.clip(one / strongest, -1, 1), atol=0.35)


def test_people_are_outlined_on_maps_where_that_is_known(model):
    plots.where_it_looks(model, SPLIT, FRONTEND, 1, [0, 1], ["a", "b"])
    assert [len(ax.collections) for ax in panels()] == [0, 1]
    assert titles() == ["a", "b"]
    assert len(figure().legends[0].get_texts()) == 3
    for pictures in (COCO, PICTURES):
        plt.close("all")
        plots.where_it_looks(model, pictures, FRONTEND, 0)
        assert len(panels()) == 8 and not any(ax.collections for ax in panels())
        assert len(figure().legends[0].get_texts()) == 2


# ---- convolutions ----


def test_costs_are_those_of_the_formula_and_of_the_layers_in_the_file(model):
    """The file counts multiplications from its tensors' shapes: another way to the same number."""
    costs = separable_costs(model)
    assert len(costs) == 9
    first = costs[0]
    # 16 x 16 places, 8 channels to 40, kernels of 3 x 3.
    assert (first.shape, first.channels_in) == ((16, 16, 40), 8)
    assert first.ordinary == 3 * 3 * 8 * 40 * 16 * 16
    assert first.depthwise == 3 * 3 * 8 * 16 * 16
    assert first.pointwise == 8 * 40 * 16 * 16
    assert str(first) == "16 x 16, 8 to 40 channels"
    tiny = tk.quantize(model, FRONTEND(bars(np.zeros(20, int), 0)), FRONTEND, ["no", "yes"])
    layers = [(layer.op, layer.macs) for layer in tiny.layers if layer.macs]
    pairs = [layers[i : i + 2] for i in range(1, len(layers) - 1, 2)]
    assert pairs == [
        [("DEPTHWISE_CONV_2D", cost.depthwise), ("CONV_2D", cost.pointwise)] for cost in costs
    ]


def test_bars_are_as_long_as_the_costs(model):
    plots.convolutions(model)
    (ax,) = panels()
    costs = separable_costs(model)
    bars_of = [[bar.get_width() * 1e6 for bar in bars] for bars in ax.containers]
    for drawn, name in zip(bars_of, ("ordinary", "depthwise", "pointwise"), strict=True):
        np.testing.assert_allclose(drawn, [getattr(cost, name) for cost in costs])
    said = [float(text.get_text().split()[0]) for text in ax.texts]
    np.testing.assert_allclose(
        said, [cost.ordinary / (cost.depthwise + cost.pointwise) for cost in costs], atol=0.05
    )
    assert ax.yaxis_inverted(), "the first layer is on top"


def test_a_network_without_such_pairs_is_refused():
    model = tk.models.band_cnn((49, 40), ["a", "b"])
    with pytest.raises(TinykitError, match="band_cnn has no depthwise convolution"):
        plots.convolutions(model)


# ---- dials ----


def test_dials_have_a_line_for_each_width_in_the_order_of_sizes():
    plots.dials(DIALS)
    ram, flash, macs = panels()
    drawn = [line for line in ram.lines if line.get_marker() == "None" and len(line.get_xdata())]
    quarter = next(line for line in drawn if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(quarter.get_xdata(), [50, 130, 520])
    np.testing.assert_allclose(quarter.get_ydata(), [0.821, 0.885, 1.045])
    for ax, unit in ((ram, "RAM (kB)"), (flash, "flash (kB)")):
        assert ax.get_xlabel() == unit and ax.get_xscale() == "log"
    assert "millions" in macs.get_xlabel()
    sizes = [text.get_text() for text in ram.texts if text.get_text().isdigit()]
    assert sorted(sizes) == ["160", "320", "96", "96"]


def test_points_beyond_a_limit_of_the_board_are_hollow_in_every_panel():
    plots.dials(DIALS)
    for ax in panels():
        points = [line for line in ax.lines if line.get_marker() == "o"]
        hollow = [point.get_markerfacecolor() == "white" for point in points]
        # Width 0.25: 96 and 160 fit, 320 has too much RAM; width 0.5 too much flash.
        assert hollow == [False, False, True, True]
    names = [text.get_text() for text in figure().legends[0].get_texts()]
    assert names == ["width 0.25", "width 0.5", f"too large for the {BOARD}"]


def test_limits_are_upright_lines_with_their_names():
    plots.dials(DIALS)
    for ax, key in zip(panels(), ("ram_bytes", "flash_bytes", "macs"), strict=True):
        limits = DIALS.limits.get(key, {})
        drawn = {
            text.get_text(): text.get_position()[0]
            for text in ax.texts
            if not text.get_text().isdigit()
        }
        expected = {name.removeprefix("Arduino "): limit / 1e3 for name, limit in limits.items()}
        assert drawn == pytest.approx(expected)
        upright = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
        assert set(expected.values()) <= set(upright)


def test_dials_can_be_saved_and_loaded(tmp_path):
    path = DIALS.save(tmp_path / "dials.json")
    assert load_dials(path) == DIALS
    path.write_text(json.dumps({"rows": []}), encoding="utf-8")
    for broken in (path, tmp_path / "absent.json"):
        with pytest.raises(TinykitError, match=r"holds no measured dials .*image_dials\.py"):
            load_dials(broken)


def test_what_the_network_takes_and_what_the_board_leaves_make_up_the_fit(picture_tiny):
    fit = tk.check_fit(picture_tiny, "nano33ble")
    ram, flash = needs(picture_tiny)
    limits = room(picture_tiny, ["nano33ble", "nicla_vision"])
    assert list(limits["ram_bytes"]) == [BOARD, "Arduino Nicla Vision"]
    for used, parts, total, key in (
        (ram, fit.ram, fit.board.ram, "ram_bytes"),
        (flash, fit.flash, fit.board.flash, "flash_bytes"),
    ):
        free = total - sum(parts.values())
        assert limits[key][BOARD] - used == free, "below the limit by what is free on the board"


# ---- in a notebook ----

NOTEBOOK = """
import numpy as np, tinykit as tk
from tinykit.datasets.image import PictureSplit
from tinykit.techniques.dials import Dials
x = np.random.default_rng(0).integers(0, 256, (4, 40, 40, 3), dtype=np.uint8)
masks = x[..., 0] > 128
names = np.array(["a"] * 4)
split = PictureSplit(x, np.arange(4) % 2, names, names, masks.mean((1, 2)), masks)
frontend = tk.features.Picture(32)
model = tk.models.mobilenet(frontend.shape, ["no", "yes"])
row = dict(width=0.25, size=96, accuracy=0.8, ram_bytes=1, flash_bytes=2, macs=3)
---
tk.plots.pictures(x)
---
tk.plots.label_rule(split, [0, 1])
---
tk.plots.where_it_looks(model, split, frontend, 1)
---
tk.plots.convolutions(model)
---
tk.plots.dials(Dials([row], {}, ""))
"""
PHOTOS = {"pictures", "label_rule", "where_it_looks"}


@pytest.mark.slow
def test_each_figure_appears_exactly_once_in_a_notebook():
    check_each_appears_once(NOTEBOOK, image_plots, photos=PHOTOS)


def test_a_figure_of_photos_is_closed_once_it_was_shown(monkeypatch):
    """matplotlib's own inline figures are, too: otherwise they would appear again and again."""
    shown = []
    monkeypatch.setattr(plt, "get_backend", lambda: "inline")
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    plots.pictures(PICTURES[:2])
    assert not plt.get_fignums()
    (data,) = shown
    assert Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))).format == "JPEG"
