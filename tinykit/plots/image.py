"""The figures of pictures, to be used as `tk.plots.pictures`, `tk.plots.dials` and so on.

Every function draws one figure with matplotlib and returns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter
from PIL import Image

from tinykit.common.plot_style import COLOURS, STYLE, show, show_photos
from tinykit.datasets.image import person_boxes

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinykit.datasets.image import PictureSplit
    from tinykit.features import Picture
    from tinykit.techniques.dials import Dials

_BLUE, _RED, _GREEN, _ORANGE = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[4]
_GREY = "#777777"
_WIDTH = 9.0  # of a figure, inches
_GRID_WIDTH = 7.0  # of a figure full of photos, which are what a notebook's file is full of
_LEAST_AREA = 0.005  # share of the picture: the rule of Visual Wake Words
_STRONGEST = 0.75  # opacity of the strongest place of a map


def pictures(
    x: np.ndarray | Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    columns: int = 8,
    title: str = "",
    right: Sequence[bool] | None = None,
) -> None:
    """A grid of pictures.

    Args:
        x: 1 to 64 pictures: uint8 (n, height, width) or (n, height, width, 1 or 3), or what the
            network sees of them, float in -1 ... 1; or a list of pictures of several sizes.
        titles: one above each.
        columns: pictures in a row.
        title: of the figure.
        right: bool (n,): pictures have a green frame where it is true, a broad red one elsewhere.
    """
    shown = [_as_rgb(picture) for picture in x]
    height, width = shown[0].shape[:2]
    with _grid(len(shown), columns, height / width, bool(titles), title) as panels:
        for index, (ax, picture) in enumerate(zip(panels, shown, strict=True)):
            ax.imshow(picture)
            _title(ax, titles, index)
            if right is not None:
                _frame(ax, bool(right[index]))


def label_rule(
    split: PictureSplit, indices: Sequence[int], labels: Sequence[str] = (), columns: int = 4
) -> None:
    """Pictures with people outlined and boxed; above each its label and the size of a box.

    A person counts when a box covers more than 0.5 % of the picture: a square of that size is in a
    corner. Boxes are `tinykit.datasets.image.person_boxes`; the largest one's share is written.

    Args:
        split: of pictures; without masks only the share that people cover is written.
        indices: 1 to 24 pictures of it.
        labels: of the data set; without them only the share is written.
        columns: pictures in a row.
    """
    indices = np.asarray(indices)
    height, width = split.x.shape[1:3]
    shares = split.largest_box
    what = "box" if split.masks is not None else "people"
    with _grid(len(indices), columns, height / width, True, "") as panels:
        for ax, index in zip(panels, indices, strict=True):
            ax.imshow(split.x[index])
            if split.masks is not None:
                _outline(ax, split.masks[index], width, height)
                for box in _boxes(split.masks[index], width, height):
                    ax.add_patch(box)
            _draw_least(ax, width, height)
            name = f"{labels[split.y[index]]}, " if len(labels) else ""
            ax.set_title(f"{name}{what} {_covered(float(shares[index]))}", fontsize="small")


def where_it_looks(
    model: keras.Model,
    pictures: PictureSplit | np.ndarray,
    frontend: Picture,
    label: int,
    indices: Sequence[int] | None = None,
    titles: Sequence[str] | None = None,
    columns: int = 4,
) -> None:
    """What in pictures speaks for a label (orange) and against it (blue), and its score.

    See `tinykit.models.activation_maps`. Colours are as strong in all pictures; people are outlined
    where that is known.

    Args:
        model: a network that ends in a mean, as `tk.models.mobilenet` does.
        pictures: a split, or uint8 (n, height, width, 3).
        frontend: computes the features.
        label: index of an output.
        indices: 1 to 24 pictures; the first eight when left out.
        titles: one for each; the score when left out.
        columns: pictures in a row.
    """
    from tinykit.models.activation_maps import class_activation_map

    x, masks = getattr(pictures, "x", pictures), getattr(pictures, "masks", None)
    indices = np.arange(min(8, len(x))) if indices is None else np.asarray(indices)
    features = frontend(x[indices])
    maps = class_activation_map(model, features, label)
    if titles is None:
        scores = model.predict(features, verbose=0)[:, label]
        titles = [f"{score:.0%}" for score in scores]
    strongest = np.percentile(np.abs(maps), 98) or 1
    height, width = x.shape[1:3]
    with _grid(len(indices), columns, height / width, True, "") as panels:
        for number, (ax, index) in enumerate(zip(panels, indices, strict=True)):
            ax.imshow(_pale(x[index]))
            ax.imshow(_heat(maps[number] / strongest, width, height))
            if masks is not None:
                _outline(ax, masks[index], width, height)
            _title(ax, titles, number)
        _explain(ax.figure, masks is not None and bool(masks[indices].any()))


def convolutions(model: keras.Model) -> None:
    """What each pair of a depthwise and a 1x1 convolution costs, and what an ordinary one would.

    In multiply-accumulates, for the same inputs and outputs. `model`: any with such pairs, as
    `tk.models.mobilenet` and `tk.models.ds_cnn`.
    """
    from tinykit.models.costs import separable_costs

    costs = separable_costs(model)
    rows = np.arange(len(costs))
    ordinary, depthwise, pointwise = (
        np.array([getattr(cost, name) for cost in costs]) / 1e6
        for name in ("ordinary", "depthwise", "pointwise")
    )
    with _drawing():
        _, ax = plt.subplots(figsize=(_WIDTH, 1.2 + 0.32 * len(costs)))
        ax.barh(rows, ordinary, color="#d9d9d9", label="ordinary 3x3 convolution")
        ax.barh(rows, depthwise, height=0.45, color=_ORANGE, label="depthwise 3x3")
        ax.barh(rows, pointwise, height=0.45, left=depthwise, color=_BLUE, label="pointwise 1x1")
        for row, cost in zip(rows, costs, strict=True):
            times = cost.ordinary / (cost.depthwise + cost.pointwise)
            ax.text(ordinary[row], row, f"  {times:.1f} times", va="center", fontsize="small")
        ax.set_yticks(rows, [str(cost) for cost in costs], fontsize="small")
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set(xlabel="millions of multiply-accumulates", xlim=(0, 1.12 * ordinary.max()))
        ax.legend(fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncols=3)


def dials(measured: Dials) -> None:
    """Accuracy against memory and work: a line for each width, a point for each size of picture.

    Upright lines are limits: what a board leaves to the network. Points that are beyond the first
    board's are hollow.

    `measured`: `tk.load_dials()`, or your own.
    """
    widths = sorted({row["width"] for row in measured.rows})
    with _drawing():
        fig, axes = plt.subplots(1, 3, figsize=(_WIDTH, 4), sharey=True)
        for ax, (key, unit, name) in zip(axes, _COSTS, strict=True):
            for colour, width in zip(COLOURS, widths, strict=False):
                rows = [row for row in measured.rows if row["width"] == width]
                rows.sort(key=lambda row: row["size"])
                _draw_line(ax, rows, key, unit, colour, measured)
            _draw_limits(ax, measured.limits.get(key, {}), unit)
            ax.set(xscale="log", xlabel=name)
            ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.10g}")
            ax.xaxis.set_minor_formatter(lambda x, _: "")
        low, high = axes[0].get_ylim()
        axes[0].set_ylim(low - 0.5 * (high - low), high)  # the limits' names stand below the points
        axes[0].set_ylabel("accuracy on test pictures")
        axes[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        handles = [
            Line2D([], [], color=colour, marker="o", label=f"width {width:g}")
            for colour, width in zip(COLOURS, widths, strict=False)
        ]
        if any(measured.is_over(row) for row in measured.rows):
            over = f"too large for the {measured.board}"
            handles.append(Line2D([], [], color=_GREY, marker="o", mfc="white", ls="", label=over))
        fig.legend(handles=handles, loc="outside upper left", ncols=6, fontsize="small")


# Parts of figures

_COSTS = (
    ("ram_bytes", 1e3, "RAM (kB)"),
    ("flash_bytes", 1e3, "flash (kB)"),
    ("macs", 1e6, "multiply-accumulates (millions)"),
)


@contextmanager
def _drawing() -> Iterator[None]:
    """Draw one figure in the course's style and show it."""
    with plt.rc_context(STYLE):
        yield
        show()


