"""Any folder, archive or file of gestures becomes takes in three splits that share nobody."""

import itertools
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets import gesture_recognition
from tinykit.datasets import motion as gestures
from tinykit.datasets.motion_sources import person_of

RATE = 119.0
SPLITS = ("train", "validation", "test")
HEADER = "aX,aY,aZ,gX,gY,gZ\n"


def take(*seed: int, rows: int = 150) -> np.ndarray:
    """Motion that is different for each seed, as it is read back: float32 (rows, 6)."""
    random = np.random.default_rng(seed)
    motion = random.normal(0, 0.1, (rows, 6)) * [1, 1, 1, 500, 500, 500]
    motion[:, 2] += 1
    return motion.round(3).astype(np.float32)


def text(*takes: np.ndarray, header: str = HEADER) -> str:
    blocks = ["".join(",".join(f"{v:.3f}" for v in row) + "\n" for row in one) for one in takes]
    return header + "\n".join(blocks)


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content, encoding="utf-8", newline="")
    return path


def archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def recordings(names=("punch", "circle"), people: int = 6, takes: int = 3) -> dict[str, str]:
    """Files in the layout of the bundled recordings; the last two people validate and test."""
    header = f"# sample_rate: {RATE}\n{HEADER}"
    files = {
        f"{name}/person_{who:02d}.csv": text(
            *(take(index, who, number) for number in range(takes)), header=header
        )
        for index, name in enumerate(names)
        for who in range(people)
    }
    for who in range(people):
        files[f"none/person_{who:02d}.csv"] = text(take(9, who, rows=1_000), header=header)
    splits = ["train"] * (people - 2) + ["validation", "test"]
    lines = [f"person_{who:02d},{split}\n" for who, split in enumerate(splits)]
    return files | {"people.csv": "person,split\n" + "".join(lines)}


@pytest.fixture(autouse=True)
def bundle(tmp_path_factory, monkeypatch) -> Path:
    """Small bundled recordings in the place of the real ones, so that tests know their motion."""
    path = archive(tmp_path_factory.mktemp("bundled") / "recordings.zip", recordings())
    monkeypatch.setattr(gestures, "BUNDLED", path)
    return path


def of(data, label: str, splits=SPLITS) -> list[str]:
    """The names of all takes of a label."""
    index = data.labels.index(label)
    return [
        str(file)
        for split in splits
        for file, y in zip(getattr(data, split).files, getattr(data, split).y, strict=True)
        if y == index
    ]


def found(data, file: str) -> np.ndarray:
    for split in (data.train, data.validation, data.test):
        for x, name in zip(split.x, split.files, strict=True):
            if name == file:
                return x
    raise AssertionError(f"no take is called {file}")


