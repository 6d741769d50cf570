"""Phones' recordings, numbered files, label columns and Edge Impulse's exports become gestures."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from motion_writing import GRAVITY, Hand, csv_of, edge_impulse, phyphox, sensor_logger, table

from tinykit.common.errors import TinykitError
from tinykit.datasets import MotionDataset, gesture_recognition
from tinykit.datasets.motion_sources import take_of

TIMES = np.arange(0, 1.5, 0.01)
HEADER = "aX,aY,aZ,gX,gY,gZ"
STATED = f"# sample_rate: 100\n{HEADER}"


@pytest.fixture(autouse=True)
def bundle(tmp_path_factory, monkeypatch) -> None:
    """Small bundled recordings in the place of the real ones, which take seconds to read."""
    days = [Hand(seed).motion(np.arange(0, 30, 0.01)) for seed in (901, 902, 903)]
    splits = zip("abc", days, ("train", "validation", "test"), strict=True)
    files, people = {"circle/a.csv": text(*(motion(800, n) for n in range(3)))}, "person,split\n"
    for who, day, split in splits:
        files[f"none/{who}.csv"] = text(day)
        people += f"{who},{split}\n"
    path = tmp_path_factory.mktemp("bundled") / "recordings.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {"people.csv": people}).items():
            archive.writestr(name, content)
    monkeypatch.setattr("tinykit.datasets.motion.BUNDLED", path)


def motion(*seed: int) -> np.ndarray:
    return Hand([*seed]).motion(TIMES)


def text(*takes: np.ndarray, header: str = STATED) -> str:
    return "\n".join([header, *(csv_of(take, "").lstrip() for take in takes)])


def folder(path: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def counts(data: MotionDataset) -> dict[str, int]:
    """Takes of each gesture, all splits together."""
    y = np.concatenate([split.y for split in (data.train, data.validation, data.test)])
    return {label: int((y == index).sum()) for index, label in enumerate(data.labels[:-1])}


def takes(data: MotionDataset) -> dict[str, np.ndarray]:
    return {
        str(name): x
        for split in (data.train, data.validation, data.test)
        for name, x in zip(split.files, split.x, strict=True)
    }


def refused(*arguments, **named) -> str:
    with pytest.raises(TinykitError) as error:
        gesture_recognition(*arguments, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


# One take a file, its gesture in its name


@pytest.mark.parametrize(
    ("stem", "gesture"),
    [
        ("circle_0", "circle"),
        ("circle.0", "circle"),
        ("circle-12", "circle"),
        ("circle 3", "circle"),
        ("circle (1)", "circle"),
        ("circle(1)", "circle"),
        ("circle007", "circle"),
        ("big_circle_0", "big_circle"),
        ("circle.json.5h1k2", "circle"),
        ("circle.1.csv", "circle"),
        ("circle-2024-05-01_10-30-00", "circle"),
        ("circle_2-2024-05-01_10-30-00", "circle"),
        ("Kreis 2024-05-01 10-30-00", "Kreis"),
        ("circle", None),
        ("1", None),
        ("2024-05-01", None),
    ],
)
def test_the_name_of_a_file_may_number_a_take(stem, gesture):
    assert take_of(stem) == ((gesture, True) if gesture else (stem, False))


@pytest.mark.parametrize("named", ["{}_{}", "{}.{}", "{}-{}", "{} ({})", "{}{:02d}"])
@pytest.mark.parametrize("extra", [{}, {"none_1.csv": text(motion(9))}])
def test_a_flat_folder_of_numbered_files_has_one_take_a_file(tmp_path, named, extra):
    files = {
        f"{named.format(name, number)}.csv": text(motion(index, number))
        for index, name in enumerate(["circle", "wave"])
        for number in range(6)
    }
    data = gesture_recognition(data=folder(tmp_path / "mine", files | extra))
    assert data.labels == ["circle", "wave", "none"]
    assert counts(data) == {"circle": 6, "wave": 6}
    name = f"{named.format('wave', 3)}.csv#1"
    assert np.abs(takes(data)[name] - motion(1, 3)).max() < 1e-3


def test_one_gesture_in_numbered_files_is_one_gesture(tmp_path):
    files = {f"circle_{number}.csv": text(motion(number)) for number in range(5)}
    assert counts(gesture_recognition(data=folder(tmp_path, files))) == {"circle": 5}


def test_numbers_tell_gestures_apart_where_each_file_has_several_takes(tmp_path):
    files = {f"gesture_{n}.csv": text(*(motion(n, k) for k in range(4))) for n in (1, 2)}
    data = gesture_recognition(data=folder(tmp_path, files))
    assert counts(data) == {"gesture_1": 4, "gesture_2": 4}


def test_a_long_numbered_file_still_needs_rows(tmp_path):
    """12 s without a break are several takes, whatever the file is called."""
    long = [Hand(seed).motion(np.arange(0, 12, 0.01)) for seed in range(2)]
    path = folder(tmp_path, {f"gesture_{n}.csv": text(one) for n, one in enumerate(long)})
    assert "nothing between its takes" in refused(data=path)
    data = gesture_recognition(data=path, rows=120)
    assert counts(data) == {"gesture_0": 10, "gesture_1": 10}


# A column that names the gesture


def with_labels(labels: list[str], rows: int = 100, seed: int = 0) -> str:
    hand, lines = Hand(seed), [f"t,{HEADER},label"]
    for index in range(rows * len(labels)):
        values = hand.motion(np.array([index / 100]))[0]
        numbers = ",".join(f"{value:.6f}" for value in (index / 100, *values))
        lines.append(f"{numbers},{labels[index // rows]}")
    return "\n".join(lines)


def test_a_label_column_names_the_gestures(tmp_path):
    path = folder(tmp_path, {"all.csv": with_labels(["circle", "idle", "wave", "idle"] * 5)})
    data = gesture_recognition(data=path / "all.csv")
    assert data.labels == ["circle", "wave", "none"] and counts(data) == {"circle": 5, "wave": 5}
    assert sum(len(data.everyday[split]) for split in data.everyday) >= 3, "idle is everyday motion"
    assert {len(x) for name, x in takes(data).items() if name.startswith("all.csv#")} == {100}
    assert any("a column 'label', which names the gesture" in note for note in data.notes)


def test_each_persons_file_with_a_label_column_keeps_people_apart(tmp_path):
    names = [f"friend{letter}" for letter in "abcdefghij"]
    files = {
        f"{who}.csv": with_labels(["circle", "wave"] * 3, seed=n) for n, who in enumerate(names)
    }
    data = gesture_recognition(data=folder(tmp_path, files))
    assert counts(data) == {"circle": 30, "wave": 30}
    splits = (data.train, data.validation, data.test)
    people = [set(split.speakers) & set(names) for split in splits]
    assert all(people) and sum(map(len, people)) == 10, "somebody is in two splits"


def test_the_folder_names_the_gesture_where_a_column_says_one_thing(tmp_path):
    files = {f"circle/{n}.csv": with_labels(["take"], seed=n) for n in range(4)}
    assert counts(gesture_recognition(data=folder(tmp_path / "x", files))) == {"circle": 4}


# Phones


def phone_data(path: Path, place: str, zipped: bool, write=sensor_logger) -> Path:
    """Two gestures of four recordings each, at `place`, such as "circle/2024-05-01"."""
    for index, gesture in enumerate(["circle", "wave"]):
        for number in range(4):
            to = path / place.format(gesture=gesture, number=number)
            how = ["TotalAcceleration Accelerometer Gyroscope"] * (write is sensor_logger)
            write(to, Hand(10 * index + number), *how)
            if zipped:
                with zipfile.ZipFile(to.parent / f"{to.name}.zip", "w") as archive:
                    for file in sorted(to.rglob("*")):
                        if file.is_file():
                            archive.write(file, file.relative_to(to))
                            file.unlink()
                for inner in sorted(to.rglob("*"), reverse=True):
                    inner.rmdir()
                to.rmdir()
    return path


@pytest.mark.parametrize("write", [sensor_logger, phyphox])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "place",
    [
        "{gesture}/2024-05-01_10-30-0{number}",
        "{gesture}/anna_{number}",
        "{gesture}_{number}",
        "{gesture}_{number}-2024-05-01_10-30-00",
        "mine/{gesture}/take{number}/export 2024-05-01 10-30-00",
        "{gesture}_{number}/export 2024-05-01 10-30-00",
    ],
)
def test_phones_recordings_are_takes_of_the_folder_that_names_them(tmp_path, write, zipped, place):
    path = phone_data(tmp_path / "data", place, zipped, write)
    data = gesture_recognition(data=path)
    assert data.labels == ["circle", "wave", "none"]
    assert counts(data) == {"circle": 4, "wave": 4}
    assert data.sample_rate == pytest.approx(100, rel=1e-3) and data.axes == 6
    start = 0.05 if write is sensor_logger else 0
    own = [take for name, take in takes(data).items() if name.startswith("wave")]
    for take in own:  # whichever it is, it is one of the four
        times = start + np.arange(len(take)) / data.sample_rate
        wrong = [np.abs(take - Hand(10 + n).motion(times)).max() for n in range(4)]
        assert min(wrong) < 0.3


def test_a_zip_of_everything_is_read_too(tmp_path):
    path = phone_data(tmp_path / "data", "{gesture}/2024-05-01_10-30-0{number}", zipped=False)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in sorted(path.rglob("*.csv")):
            archive.write(file, Path("data") / file.relative_to(path))
    assert counts(gesture_recognition(data=tmp_path / "all.zip")) == {"circle": 4, "wave": 4}


def test_phones_and_boards_may_be_mixed(tmp_path):
    path = phone_data(tmp_path / "data", "{gesture}/2024-05-01_10-30-0{number}", zipped=False)
    folder(path, {f"circle/board_{n}.csv": text(motion(n)) for n in range(3)})
    assert counts(gesture_recognition(data=path)) == {"circle": 7, "wave": 4}


# Edge Impulse


@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize("place", ["{}", "training/{}", "{half}/{}"])
@pytest.mark.parametrize("named", ["{label}.{n}", "{label}.json.5h{n}k2", "{label}.x{n}z.s1"])
def test_edge_impulses_export_is_read(tmp_path, kind, place, named):
    files = {}
    for index, label in enumerate(["snake", "updown", "idle"]):
        for n in range(5):
            name = f"{named.format(label=label, n=n)}.{kind}"
            half = "testing" if n == 4 else "training"
            values = motion(index, n)[:, :3]
            files[place.format(name, half=half)] = (
                edge_impulse(values)
                if kind == "json"
                else table("timestamp,accX,accY,accZ", 1_000 * TIMES, GRAVITY * values)
            )
    data = gesture_recognition(data=folder(tmp_path / "export", files))
    assert data.labels == ["snake", "updown", "none"]
    assert counts(data) == {"snake": 5, "updown": 5}
    assert data.sample_rate == pytest.approx(100) and data.axes == 3
    together = [note for note in data.notes if "Taken together" in note]
    assert len(together) == ("half" in place)


def test_edge_impulses_list_of_labels_is_followed(tmp_path):
    files = {f"training/sample{n}.json": edge_impulse(motion(n)) for n in range(8)}
    labels = [
        {"path": name, "category": "training", "label": {"type": "label", "label": "ab"[n % 2]}}
        for n, name in enumerate(files)
    ]
    files["info.labels"] = json.dumps({"version": 1, "files": labels})
    data = gesture_recognition(data=folder(tmp_path / "export", files))
    assert counts(data) == {"a": 4, "b": 4}
    files["info.labels"] = '{"version": 1}'
    message = refused(data=folder(tmp_path / "export", files))
    assert "info.labels does not list the labels" in message


def test_cbor_says_what_to_export_instead(tmp_path):
    packed = {f"training/a.{n}.cbor": b"\xa3" for n in range(3)}
    message = refused(data=folder(tmp_path / "x", packed))
    assert "only CBOR" in message and "as JSON or as CSV" in message
    plain = {f"training/b.{n}.json": edge_impulse(motion(n)) for n in range(4)}
    data = gesture_recognition(data=folder(tmp_path / "x", plain))
    assert any("CBOR is not read. Export these" in note for note in data.notes)


def test_other_json_is_named_and_left_out(tmp_path):
    files = {f"a_{n}.csv": text(motion(n)) for n in range(4)} | {"report.json": '{"accuracy": 1}'}
    data = gesture_recognition(data=folder(tmp_path, files))
    assert "Left out, not motion: report.json." in data.notes


# Copies


def test_the_same_take_under_several_names_is_used_once(tmp_path):
    """Nobody can be tested on a take that another name trained on."""
    people = ["anna", "ben", "carl", "dora", "emil", "fred"]
    files = {f"wave/{who}.csv": text(*(motion(ord(who[0]), n) for n in range(3))) for who in people}
    files |= {f"jump/{who}.csv": text(*(motion(7, n) for n in range(3))) for who in people}
    data = gesture_recognition(data=folder(tmp_path / "x", files))
    assert counts(data) == {"jump": 3, "wave": 18}
    seen = [x.tobytes() for x in takes(data).values()]
    assert len(seen) == len(set(seen)), "a take is in the data twice"
    notes = " ".join(data.notes)
    assert "Left out, copies of other takes: jump/ben.csv#1, jump/carl.csv#1" in notes
    assert "18 of these takes are the same under several people's names (anna, ben, carl" in notes


def test_a_take_twice_in_a_gesture_or_in_two_is_noted(tmp_path):
    same = motion(99)
    files = {
        "a.csv": text(*(motion(1, n) for n in range(12)), motion(1, 0), same),
        "b.csv": text(*(motion(2, n) for n in range(12)), same),
    }
    data = gesture_recognition(data=folder(tmp_path, files))
    assert counts(data) == {"a": 12, "b": 12}
    assert "Left out, copies of other takes: a.csv#13." in data.notes
    assert "Left out, the same take with several labels: a.csv#14, b.csv#13." in data.notes


def test_too_few_takes_because_of_copies_says_so(tmp_path):
    files = {f"wave/{who}.csv": text(motion(1)) for who in ("anna", "ben", "carl")}
    message = refused(data=folder(tmp_path / "x", files))
    assert "'wave' has 1 take, fewer than 3" in message
    assert "copies of other takes: wave/ben.csv#1, wave/carl.csv#1" in message


def test_a_gesture_with_few_takes_is_named(tmp_path):
    files = {"on.csv": text(*(motion(1, n) for n in range(60)))}
    files["off.csv"] = text(*(motion(2, n) for n in range(3)))
    data = gesture_recognition(data=folder(tmp_path, files))
    assert any('Only 3 examples of "off" (60 of "on")' in note for note in data.notes)
    assert not any('of "on"):' in note.split(" (")[0] for note in data.notes)