@contextmanager
def _grid(
    count: int, columns: int, ratio: float, has_titles: bool, title: str
) -> Iterator[list[Axes]]:
    """Axes without ticks for `count` pictures, `ratio` times as high as wide; then show them."""
    columns = min(columns, max(count, 4))
    rows = -(-count // columns)
    side = _GRID_WIDTH / columns
    height = rows * (side * ratio + 0.24 * has_titles) + 0.3 * bool(title)
    with plt.rc_context(STYLE | {"axes.titlepad": 3}):
        fig, axes = plt.subplots(
            rows, columns, figsize=(_GRID_WIDTH, height), squeeze=False, layout="compressed"
        )
        fig.get_layout_engine().set(w_pad=0.04, h_pad=0.04, wspace=0.01, hspace=0.01)
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax in axes.flat[count:]:
            ax.set_visible(False)
        if title:
            fig.suptitle(title, fontsize="medium")
        yield list(axes.flat[:count])
        show_photos(fig)


def _title(ax: Axes, titles: Sequence[str] | None, index: int) -> None:
    if titles is not None and index < len(titles):
        ax.set_title(titles[index], fontsize="small")


def _frame(ax: Axes, right: bool) -> None:
    """Right and wrong differ in width as well as in colour."""
    ax.spines[:].set(visible=True, color=_GREEN if right else _RED, linewidth=1.5 if right else 5)


def _as_rgb(picture: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3) of a picture or of its features."""
    picture = np.asarray(picture)
    if picture.dtype != np.uint8:
        picture = np.clip(np.rint(picture * 128 + 128), 0, 255).astype(np.uint8)
    if picture.ndim == 2:
        picture = picture[..., None]
    return np.broadcast_to(picture, (*picture.shape[:2], 3))


def _pale(picture: np.ndarray) -> np.ndarray:
    """A picture in grey and with little contrast, to paint on."""
    grey = np.asarray(Image.fromarray(_as_rgb(picture)).convert("L"))
    return _as_rgb((60 + grey * 0.7).astype(np.uint8))


def _heat(strength: np.ndarray, width: int, height: int) -> np.ndarray:
    """A map, about -1 ... 1, as a coloured glass: uint8 (height, width, 4)."""
    smooth = Image.fromarray(strength.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    smooth = np.clip(np.asarray(smooth), -1, 1)[..., None]
    for_it, against = (np.array(to_rgb(colour)) for colour in (_RED, _BLUE))
    return np.concatenate(
        [np.where(smooth > 0, for_it, against), np.abs(smooth) * _STRONGEST], axis=-1
    )


def _explain(figure: Figure, has_outlines: bool) -> None:
    """What the colours of a map mean, below it."""
    handles = [Patch(color=colour, alpha=_STRONGEST) for colour in (_RED, _BLUE)]
    names = ["speaks for it", "speaks against it"]
    if has_outlines:
        handles.append(Line2D([], [], color="white", path_effects=_halo()))
        names.append("where people are")
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize="small")


def _halo() -> list[withStroke]:
    return [withStroke(linewidth=2.6, foreground="black")]


def _outline(ax: Axes, mask: np.ndarray, width: int, height: int) -> None:
    """A white line around True, in a picture of that size. `mask` may be coarser."""
    rows, columns = mask.shape
    x = (np.arange(-1, columns + 1) + 0.5) * width / columns - 0.5
    y = (np.arange(-1, rows + 1) + 0.5) * height / rows - 0.5
    if mask.any():
        # A margin of False closes the line at the sides of the picture.
        line = ax.contour(x, y, np.pad(mask, 1), [0.5], colors="white", linewidths=1.1)
        line.set_path_effects(_halo())
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def _boxes(mask: np.ndarray, width: int, height: int) -> list[Rectangle]:
    """The boxes of `person_boxes` in a picture of that size."""
    return [
        Rectangle((x * width - 0.5, y * height - 0.5), w * width, h * height,
                  fill=False, ec=_ORANGE, lw=1.5)
        for x, y, w, h in person_boxes(mask)
    ]  # fmt: skip


def _draw_least(ax: Axes, width: int, height: int) -> None:
    """0.5 % of the picture as a square in its lower left corner."""
    side = (_LEAST_AREA * width * height) ** 0.5
    corner = (0.02 * width, 0.98 * height - side)
    ax.add_patch(Rectangle(corner, side, side, fc="white", ec="black", lw=1))


def _covered(area: float) -> str:
    """A share of the picture; small ones with the digits that matter."""
    if np.isnan(area):
        return "of unknown size"
    digits = 0 if area == 0 or area >= 0.1 else 1 if area >= 0.01 else 2
    return f"{area:.{digits}%}"


def _draw_line(
    ax: Axes, rows: list[dict], key: str, unit: float, colour: str, measured: Dials
) -> None:
    """One width's points, from the smallest pictures to the largest."""
    x = [row[key] / unit for row in rows]
    y = [row["accuracy"] for row in rows]
    ax.plot(x, y, color=colour, lw=1.2, zorder=2)
    for row, *place in zip(rows, x, y, strict=True):
        inside = "white" if measured.is_over(row) else colour
        ax.plot(*place, "o", ms=7, color=colour, mfc=inside, mew=1.5, zorder=3)
        ax.annotate(str(row["size"]), place, (6, -3), textcoords="offset points",
                    fontsize="x-small", color=colour, va="top")  # fmt: skip


def _draw_limits(ax: Axes, limits: dict[str, float], unit: float) -> None:
    """An upright line for each, named along its foot."""
    for name, limit in limits.items():
        ax.axvline(limit / unit, color="black", lw=1, ls=(0, (4, 2)), zorder=1)
        ax.text(limit / unit, 0.01, name.removeprefix("Arduino "), rotation=90, ha="center",
                va="bottom", fontsize="x-small", transform=ax.get_xaxis_transform(),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