def refused(*arguments, **named) -> str:
    with pytest.raises(TinykitError) as error:
        gesture_recognition(*arguments, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


# What comes out


def test_takes_labels_people_and_files_belong_together():
    data = gesture_recognition()
    assert data.labels == ["circle", "punch", "none"], "in the order of the lessons"
    assert (data.sample_rate, data.axes, data.source, data.notes) == (119.0, 6, "bundled", [])
    for name, people in (("train", 4), ("validation", 1), ("test", 1)):
        split = getattr(data, name)
        assert split.x.dtype == object and split.x.shape == (len(split),)
        assert split.y.dtype == np.int64 and len(set(split.speakers)) == people
        for x, y, who, file in zip(split.x, split.y, split.speakers, split.files, strict=True):
            label, number = data.labels[y], int(who[-2:])
            assert file.startswith(f"{label}/{who}.csv") and x.dtype == np.float32
            if label != "none":
                index = ["punch", "circle"].index(label)
                assert np.array_equal(x, take(index, number, int(file.partition("#")[2]) - 1))


def test_takes_can_be_picked_by_an_array_of_rows():
    split = gesture_recognition().train
    rows = np.flatnonzero(split.y == 0)[::-1]
    assert [len(x) for x in split.x[rows]] == [150] * 12


def test_people_csv_says_who_is_in_which_split():
    data = gesture_recognition()
    assert set(data.validation.speakers) == {"person_04"} and set(data.test.speakers) == {
        "person_05"
    }


def test_everyday_motion_is_there_whole_and_in_pieces_of_two_seconds():
    data = gesture_recognition()
    assert [len(data.everyday[split]) for split in SPLITS] == [4, 1, 1]
    whole = data.everyday["test"][0]
    assert np.array_equal(whole, take(9, 5, rows=1_000))
    pieces = sorted(of(data, "none", ["test"]), key=lambda name: float(name[:-1].split("@")[1]))
    assert [name.partition("@")[2] for name in pieces] == ["0.0s", "2.0s", "4.0s", "6.0s"]
    joined = np.concatenate([found(data, name) for name in pieces])
    assert np.array_equal(joined, whole[: 4 * 238]), "one after the other, none overlapping"


def test_the_order_is_random_but_repeatable():
    first, again, other = (gesture_recognition(seed=seed).train.files for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert sorted(first) == sorted(other)


def test_a_data_set_tells_what_it_holds():
    data = gesture_recognition()
    assert repr(data).startswith("MotionDataset(bundled): ") and "takes at 119 Hz" in repr(data)
    assert repr(data.test) == "Split(10 takes)"
    assert re.search(r"circle +12 \(4 people\) +3 \(1 people\) +3", str(data.summary()))


def test_gestures_are_chosen_and_ordered_by_the_caller():
    assert gesture_recognition(["punch"]).labels == ["punch", "none"]
    assert gesture_recognition(["punch", "circle"]).labels == ["punch", "circle", "none"]
    assert "has no takes of 'jump'. It has 'circle', 'punch'" in refused(["jump"])
    assert "Name each once" in refused(["punch", "punch"])
    assert "Name each once" in refused(["punch", "none"])
    assert "Name at least one" in refused([])


# Layouts


def spoken_for(data) -> dict[str, set[str]]:
    return {split: set(getattr(data, split).speakers) - {""} for split in SPLITS}


def test_a_folder_for_each_gesture_keeps_people_apart(tmp_path):
    people = [f"friend{letter}" for letter in "abcdefgh"]
    files = {
        f"{name}/{who}_{number}.csv": text(take(index, ord(who[-1]), number))
        for index, name in enumerate(["wave", "jump"])
        for who in people
        for number in range(3)
    }
    data = gesture_recognition(data=folder(tmp_path / "mine", files), sample_rate=119)
    assert data.labels == ["jump", "wave", "none"]
    own = {split: there & set(people) for split, there in spoken_for(data).items()}
    assert all(own.values()) and sum(map(len, own.values())) == 8, "somebody is in two splits"
    assert len(of(data, "wave")) == 24 and "wave/frienda_0.csv#1" in of(data, "wave")
    assert data.notes == [
        "The takes were split by person: nobody is in two splits.",
        "Everyday motion for train, validation, test is taken from the bundled recordings.",
    ]


@pytest.mark.parametrize("kind", ["folder", "zip", "zip of a folder"])
def test_a_file_for_each_gesture_is_split_by_time(tmp_path, kind):
    files = {f"{g}.csv": text(*(take(i, n) for n in range(10))) for i, g in enumerate("ab")}
    if kind == "folder":
        data = folder(tmp_path / "x", files)
    elif kind == "zip":
        data = archive(tmp_path / "x.zip", files)
    else:
        data = archive(tmp_path / "x.zip", {f"data/{name}": t for name, t in files.items()})
    loaded = gesture_recognition(data=data)
    assert loaded.labels == ["a", "b", "none"]
    for index, name in enumerate("ab"):
        numbers = [
            sorted(int(file.partition("#")[2]) for file in of(loaded, name, [split]))
            for split in SPLITS
        ]
        assert numbers == [[1, 2, 3, 4, 5, 6], [7, 8], [9, 10]], "the last takes are the test"
        assert np.array_equal(found(loaded, f"{name}.csv#10"), take(index, 9))
    assert any("do not say who moves" in note for note in loaded.notes)
    assert any("taken as 119 Hz" in note for note in loaded.notes)


def test_a_long_session_is_tested_in_its_middle_and_at_its_end(tmp_path):
    """People change while they record: the test is not of the last takes alone."""
    data = gesture_recognition(
        data=folder(tmp_path, {"a.csv": text(*(take(n) for n in range(40)))}) / "a.csv"
    )
    numbers = [
        sorted(int(file.partition("#")[2]) for file in of(data, "a", [split])) for split in SPLITS
    ]
    assert numbers[2] == [17, 18, 19, 20, 37, 38, 39, 40]
    assert numbers[1] == [33, 34, 35, 36]
    assert sorted(itertools.chain(*numbers)) == list(range(1, 41)), "every take is in one split"


def test_one_file_is_enough(tmp_path):
    path = folder(tmp_path, {"wave.csv": text(*(take(n) for n in range(5)))}) / "wave.csv"
    data = gesture_recognition(data=path)
    assert data.labels == ["wave", "none"]
    assert [len(of(data, "wave", [split])) for split in SPLITS] == [3, 1, 1]


def test_a_gestures_folder_alone_is_not_taken_for_a_container(tmp_path):
    files = {
        f"circle/{who}.csv": text(*(take(n, len(who)) for n in range(3))) for who in ("anna", "ben")
    }
    assert gesture_recognition(data=folder(tmp_path / "x", files)).labels == ["circle", "none"]


def test_files_named_like_gestures_are_several_in_a_folder_of_any_name(tmp_path):
    """A zip of `Group 4/circ.csv, flex.csv` is not one gesture called Group 4."""
    names = ("circ", "flex", "my")
    files = {f"Group 4/{g}.csv": text(*(take(i, n) for n in range(5))) for i, g in enumerate(names)}
    data = gesture_recognition(data=archive(tmp_path / "x.zip", files))
    assert data.labels == ["circ", "flex", "my", "none"]


def wand(*seed: int, rows: int = 100) -> str:
    """As TFLM's magic wand writes a take: milli-g, three axes, after a mark."""
    lines = [",".join(f"{v:.1f}" for v in row) for row in 1_000 * take(*seed, rows=rows)[:, :3]]
    return " -,-,-\r\n" + "".join(f" {line}\r\n" for line in lines)


def test_the_magic_wand_is_read_as_published(tmp_path):
    people = ["hyw", "shiyun", "tangsy", "dengyl", "jiangyh", "xunkai", "lsj", "pengxl"]
    people += ["liucx", "zhangxy"]
    files = {
        f"data/{name}/output_{name}_{who}.txt": "".join(
            wand(index, people.index(who), number) + "\x1b[0m\x1b[2J\r\n" * (number == 1)
            for number in range(4)
        )
        for index, name in enumerate(["wing", "ring", "slope"])
        for who in people
    }
    for number in range(1, 9):
        files[f"data/negative/output_negative_{number}.txt"] = wand(7, number, rows=500)
    data = gesture_recognition(data=archive(tmp_path / "magic_wand.zip", files))
    assert data.labels == ["ring", "slope", "wing", "none"]
    assert (data.sample_rate, data.axes) == (25.0, 3)
    assert np.allclose(found(data, "ring/output_ring_lsj.txt#2"), take(1, 6, 1, rows=100)[:, :3])
    published = {
        "train": {*people[:6], *(f"negative_{n}" for n in (3, 4, 5, 6))},
        "validation": {"lsj", "pengxl", "negative_2", "negative_7"},
        "test": {"liucx", "zhangxy", "negative_1", "negative_8"},
    }
    assert spoken_for(data) == published
    notes = " ".join(data.notes)
    assert "taken as 25 Hz, as TFLM's magic wand" in notes and "milli-g" in notes
    for split in SPLITS:
        assert all(recording.shape[1] == 3 for recording in data.everyday[split])


def test_borrowed_everyday_motion_has_the_rate_and_the_axes_of_the_data(tmp_path):
    files = {"wave.csv": "# sample_rate: 60\n" + text(*(take(n) for n in range(5)))}
    data = gesture_recognition(data=folder(tmp_path / "x", files))
    seconds = 1_000 / RATE
    lengths = {len(recording) for split in SPLITS for recording in data.everyday[split]}
    assert lengths == {round(seconds * 60)}
    assert spoken_for(data)["test"] == {"person_05"}, "of the bundled people who test"


def test_everyday_motion_of_unknown_people_is_cut_by_time(tmp_path):
    day = take(3, rows=2_000)
    files = {"wave.csv": text(*(take(n) for n in range(5))), "idle.csv": text(day)}
    data = gesture_recognition(data=folder(tmp_path / "x", files))
    parts = [data.everyday[split] for split in SPLITS]
    assert [len(part) for part in parts] == [1, 1, 1]
    assert [len(part[0]) for part in parts] == [1_200, 400, 400]
    assert np.array_equal(np.concatenate([part[0] for part in parts]), day)
    assert not any("bundled" in note for note in data.notes)


def test_a_list_that_leaves_a_split_empty_puts_nobody_into_two(tmp_path):
    """people.csv knows two of eight people, and nobody to validate: the people are split anew."""
    files = {
        f"{name}/friend{letter}.csv": text(*(take(index, ord(letter), n) for n in range(3)))
        for index, name in enumerate(["wave", "jump"])
        for letter in "abcdefgh"
    }
    for letter in "abcdefgh":
        files[f"none/friend{letter}.csv"] = text(take(7, ord(letter), rows=600))
    files["people.csv"] = "person,split\nfrienda,test\nfriendb,test\nx,nowhere\nbroken\n"
    own = spoken_for(gesture_recognition(data=folder(tmp_path / "x", files)))
    assert all(own.values()) and sum(map(len, own.values())) == 8, "somebody is in two splits"
    files["people.csv"] += "friendc,validation\n"
    own = spoken_for(gesture_recognition(data=folder(tmp_path / "x", files)))
    assert own["validation"] == {"friendc"} and own["test"] == {"frienda", "friendb"}
    assert own["train"] == {f"friend{letter}" for letter in "defgh"}, "who is not listed trains"


def test_files_may_have_signs_in_their_names(tmp_path):
    files = {"wave/a@home#2_1.csv": text(*(take(n) for n in range(5)))}
    files["none/b@work#1.csv"] = text(take(8, rows=2_000))
    data = gesture_recognition(data=folder(tmp_path / "x", files))
    assert sorted(of(data, "wave"))[0] == "wave/a@home#2_1.csv#1"
    assert "none/b@work#1.csv@0.0s" in of(data, "none", ["train"])
    assert "none/b@work#1.csv@10.1s" in of(data, "none", ["validation"]), "1,200 rows later"


def test_other_rates_are_resampled_and_that_is_said(tmp_path):
    rate_of = {"a": 119.0, "b": 60.0, "c": 118.0}
    files = {
        f"{name}.csv": f"# sample_rate: {rate}\n{text(*(take(ord(name), n) for n in range(5)))}"
        for name, rate in rate_of.items()
    }
    data = gesture_recognition(data=folder(tmp_path / "x", files))
    assert data.sample_rate == 119
    assert any("Recordings at 60 Hz were resampled to 119 Hz" in note for note in data.notes)
    assert len(found(data, "b.csv#1")) == round(150 * 119 / 60)
    assert len(found(data, "c.csv#1")) == 150, "clocks of two boards differ by as much"


def test_resampling_keeps_slow_motion():
    times = np.arange(0, 4, 1 / 119)
    wave = np.stack([np.sin(2 * np.pi * 0.7 * times)] * 3, axis=1).astype(np.float32)
    for rate in (25, 50, 99.84, 200):
        after = gestures.resampled(wave, 119, rate)
        expected = np.sin(2 * np.pi * 0.7 * np.arange(len(after)) / rate)
        # Averaging 5 rows dampens 0.7 Hz by less than a hundredth; the last rows lack neighbours.
        assert np.abs(after[3:-3, 0] - expected[3:-3]).max() < 0.05


@pytest.mark.parametrize(
    ("stem", "person"),
    [
        ("anna", "anna"),
        ("anna_2", "anna"),
        ("anna-12", "anna"),
        ("anna (3)", "anna"),
        ("José_1", "José"),
        ("person_07", "person_07"),
        ("P3", "P3"),
        ("take_1", ""),
        ("3", ""),
        ("circle_3", ""),
        ("circle", ""),
        ("circle_anna_3", "circle_anna"),
        ("2024-05-01", ""),
    ],
)
def test_the_name_of_a_file_may_say_who_moves(stem, person):
    assert person_of(stem, "circle") == person


# Where takes end


def test_rows_cut_what_nothing_separates(tmp_path):
    whole = take(5, rows=600)
    path = folder(tmp_path, {"wave.csv": text(whole)}) / "wave.csv"
    message = refused(data=path)
    assert message.startswith("wave.csv has 600 rows and nothing between its takes")
    assert "5 takes of 120" in message and "rows=" in message
    data = gesture_recognition(data=path, rows=120)
    assert len(of(data, "wave")) == 5
    assert np.array_equal(found(data, "wave.csv#2"), whole[120:240])
    message = refused(data=path, rows=119)
    assert message.startswith(
        "wave.csv, line 597: 600 rows are 5 takes of 119 rows and 5 rows more"
    )


def test_a_file_in_a_gestures_folder_is_one_take_when_it_is_short(tmp_path):
    files = {f"wave/{n}.csv": text(take(n, rows=1_000)) for n in range(3)}
    assert len(of(gesture_recognition(data=folder(tmp_path / "x", files)), "wave")) == 3
    files["wave/4.csv"] = text(take(4, rows=1_250))  # 10.5 s
    assert "x/wave/4.csv has 1,250 rows" in refused(data=folder(tmp_path / "x", files))


def test_takes_between_separators_may_have_any_length(tmp_path):
    lengths = [90, 119, 240, 60, 130]
    files = {"wave.csv": text(*(take(n, rows=n) for n in lengths))}
    data = gesture_recognition(data=folder(tmp_path / "x", files), rows=119)
    assert [len(found(data, f"wave.csv#{n}")) for n in range(1, 6)] == lengths


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"readme.md": "hello"}, "has no recordings of motion in it"),
        ({"idle.csv": text(take(1, rows=900))}, "has everyday motion only"),
        ({"wave.csv": text(take(1), take(2))}, "'wave' has 2 takes, fewer than 3"),
        ({"wave.csv": ""}, "x/wave.csv is empty"),
        ({"wave.csv": "hello\n" * 9}, "x/wave.csv, line 1: no rows of motion ('hello' ...)"),
    ],
)
def test_data_that_cannot_serve_are_refused(tmp_path, files, said):
    assert said in refused(data=folder(tmp_path / "x", files))


