"""A file of motion is read alike however it was saved; what is no motion is named by its line."""

import time
from pathlib import Path

import numpy as np
import pytest
from motion_writing import mutated

import tinykit as tk
from tinykit.common.errors import TinykitError
from tinykit.datasets import Recording, load_motion
from tinykit.datasets.files import motion_rows, motion_text

HEADER = "aX,aY,aZ,gX,gY,gZ"


def take(*seed: int, rows: int = 150) -> np.ndarray:
    """Motion that is different for each seed, as it is read back: float32 (rows, 6)."""
    random = np.random.default_rng(seed)
    motion = random.normal(0, 0.1, (rows, 6)) * [1, 1, 1, 500, 500, 500]
    motion[:, 2] += 1
    return motion.round(3).astype(np.float32)


TAKES = [take(number) for number in range(3)]


def lines(motion: np.ndarray, between: str = ",", digits: int = 3) -> list[str]:
    return [between.join(f"{value:.{digits}f}" for value in row) for row in motion]


def text(*takes: np.ndarray, header: str = HEADER) -> str:
    blocks = ["".join(f"{line}\n" for line in lines(one)) for one in takes]
    return (f"{header}\n" if header else "") + "\n".join(blocks)


def read(path: Path, content: str | bytes, name: str = "wave.csv", **how) -> Recording:
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_motion(file, **how)


def refused(path: Path, content: str | bytes, **how) -> str:
    with pytest.raises(TinykitError) as error:
        read(path, content, **how)
    assert "\n" not in str(error.value) and str(error.value).startswith("wave.csv")
    return str(error.value)


