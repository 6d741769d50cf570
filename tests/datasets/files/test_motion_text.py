"""Columns of text, dates, quotes and spreadsheets' numbers: a row is what the header says it is."""

import numpy as np
import pytest
from motion_writing import Hand

from tinykit.datasets import Recording, load_motion
from tinykit.datasets.files.motion_text import seconds

MOTION = Hand(5).motion(np.arange(0, 3, 0.01)).round(3)
MOTION[::50, 3] = [1_024.125, -1_300.5, 2.5, 1_999.999, -0.001, 1_000.0]  # thousands
HEADER = ["aX", "aY", "aZ", "gX", "gY", "gZ"]


def read(folder, content: str | bytes) -> Recording:
    file = folder / "wave.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_motion(file, sample_rate=100)


def rows(number=lambda value: f"{value:.3f}", between=",", before=(), after=()) -> list[str]:
    """The motion as lines; `before` and `after` give further fields of a row by its index."""
    return [
        between.join(
            [
                *(field(index) for field in before),
                *(number(value) for value in row),
                *(field(index) for field in after),
            ]
        )
        for index, row in enumerate(MOTION)
    ]


def assert_is_motion(recording: Recording) -> None:
    assert len(recording.takes) == 1
    assert np.array_equal(recording.takes[0], MOTION.astype(np.float32))


def german(value: float) -> str:
    """1024.125 as 1.024,125."""
    return f"{value:,.3f}".translate(str.maketrans(",.", ".,"))


def comma(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")


def quoted(number):
    return lambda value: f'"{number(value)}"'


@pytest.mark.parametrize(
    ("number", "between"),
    [
        (lambda v: f"{v:.3f}", ";"),
        (quoted(lambda v: f"{v:.3f}"), ","),
        (quoted(lambda v: f"{v:.3f}"), ";"),
        (quoted(lambda v: f"{v:,.3f}"), ","),  # "1,024.125"
        (quoted(comma), ","),
        (quoted(comma), ";"),
        (quoted(comma), "\t"),
        (quoted(german), ","),  # "1.024,125"
        (comma, ";"),
        (comma, "\t"),
        (german, ";"),
        (german, "\t"),
        (lambda v: f"{v:,.3f}".replace(",", "\xa0").replace(".", ","), ";"),
        (lambda v: f"{v:,.3f}".replace(",", "\u202f"), ";"),
        (lambda v: f"{v:.3f}".replace("-", "\u2212"), ","),
        (lambda v: f"{v:.6E}", ","),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("first", ["", "sep={}\n"])
def test_spreadsheets_exports_are_read(tmp_path, number, between, encoding, first):
    content = "\r\n".join([between.join(HEADER), *rows(number, between)])
    recording = read(tmp_path, (first.format(between) + content).encode(encoding))
    assert_is_motion(recording)
    assert not any("Lines left out" in note for note in recording.notes)


def test_columns_of_text_are_left_out_and_named(tmp_path):
    names = ["device", *HEADER, "remark"]
    remarks = ["ok", "", "moved, a lot"]
    lines = rows(
        before=[lambda _: '"my board, new"'], after=[lambda index: f'"{remarks[index % 3]}"']
    )
    recording = read(tmp_path, "\n".join([",".join(names), *lines]))
    assert_is_motion(recording)
    assert "Columns of text, left out (device, remark): in 1 file(s) (first: wave.csv)." in (
        recording.notes
    )


@pytest.mark.parametrize(
    "date",
    [
        "2024-05-01T10:30:{:02d}.{:03d}",
        "2024-05-01T10:30:{:02d}.{:03d}Z",
        "2024-05-01 10:30:{:02d}.{:03d}000",
        "2024-05-01 10:30:{:02d}.{:03d}+02:00",
        "10:30:{:02d}.{:03d}",
        "10:30:{:02d}:{:03d}",
        "5/1/2024 10:30:{:02d}.{:03d} AM",
    ],
)
def test_dates_tell_the_sample_rate(tmp_path, date):
    """100 Hz: each row is 10 ms after the one before."""
    lines = rows(before=[lambda index: date.format(index // 100, index % 100 * 10)])
    file = tmp_path / "wave.csv"
    file.write_text("\n".join([",".join(["timestamp", *HEADER]), *lines]))
    recording = load_motion(file)
    assert_is_motion(recording)
    assert recording.sample_rate == pytest.approx(100, rel=1e-3) and recording.notes == []


@pytest.mark.parametrize(
    ("column", "unit"),
    [("time (ns)", 1e9), ("timestamp", 1e9), ("time_us", 1e6), ("Time [ms]", 1e3), ("t", 1)],
)
@pytest.mark.parametrize("start", [0, 1_698_501_144])
def test_clocks_of_any_unit_tell_the_sample_rate(tmp_path, column, unit, start):
    lines = rows(before=[lambda index: f"{(start + index * 0.01) * unit:.3f}"])
    file = tmp_path / "wave.csv"
    file.write_text("\n".join([",".join([column, *HEADER]), *lines]))
    assert load_motion(file).sample_rate == pytest.approx(100, rel=1e-3)


def test_times_in_words():
    assert seconds("1.5") == 1.5
    assert seconds("00:01:02.250") == 62.25
    assert seconds("2024-05-02 00:00:01") - seconds("2024-05-01 23:59:59") == 2
    assert np.isnan(seconds("noon")) and np.isnan(seconds("2024-15-45 10:00:00"))


def test_a_label_column_ends_a_take_where_it_changes(tmp_path):
    def label(index: int) -> str:
        return ["circle", "none", "circle"][index // 100]

    lines = rows(after=[label])
    recording = read(tmp_path, "\n".join([",".join([*HEADER, "Label"]), *lines]))
    assert [len(take) for take in recording.takes] == [100, 100, 100]
    assert np.array_equal(np.concatenate(recording.takes), MOTION.astype(np.float32))
    assert recording.notes == [
        "Files with a column 'Label', which names the gesture and ends a take where it changes: 1 "
        "(first: wave.csv)."
    ]


def test_rows_without_a_label_are_left_out_and_counted(tmp_path):
    lines = rows(after=[lambda index: "circle" if index < 120 else ""])
    recording = read(tmp_path, "\n".join([",".join([*HEADER, "label"]), *lines]))
    assert [len(take) for take in recording.takes] == [120]
    assert any("label is empty: 180 (first: wave.csv, line 122)" in n for n in recording.notes)