def test_what_is_not_there_is_said(tmp_path, monkeypatch):
    assert "does not exist" in refused(data=tmp_path / "nowhere")
    assert "rows is 0" in refused(rows=0)
    assert "sample_rate is -1" in refused(sample_rate=-1)
    monkeypatch.setattr(gestures, "BUNDLED", tmp_path / "recordings.zip")
    assert "The bundled recordings are missing" in refused()
    alone = {"punch.csv": text(take(1), take(2), take(3))}
    monkeypatch.setattr(gestures, "BUNDLED", archive(tmp_path / "alone.zip", alone))
    assert "have no everyday motion" in refused()


# Real files


def test_real_recordings_are_read_whole(real_data):
    """265 gestures of one person, with LF or CRLF, 119 rows each (counted with awk)."""
    data = gesture_recognition(data=real_data / "arduino_gestures")
    counts = {label: len(of(data, label)) for label in data.labels[:-1]}
    assert counts == {"circ": 48, "flex": 26, "hori": 98, "punch": 16, "vert": 77}
    for split in (data.train, data.validation, data.test):
        own = split.y < 5
        assert {len(x) for x in split.x[own]} == {119}
        assert set(split.speakers[own]) == {""}
    first = (real_data / "arduino_gestures" / "data" / "flex.csv").read_text().split("\n")[1]
    assert found(data, "flex.csv#1")[0] == pytest.approx([float(v) for v in first.split(",")])


def test_real_recordings_without_their_empty_lines_need_rows(real_data, tmp_path):
    source = (real_data / "arduino_gestures" / "data" / "circ.csv").read_text(encoding="utf-8")
    path = tmp_path / "circ.csv"
    path.write_text(re.sub(r"\n\s*\n", "\n", source), encoding="utf-8")
    assert "48 takes of 119" in refused(data=path)
    data = gesture_recognition(data=path, rows=119)
    whole = gesture_recognition(data=real_data / "arduino_gestures", gestures=["circ"])
    for number in (1, 20, 48):
        name = f"circ.csv#{number}"
        assert np.array_equal(found(data, name), found(whole, name))


def test_an_archive_in_memory_order_does_not_matter(tmp_path):
    """A zip lists files as they were added; takes and splits come out alike."""
    files = recordings()
    backwards = dict(reversed(files.items()))
    one, other = (
        gesture_recognition(data=archive(tmp_path / f"{n}.zip", part))
        for n, part in enumerate((files, backwards))
    )
    assert np.array_equal(one.train.files, other.train.files)