def same(recording: Recording, takes: list[np.ndarray]) -> bool:
    pairs = zip(recording.takes, takes, strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


# How files are written

PLAIN = text(*TAKES)
ARDUINO = "".join(f"{HEADER}\n" + "\n".join(lines(one)) + "\n" for one in TAKES)
WRITTEN = {
    "line feeds": PLAIN,
    "carriage returns and line feeds": PLAIN.replace("\n", "\r\n"),
    "carriage returns twice": PLAIN.replace("\n", "\r\r\n"),
    "carriage returns only": PLAIN.replace("\n", "\r"),
    "byte-order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "PowerShell": PLAIN.replace("\n", "\r\n").encode("utf-16"),
    "no last line end": PLAIN[:-1],
    "many empty lines": PLAIN.replace("\n\n", "\n\n \n\t\n\n") + "\n\n\n",
    "header before each take": ARDUINO,
    "tabs": PLAIN.replace(",", "\t"),
    "blanks": PLAIN.replace(",", "  "),
    "commas and blanks": PLAIN.replace(",", ", "),
    "semicolons": PLAIN.replace(",", ";"),
    "Excel with decimal commas": PLAIN.replace(",", ";").replace(".", ","),
    "tabs with decimal commas": PLAIN.replace(",", "\t").replace(".", ","),
    "a comma at the end of lines": PLAIN.replace("\n", ",\n").replace("\n,\n", "\n\n"),
    "quoted": PLAIN.replace("aX", '"aX"').replace("\n0", '\n"0"'[:2] + "0"),
    "marks": "".join("-,-,-\n" + "\n".join(lines(one)) + "\n" for one in TAKES),
    "escape codes": PLAIN.replace("\n\n", "\n\x1b[2J\x1b[1;32m\n\x1b[0m\n"),
    "times of the Serial Monitor": "".join(
        f"12:03:{n % 60:02d}.123 -> {line}\n" for n, line in enumerate(PLAIN.split("\n"))
    ),
    "comments": f"# sample_rate: 119\n# of Anna\n{PLAIN}",
    "header in small letters with units": PLAIN.replace(HEADER, HEADER.lower() + "\n", 1).replace(
        "ax,ay,az,gx,gy,gz\n\n", "ax (g), ay (g), az (g), gx [deg/s], gy [deg/s], gz [deg/s]\n"
    ),
    "long names": PLAIN.replace("aX,aY,aZ", "acc_x,acc_y,acc_z").replace(
        "gX,gY,gZ", "gyro_x,gyro_y,gyro_z"
    ),
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN.keys())
def test_takes_are_the_same_however_they_were_saved(tmp_path, content):
    assert same(read(tmp_path, content), TAKES)


def test_columns_are_found_by_their_names(tmp_path):
    order = [5, 0, 4, 1, 3, 2]
    names = HEADER.split(",")
    header = ",".join(["n", *(names[column] for column in order), "temperature"])
    rows = [
        ",".join([str(number), *(f"{row[column]:.3f}" for column in order), "21.5"])
        for number, row in enumerate(TAKES[0])
    ]
    assert same(read(tmp_path, "\n".join([header, *rows])), [TAKES[0]])


def test_without_a_header_the_usual_order_is_taken_and_that_is_said(tmp_path):
    recording = read(tmp_path, text(*TAKES, header=""))
    assert same(recording, TAKES)
    assert any("Files without a header" in note for note in recording.notes)


def test_three_axes_are_enough(tmp_path):
    for header in ("aX,aY,aZ\n", "x,y,z\n", ""):
        rows = "\n".join(lines(TAKES[0][:, :3]))
        recording = read(tmp_path, header + rows, sample_rate=50)
        assert recording.axes == 3 and np.array_equal(recording.takes[0], TAKES[0][:, :3])


def test_milli_g_without_a_header_is_converted_and_that_is_said(tmp_path):
    rows = "\n".join(lines(1_000 * TAKES[0][:, :3], digits=1))
    recording = read(tmp_path, f"-,-,-\n{rows}")
    assert np.allclose(recording.takes[0], TAKES[0][:, :3]) and recording.sample_rate == 25
    assert any("milli-g" in note for note in recording.notes)


def test_an_empty_line_after_every_row_separates_nothing(tmp_path):
    recording = read(tmp_path, text(TAKES[0]).replace("\n", "\n\n"))
    assert same(recording, [TAKES[0]])
    assert any("empty line after every row" in note for note in recording.notes)


def test_single_rows_under_different_headers_are_no_take(tmp_path):
    rows = [f"{HEADER}\n{line}\n" for line in lines(TAKES[0][:6])]
    rows += [f"ms,{HEADER}\n7,{line}\n" for line in lines(TAKES[0][6:9])]
    assert "no take has 5 rows or more" in refused(tmp_path, "".join(rows))


def test_chatter_and_half_lines_are_left_out_and_counted(tmp_path):
    rows = lines(TAKES[0])
    half, merged = rows[60][:20], rows[61] + rows[62]
    content = ["IMU started!", "0.1,0.2", HEADER, *rows[:60], half, merged, *rows[63:], "0.12,-"]
    recording = read(tmp_path, "\n".join(content))
    assert same(recording, [np.concatenate([TAKES[0][:60], TAKES[0][63:]])])
    assert (
        "Lines left out because they are not rows of numbers: 5 (first: wave.csv, line 1)."
        in recording.notes
    )


def test_values_that_no_sensor_gives_are_left_out(tmp_path):
    rows = lines(TAKES[0])
    rows[3] = "nan,0,1,0,0,0"
    rows[4] = "0,0,1,0,0,inf"
    rows[5] = "0.1231,0,1000.9,0,0,0"
    recording = read(tmp_path, "\n".join([HEADER, *rows]))
    assert same(recording, [np.delete(TAKES[0], [3, 4, 5], axis=0)])
    assert any("3 (first: wave.csv, line 5)" in note for note in recording.notes)


def test_rows_cut_a_recording(tmp_path):
    recording = read(tmp_path, text(take(1, rows=1_500)), rows=150)
    assert [len(one) for one in recording.takes] == [150] * 10
    recording = read(tmp_path, text(take(1, rows=1_500)))
    assert len(recording.takes) == 1 and any("rows= cuts it" in note for note in recording.notes)
    recording = read(tmp_path, text(take(1, rows=300), take(2, rows=450)), rows=150)
    assert len(recording.takes) == 5, "two sessions, an empty line between them"


# The sample rate


@pytest.mark.parametrize("column", ["t", "Time (s)", "ms", "millis", "timestamp", "micros"])
@pytest.mark.parametrize("rate", [25.0, 99.84, 119.0, 400.0])
def test_a_time_column_tells_the_rate(tmp_path, column, rate):
    """Whole milliseconds are coarse (8, 8, 9 ...): over 150 rows they err by 1/(150 x 8)."""
    unit = {"t": 1, "Time (s)": 1, "timestamp": 1_000, "micros": 1e6}.get(column, 1_000)
    digits = 4 if unit == 1 else 0
    rows = [
        f"{index / rate * unit:.{digits}f},{line}"
        for index, line in enumerate(lines(TAKES[0]))
        if index not in (40, 41, 90)  # lost
    ]
    recording = read(tmp_path, "\n".join([f"{column},{HEADER}", *rows]))
    assert recording.sample_rate == pytest.approx(rate, rel=0.003)
    assert recording.notes == []


def test_what_the_caller_states_wins_then_the_file(tmp_path):
    content = f"# sample_rate: 60.5\n{text(*TAKES)}"
    assert read(tmp_path, content).sample_rate == 60.5
    assert read(tmp_path, content, sample_rate=100).sample_rate == 100
    guessed = read(tmp_path, text(*TAKES))
    assert guessed.sample_rate == 119
    assert guessed.notes == [
        "Files that do not say their sample rate, taken as 119 Hz, as in Arduino's tutorial: 1 "
        "(first: wave.csv). sample_rate= states another."
    ]


def test_a_time_column_that_stands_still_is_said(tmp_path):
    rows = [f"7,{line}" for line in lines(TAKES[0])]
    recording = read(tmp_path, "\n".join([f"ms,{HEADER}", *rows]))
    assert recording.sample_rate == 119
    assert any("time column does not say the sample rate" in note for note in recording.notes)


# What is refused


def test_a_vigorous_gesture_is_no_other_unit(tmp_path):
    """One fast circle may stay above 2 g; in m/s^2 even a board at rest has 9.8."""
    fast = TAKES[0] * [2.5, 2.5, 2.5, 1, 1, 1]
    assert len(read(tmp_path, text(fast)).takes) == 1


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (0, "acceleration is about 0 from here on, but gravity alone is 1 g"),
        (42, "acceleration is about 42"),
        (256, "It looks like a sensor's raw numbers: divide them by the number that is 1 g"),
        (16_384, "It looks like a sensor's raw numbers: divide them by the number that is 1 g"),
    ],
)
def test_a_unit_that_gravity_does_not_tell_is_asked_for(tmp_path, factor, said):
    motion = TAKES[0] * [factor, factor, factor, 1, 1, 1]
    message = refused(tmp_path, text(motion))
    assert message.startswith("wave.csv, line 2: acceleration is about") and said in message
    assert "Write the units into the header, such as 'aX (g)," in message


def timed(motion: np.ndarray, seconds: float) -> str:
    """A take with a column of times, so many seconds apart."""
    rows = [f"{index * seconds:.1f},{line}" for index, line in enumerate(lines(motion))]
    return "\n".join([f"t,{HEADER}", *rows])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "wave.csv is empty"),
        ("\n\n\n", "wave.csv is empty"),
        (HEADER, "wave.csv, line 1: no rows of motion"),
        (f"{HEADER}\n0,0,1,0,0,0\n", "no take has 5 rows or more"),
        ("hello world\n" * 40, "wave.csv, line 1: no rows of motion ('hello world' ...)"),
        (bytes(range(256)) * 40, "no rows of motion"),
        (text(TAKES[0][:40]) + "what?\n" * 9, "line 42: 'what?' is not a row of motion, like 9"),
        (f"# sample_rate: fast\n{text(TAKES[0])}", "line 1: a sample rate of 'fast' cannot be"),
        (f"# sample_rate: 1e9\n{text(TAKES[0])}", "line 1: a sample rate of '1e9' cannot be"),
        (f"# sample_rate: 10\n{text(TAKES[0])}", "line 1: a sample rate of '10' cannot be"),
        (timed(TAKES[0], seconds=0.1), "line 2: its time column says 10 rows a second"),
        (text(TAKES[0], header="gX,gY,gZ,mX,mY,mZ"), "line 1: the header 'gX,gY,gZ,mX"),
        (text(TAKES[0], header="aX,aX,aZ,gX,gY,gZ"), "'aX,aX,aZ,gX,gY,gZ' lacks a column"),
        ("nan,nan,nan,0,0,0\n" * 30, "line 1: 'a value that no sensor gives' is not a row"),
        ("1,2,3,4,5,6,7,8,9\n" * 30, "no rows of motion"),
    ],
)
def test_what_is_no_motion_is_named_with_its_line(tmp_path, content, said):
    assert said in refused(tmp_path, content)


def test_a_missing_file_is_named(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TinykitError, match="cannot be read"):
            load_motion(path)


@pytest.mark.slow
def test_two_thousand_damaged_files_give_motion_or_one_line(tmp_path):
    """Whatever happens to a file: takes of finite motion, or an error that names the file."""
    small = [take(number, rows=40) for number in range(3)]
    times = [f"{8 * n},{line}" for n, line in enumerate(lines(small[0]))]
    sources = [
        f"# sample_rate: 119.0\n{text(*small)}".encode(),
        "\n".join([f"ms,{HEADER}", *times]).encode(),
        ("-,-,-\n" + "\n".join(lines(1_000 * small[0][:, :3], digits=1))).encode(),
        text(*small).replace(",", ";").replace(".", ",").encode("utf-16"),
    ]
    random = np.random.default_rng(0)
    read_well, slowest = 0, 0.0
    for number in range(2_000):
        content = mutated(sources[number % len(sources)], random)
        rows = [None, 20, 40][random.integers(3)]
        began = time.monotonic()
        try:
            recording = read(tmp_path, content, rows=rows)
        except TinykitError as error:
            assert str(error).startswith("wave.csv") and "\n" not in str(error), f"file {number}"
        else:
            read_well += 1
            assert 20 <= recording.sample_rate <= 2_000
            for one in recording.takes:
                assert one.dtype == np.float32 and one.shape[1] == recording.axes
                assert len(one) >= 5 and np.isfinite(one).all()
        slowest = max(slowest, time.monotonic() - began)
    assert read_well > 200, "most accidents leave most of a file"
    assert slowest < 5, "no file keeps the student waiting"


def test_the_quick_way_reads_what_the_thorough_one_does(monkeypatch):
    """Whatever `plain_lines` does not leave to `sorted_lines`, it reads the same."""
    sources = [text if isinstance(text, bytes) else text.encode() for text in WRITTEN.values()]
    random = np.random.default_rng(1)
    contents = sources + [mutated(sources[random.integers(2)], random) for _ in range(150)]
    contents.append(f"# sample_rate: 60\n{PLAIN}".encode())
    timed = [f"{8 * n},{line}" for n, line in enumerate(lines(TAKES[0]))]
    contents.append("\n".join([f"ms,{HEADER}", *timed[:70], "", *timed[70:]]).encode())
    quick = 0
    for content in contents:
        if motion_text.plain_lines(motion_text.split_lines(content), "x") is None:
            continue
        quick += 1
        fast = result(content)
        with monkeypatch.context() as patch:
            patch.setattr(motion_rows, "plain_lines", lambda *_: None)
            assert result(content) == fast
    assert quick > 20, "the quick way was hardly tried"


def result(content: bytes) -> str:
    """All that is read of a file, or why nothing is, as text to compare."""
    try:
        file = motion_rows.read_motion(content, "x")
    except TinykitError as error:
        return str(error)
    blocks = [
        (block.tobytes(), block.shape, list(map(int, file.lines[n])))
        for n, block in enumerate(file.blocks)
    ]
    return repr((blocks, file.rate, file.usual_rate, file.changes))


def test_reading_is_reached_from_the_package():
    assert tk.datasets.load_motion is load_motion
