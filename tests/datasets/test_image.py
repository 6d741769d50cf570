"""Any folder or archive of pictures becomes small squares in three splits that share no scene."""

import io
import itertools
import json
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinykit.common.errors import TinykitError
from tinykit.datasets import Split, load_image, visual_wake_words
from tinykit.datasets import image as pictures
from tinykit.datasets.coco import read_annotations
from tinykit.features import Picture

SPLITS = ("train", "validation", "test")
HEADER = "file,scene,split,area,persons\n"


def pixels(seed: int, width: int = 40, height: int = 30) -> np.ndarray:
    """A picture that is different for each seed."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(seed: int, width: int = 40, height: int = 30) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(seed, width, height)).save(file, "PNG")
    return file.getvalue()


def folder(path: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def archive(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def bundled(scenes: int = 6, views: int = 2) -> dict[str, bytes | str]:
    """Files in the layout of the bundled pictures; the last two scenes validate and test."""
    files, rows = {}, []
    for label, scene, view in itertools.product(
        ("person", "non_person"), range(scenes), range(views)
    ):
        name = f"{label}/{scene:04d}_{view}.png"
        files[name] = png(len(files), 112, 112)
        split = {scenes - 2: "validation", scenes - 1: "test"}.get(scene, "train")
        persons = int(label == "person")
        rows.append(f"{name},{scene:04d},{split},{persons * (scene + 1) / 20},{persons}\n")
    return files | {"pictures.csv": HEADER + "".join(rows)}


def photos(names: dict[str, int], pattern: str = "{:03d}.png") -> dict[str, bytes]:
    """`names` pictures by folder, each named by `pattern` with its number."""
    files = [f"{name}/{pattern.format(number)}" for name, n in names.items() for number in range(n)]
    return {file: png(zlib.crc32(file.encode())) for file in files}


def coco(
    boxes: dict[str, list[tuple]], size: tuple[int, int] = (100, 80), **changes: object
) -> str:
    """The text of an instances_*.json: boxes (x, y, width, height[, iscrowd]) by file name."""
    ids = {file: 7 * index for index, file in enumerate(boxes)}
    annotations = [
        {
            "image_id": ids[file],
            "category_id": 17 if box == "dog" else 42,
            "bbox": [0, 0, 50, 50] if box == "dog" else list(box[:4]),
            "iscrowd": box[4] if len(box) == 5 else 0,
            "segmentation": [[1.0, 2.0, 3.0, 4.0]],
        }
        for file, of in boxes.items()
        for box in of
    ]
    content = {
        "images": [
            {"id": ids[file], "file_name": file, "width": size[0], "height": size[1]}
            for file in boxes
        ],
        "annotations": annotations,
        "categories": [{"id": 42, "name": "person"}, {"id": 17, "name": "dog"}],
    }
    return json.dumps(content | changes)


def half(n: int, start: int = 0) -> dict[str, list[tuple]]:
    """`n` photos, every second one with a person."""
    return {
        f"{number:012d}.jpg": [(10, 10, 30, 30)] if number % 2 else []
        for number in range(start, start + n)
    }


def with_photos(where: str, boxes: dict[str, list[tuple]]) -> dict[str, bytes]:
    return {
        f"{where}/{file}": png(zlib.crc32(f"{where}/{file}".encode()), 100, 80) for file in boxes
    }


@pytest.fixture(autouse=True)
def bundle(tmp_path_factory, monkeypatch) -> Path:
    """Small bundled pictures in the place of the real ones."""
    path = archive(tmp_path_factory.mktemp("bundled") / "pictures.zip", bundled())
    monkeypatch.setattr(pictures, "BUNDLED", path)
    return path


def label_of(data) -> dict[str, str]:
    """The label of each picture by its file."""
    return {
        str(file): data.labels[y]
        for split in SPLITS
        for file, y in zip(getattr(data, split).files, getattr(data, split).y, strict=True)
    }


def split_of(data) -> dict[str, str]:
    return {str(file): split for split in SPLITS for file in getattr(data, split).files}


def areas(data) -> dict[str, float]:
    return {
        str(file): float(area)
        for split in SPLITS
        for file, area in zip(getattr(data, split).files, getattr(data, split).area, strict=True)
    }


def refused(*arguments, **named) -> str:
    with pytest.raises(TinykitError) as error:
        visual_wake_words(*arguments, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


# What comes out


def test_the_bundled_pictures_come_as_their_table_says():
    data = visual_wake_words()
    assert data.labels == ["non_person", "person"] and data.notes == [] and not data.crop
    assert repr(data) == (
        "ImageDataset(bundled): 16 train, 4 validation, 4 test pictures of 112 x 112 pixels\n"
        "labels: non_person, person"
    )
    assert repr(data.test) == "Split(4 pictures of 112 x 112)"
    assert split_of(data) == {
        file: {"0004": "validation", "0005": "test"}.get(file.split("/")[1][:4], "train")
        for file in bundled()
        if file.endswith(".png")
    }
    files = bundled()
    for split in (data.train, data.validation, data.test):
        assert split.x.dtype == np.uint8 and split.y.dtype == np.int64
        assert split.area.dtype == np.float32
        for x, y, scene, file, area in zip(
            split.x, split.y, split.speakers, split.files, split.area, strict=True
        ):
            np.testing.assert_array_equal(x, np.asarray(Image.open(io.BytesIO(files[file]))))
            assert data.labels[y] == file.split("/")[0] and scene == file.split("/")[1][:4]
            assert area == pytest.approx(y * (int(scene) + 1) / 20)


def test_the_table_of_labels_counts_scenes():
    rows = visual_wake_words().summary().rows
    assert rows[0] == ["non_person", "8 (4 scenes)", "2 (1 scenes)", "2 (1 scenes)"]


@pytest.mark.parametrize(("size", "crop"), [(96, False), (50, False), (24, True), (112, True)])
def test_pictures_are_exactly_what_the_front_end_makes_of_the_file(tmp_path, size, crop):
    """So that a file that is predicted by itself gets the scores that it got in the test."""
    path = folder(tmp_path, photos({"cup": 8, "no_cup": 8}))
    data = visual_wake_words(path, size=size, crop=crop)
    frontend = Picture(size, 3, crop)
    assert data.crop == crop
    for split in (data.train, data.validation, data.test):
        for x, file in zip(split.x, split.files, strict=True):
            np.testing.assert_array_equal(x, frontend.pixels(load_image(path / file)))


def test_a_seed_gives_the_same_order_and_every_seed_the_same_splits(tmp_path):
    path = folder(tmp_path, photos({"a": 20, "b": 20}))
    first, again, other = (visual_wake_words(path, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train.files, again.train.files)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert (first.train.files != other.train.files).any()
    assert split_of(first) == split_of(other)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "folder"])
def test_folders_and_archives_are_read_alike(tmp_path, kind):
    files = photos({"a": 6, "b": 6})
    if kind == "folder":
        path = folder(tmp_path / "mine", files)
    elif kind == "zip":
        path = archive(tmp_path / "mine.zip", {f"mine/{name}": files[name] for name in files})
    else:
        path = tmp_path / "mine.tar.gz"
        with tarfile.open(path, "w:gz") as file:
            file.add(folder(tmp_path / "mine", files), "mine")
    data = visual_wake_words(path)
    assert data.source == str(path) and label_of(data) == {name: name[0] for name in files}


# Folders of your own


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["person", "non_person"], ["non_person", "person"]),
        (["anna", "background"], ["background", "anna"]),
        (["cup", "No cup", "bottle"], ["No cup", "bottle", "cup"]),
        (["apple", "nonsense_is_here"], ["nonsense_is_here", "apple"]),
        (["apple", "notebook"], ["apple", "notebook"]),
        (["apple", "noodles"], ["apple", "noodles"]),
        (["zebra", "Empty"], ["Empty", "zebra"]),
        (["cat", "not-cat"], ["not-cat", "cat"]),
        (["dog", "cat"], ["cat", "dog"]),
    ],
)
def test_the_label_for_nothing_comes_first_and_the_others_by_the_alphabet(tmp_path, names, labels):
    data = visual_wake_words(folder(tmp_path, photos(dict.fromkeys(names, 3))))
    assert data.labels == labels
    assert np.isnan(data.train.area).all(), "nobody has measured persons in them"


def test_folders_in_folders_belong_to_the_label(tmp_path):
    files = photos({"cup/red": 3, "cup/blue/small": 3, "plate": 6})
    data = visual_wake_words(folder(tmp_path, files))
    assert label_of(data) == {name: name.split("/")[0] for name in files}


def test_folders_for_splits_are_kept(tmp_path):
    files = photos({"train/cup": 20, "valid/cup": 3, "test/cup": 4})
    files |= photos({"train/plate": 20, "valid/plate": 3, "test/plate": 4})
    data = visual_wake_words(folder(tmp_path, files))
    names = {"train": "train", "valid": "validation", "test": "test"}
    assert data.labels == ["cup", "plate"] and data.notes == []
    assert split_of(data) == {file: names[file.split("/")[0]] for file in files}


def test_without_a_folder_for_validation_a_part_of_training_serves(tmp_path):
    files = photos({"train/cup": 40, "train/plate": 40, "test/cup": 5, "test/plate": 5})
    data = visual_wake_words(folder(tmp_path, files))
    splits = split_of(data)
    assert {file for file in splits if splits[file] == "test"} == {f for f in files if "test" in f}
    assert 2 <= len(data.validation) <= 20
    assert "A tenth of the pictures for training are used for validation." in data.notes


def test_sessions_of_one_name_stay_together(tmp_path):
    """As tk.record_images names them: pictures of a session look alike."""
    files = {}
    for session in ("kitchen", "street_2", "office", "garden", "hall", "anna"):
        files |= photos({"person": 5, "non_person": 5}, session + "_{:03d}.png")
    data = visual_wake_words(folder(tmp_path, files))
    scenes = [set(getattr(data, split).speakers) for split in SPLITS]
    assert set.union(*scenes) == {"kitchen", "street_2", "office", "garden", "hall", "anna"}
    assert sum(map(len, scenes)) == 6
    assert data.notes == ["The pictures were split by scene: none is in two splits."]


def test_two_sessions_are_split_in_stretches_of_time(tmp_path):
    files = {}
    for session in ("kitchen", "hall"):
        files |= photos({"person": 20, "non_person": 20}, session + "_{}.png")
    data = visual_wake_words(folder(tmp_path, files))
    assert "are of too few scenes" in data.notes[0]
    splits = split_of(data)
    for label, session in itertools.product(("person", "non_person"), ("kitchen", "hall")):
        order = [splits[f"{label}/{session}_{number}.png"] for number in range(20)]
        tested, validating = (
            [number for number in range(20) if order[number] == split]
            for split in ("test", "validation")
        )
        assert tested == [8, 9, 18, 19], "of the middle and of the end, by number: 10 after 9"
        assert validating == [16, 17]


@pytest.mark.parametrize(
    "pattern", ["IMG_{:04d}.png", "{}.png", "photo ({}).png", "person_{}.png", "DSC{:05d}.png"]
)
def test_names_that_cameras_give_are_no_scenes(tmp_path, pattern):
    data = visual_wake_words(folder(tmp_path, photos({"person": 10, "non_person": 10}, pattern)))
    assert set(data.train.speakers) == {""}
    assert "do not say which scene they show" in data.notes[0]


def test_mlperfs_ready_folder_is_split_at_random(tmp_path):
    """COCO's numbers say nothing of what is in a photo: neighbours are as different as others."""
    files = photos({"vw/person": 20}, "COCO_train2014_{:012d}.png")
    files |= photos({"vw/non_person": 20}, "COCO_val2014_{:012d}.png")
    data = visual_wake_words(folder(tmp_path, files))
    assert data.labels == ["non_person", "person"]
    assert data.notes == ["The pictures were split at random: 70, 10 and 20 % of each label."]
    sizes = [np.bincount(getattr(data, split).y).tolist() for split in SPLITS]
    assert sizes == [[14, 14], [2, 2], [4, 4]]


def test_three_pictures_of_a_label_are_enough(tmp_path):
    data = visual_wake_words(folder(tmp_path, photos({"a": 3, "b": 4})))
    for split in SPLITS:
        assert set(getattr(data, split).y) == {0, 1}


# COCO


def test_a_photo_shows_a_person_when_a_box_covers_more_than_half_a_percent(tmp_path):
    """Of 100 x 80 pixels that is 40: a box of 8 x 5 is not more, one of 8 x 5.1 is."""
    boxes = half(20, 100) | {
        "000000000000.jpg": [(0, 0, 8, 5)],
        "000000000001.jpg": [(0, 0, 8, 5.1)],
        "000000000002.jpg": [(0, 0, 6, 6), (50, 50, 6, 6)],  # two, each too small
        "000000000003.jpg": ["dog"],
        "000000000004.jpg": [],
        "000000000005.jpg": [(0, 0, 5, 5), (20, 20, 40, 40)],
        "000000000006.jpg": [(10, 10, 80, 20, 1)],  # a crowd
        "000000000007.jpg": [(95, 70, 500, 500)],  # 5 x 10 of it are in the picture
        "000000000008.jpg": [(98, 70, 500, 500)],  # 2 x 10
    }
    files = {"annotations/instances_train2017.json": coco(boxes)} | with_photos("train2017", boxes)
    found = label_of(visual_wake_words(folder(tmp_path, files)))
    person = [found[f"train2017/{number:012d}.jpg"] == "person" for number in range(9)]
    assert person == [False, True, False, False, False, True, True, True, False]


def test_area_is_what_all_boxes_cover_together(tmp_path):
    """Counted on a raster of the picture's pixels, where boxes with whole corners fit exactly."""
    random = np.random.default_rng(3)
    boxes = {
        f"{number:012d}.jpg": [
            tuple(map(int, (*random.integers(-20, 90, 2), *random.integers(0, 60, 2))))
            for _ in range(number % 6)
        ]
        for number in range(60)
    }
    files = {"instances_val2017.json": coco(boxes)} | with_photos("val2017", boxes)
    found = areas(visual_wake_words(folder(tmp_path, files)))
    for file, of in boxes.items():
        raster = np.zeros((80, 100), bool)
        for x, y, width, height in of:
            raster[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = True
        assert found[f"val2017/{file}"] == pytest.approx(raster.mean(), abs=1e-6)


@pytest.mark.parametrize("upright", [False, True])
def test_cropped_photos_are_labelled_by_what_is_left(tmp_path, upright):
    """The centre square of 100 x 80 begins 10 pixels from the left, of 80 x 100 from the top."""
    boxes = half(20, 100) | {
        "000000000000.jpg": [(0, 0, 10, 80)],  # at the edge that is lost
        "000000000001.jpg": [(0, 0, 20, 80)],  # half of it is lost
        "000000000002.jpg": [(85, 0, 500, 80)],  # 5 of 15 are left
    }
    size = (80, 100) if upright else (100, 80)
    if upright:
        boxes = {file: [(y, x, h, w) for x, y, w, h in of] for file, of in boxes.items()}
    files = {"instances_val2017.json": coco(boxes, size)} | with_photos("val2017", boxes)
    data = visual_wake_words(folder(tmp_path, files), crop=True)
    found = label_of(data)
    assert found["val2017/000000000000.jpg"] == "non_person"
    assert found["val2017/000000000001.jpg"] == "person"
    assert areas(data)["val2017/000000000001.jpg"] == pytest.approx(10 / 80)
    assert areas(data)["val2017/000000000002.jpg"] == pytest.approx(5 / 80)


def test_cocos_own_validation_photos_are_the_test(tmp_path):
    train, test = half(60), half(20, 1_000)
    files = {
        "annotations/instances_train2017.json": coco(train),
        "annotations/instances_val2017.json": coco(test),
        "annotations/captions_train2017.json": "{}",
        "annotations/person_keypoints_train2017.json": "{}",
        **with_photos("train2017", train),
        **with_photos("val2017", test),
    }
    data = visual_wake_words(folder(tmp_path, files))
    assert set(data.test.files) == set(with_photos("val2017", test))
    assert len(data.train) + len(data.validation) == 60 and len(data.validation) >= 2
    assert data.notes == ["A tenth of the pictures for training are used for validation."]


def test_what_is_missing_of_coco_is_left_out_and_told(tmp_path):
    boxes = half(40)
    there = dict(list(boxes.items())[:30])
    files = {"instances_train2017.json": coco(boxes)} | with_photos("photos/deep", there)
    files["photos/holiday.png"] = png(1)
    data = visual_wake_words(folder(tmp_path, files))
    assert "10 of 40 photos in instances_train2017.json are not there." in data.notes
    assert "Left out, not annotated: photos/holiday.png." in data.notes
    assert len(split_of(data)) == 30


def test_annotations_of_photos_that_are_not_listed_do_no_harm(tmp_path):
    boxes = half(10)
    content = json.loads(coco(boxes))
    content["annotations"].append({"image_id": 999, "category_id": 42, "bbox": [0, 0, 9, 9]})
    del content["annotations"][0]["segmentation"]
    files = {"instances_val2017.json": json.dumps(content)} | with_photos("val2017", boxes)
    assert list(label_of(visual_wake_words(folder(tmp_path, files))).values()).count("person") == 5


def spoil(place: dict | list, random: np.random.Generator) -> None:
    """Put junk in the place of a random value at a random depth."""
    keys = list(place) if isinstance(place, dict) else range(len(place))
    key = keys[random.integers(len(keys))]
    if isinstance(place[key], dict | list) and place[key] and random.random() < 0.8:
        spoil(place[key], random)
    else:
        junk = [None, -1, 1e400, "x", [], {}, [[1, 2]], True, [1, 2, 3], {"id": []}, ""]
        place[key] = junk[random.integers(len(junk))]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_in_the_annotations_there_are_labels_or_a_sentence(seed):
    random = np.random.default_rng(seed)
    for _ in range(60):
        content = json.loads(coco(half(8)))
        for _ in range(random.integers(1, 4)):
            spoil(content, random)
        try:
            found = read_annotations(json.dumps(content).encode(), "x.json")
        except TinykitError as error:
            assert str(error).startswith("x.json ") and "\n" not in str(error)
        else:
            for photo in found:
                largest, area = photo.areas()
                assert 0 <= largest <= area <= 1 + 1e-9


def test_photos_of_equal_names_are_told_apart_by_their_folder(tmp_path):
    train = half(40)
    test = {file: [] if of else [(10, 10, 30, 30)] for file, of in half(20).items()}
    files = {
        "instances_train2017.json": coco(train),
        "instances_val2017.json": coco(test),
        **with_photos("val2017", test),
        **with_photos("train2017", train),
    }
    found = label_of(visual_wake_words(folder(tmp_path, files)))
    assert found["train2017/000000000001.jpg"] == found["val2017/000000000002.jpg"] == "person"
    assert found["train2017/000000000002.jpg"] == found["val2017/000000000001.jpg"] == "non_person"


def test_the_real_sample_has_the_persons_that_its_annotations_name(real_data):
    """Counted here from the file itself, box by box."""
    with tarfile.open(real_data / "coco_sample.tar.gz") as file:
        member = next(name for name in file.getnames() if name.endswith("_train2017.json"))
        content = json.load(file.extractfile(member))
    person = next(kind["id"] for kind in content["categories"] if kind["name"] == "person")
    names = {image["id"]: image for image in content["images"]}
    with_person = {
        names[a["image_id"]]["file_name"]
        for a in content["annotations"]
        if a["category_id"] == person
        and a["bbox"][2] * a["bbox"][3]
        > 0.005 * names[a["image_id"]]["width"] * names[a["image_id"]]["height"]
    }
    data = visual_wake_words(real_data / "coco_sample.tar.gz")
    found = label_of(data)
    assert len(found) == len(content["images"])
    assert {Path(file).name for file in found if found[file] == "person"} == with_person
    for split in SPLITS:
        assert set(getattr(data, split).y) == {0, 1}
        near_zero = getattr(data, split).area[getattr(data, split).y == 0]
        assert (getattr(data, split).area[getattr(data, split).y == 1] > 0.005).all()
        assert (near_zero < 0.05).all()


def test_cocos_archives_in_one_folder_are_read_as_they_were_downloaded(tmp_path):
    train, test = half(40), half(20, 1_000)
    archive(tmp_path / "val2017.zip", with_photos("val2017", test))
    archive(tmp_path / "train2017.zip", with_photos("train2017", train))
    annotations = {
        "annotations/instances_train2017.json": coco(train),
        "annotations/instances_val2017.json": coco(test),
    }
    archive(tmp_path / "annotations_trainval2017.zip", annotations)
    data = visual_wake_words(tmp_path)
    assert len(data.test) == 20 and len(data.train) + len(data.validation) == 40
    unpacked = visual_wake_words(folder(tmp_path, annotations | with_photos("val2017", test)))
    assert {Path(file).name for file in unpacked.test.files} == set(test)
    assert unpacked.notes == data.notes, "what is there twice is read once"


def test_loading_many_of_your_own_shows_its_progress(tmp_path, monkeypatch, capsys):
    """The bundled ones load quietly, so that a lesson prints the same each time."""
    path = folder(tmp_path, photos({"a": 6, "b": 6}))
    for many, data, shown in ((12, path, True), (13, path, False), (1, None, False)):
        monkeypatch.setattr(pictures, "_MANY", many)
        visual_wake_words(data)
        assert ("12/12" in capsys.readouterr().err) == shown


# Limits, damages, bad input


def test_a_limit_keeps_as_many_of_each_label(tmp_path):
    path = folder(tmp_path, photos({"a": 60, "b": 30}))
    data = visual_wake_words(path, limit=40)
    sizes = [np.bincount(getattr(data, split).y).tolist() for split in SPLITS]
    assert sizes == [[14, 14], [2, 2], [4, 4]], "70, 10 and 20 % of 40, a half of each label"
    assert "40 of 90 pictures are used (limit=40)." in data.notes
    whole = split_of(visual_wake_words(path, limit=None))
    assert len(whole) == 90
    assert all(whole[file] == split for file, split in split_of(data).items())


def test_broken_files_are_left_out_and_the_first_is_named(tmp_path):
    files = photos({"a": 15, "b": 15})
    files["a/007.png"] = b""
    files["b/003.png"] = files["b/003.png"][:200]
    data = visual_wake_words(folder(tmp_path, files))
    note = data.notes[-1]
    assert note.startswith("Left out, 2 pictures that cannot be read: "), note
    assert "/a/007.png is empty (0 bytes)" in note
    assert set(split_of(data)) == set(files) - {"a/007.png", "b/003.png"}
    for split in SPLITS:
        columns = [column for column in vars(getattr(data, split)).values() if column is not None]
        assert len(set(map(len, columns))) == 1


def test_many_broken_files_are_an_error(tmp_path):
    files = photos({"a": 15, "b": 15})
    files |= dict.fromkeys(list(files)[:4], b"no picture")
    message = refused(folder(tmp_path, files))
    assert message.startswith("4 of 30 pictures in") and "is not a picture that can" in message


def test_what_is_no_picture_is_passed_over(tmp_path):
    files = photos({"a": 6, "b": 6}) | {
        "a/notes.txt": "hello",
        "a/film.mp4": b"123",
        "b/Thumbs.db": b"123",
        "__MACOSX/a/._000.png": b"123",
    }
    data = visual_wake_words(folder(tmp_path, files))
    assert len(split_of(data)) == 12
    assert "Left out, not pictures: a/film.mp4, a/notes.txt." in data.notes


def test_pictures_in_no_folder_are_left_out_and_told(tmp_path):
    data = visual_wake_words(folder(tmp_path, photos({"a": 6, "b": 6}) | {"c.png": png(0)}))
    assert "Left out, in no label's folder: c.png." in data.notes


def test_what_systems_leave_behind_is_no_label_and_is_not_named(tmp_path):
    files = photos({"a": 10, "b": 10})
    for name in ("@eaDir/000.png", "$RECYCLE.BIN/x.png", "lost+found/x.png", "#recycle/a/x.png"):
        files[name] = png(len(files))
    files |= {"a/~$plan.png": b"x", "a/9.png.part": b"x", "Metadata.csv": "x", "b/Thumbs.db": b"x"}
    data = visual_wake_words(folder(tmp_path, files))
    assert data.labels == ["a", "b"] and len(split_of(data)) == 20
    assert not any("Left out" in note for note in data.notes)


def test_a_label_with_few_pictures_is_named_with_their_number(tmp_path):
    data = visual_wake_words(folder(tmp_path, photos({"a": 60, "b": 3})))
    assert any('Only 3 examples of "b" (60 of "a")' in note for note in data.notes)


def test_what_was_scaled_is_named(tmp_path):
    deep = io.BytesIO()
    values = pixels(1)[..., 0].astype(np.uint16) * 16
    Image.fromarray(values).save(deep, "PNG")
    files = photos({"a": 10, "b": 10}) | {"a/deep.png": deep.getvalue()}
    data = visual_wake_words(folder(tmp_path, files))
    change = f"of numbers up to {values.max():,}: read as 12 bits a colour"
    assert f"Scaled to 8 bits a colour: a/deep.png ({change})." in data.notes


def test_copies_of_a_picture_are_left_out(tmp_path):
    """A copy in the test would be a question whose answer was learned by heart."""
    files = photos({"a": 20, "b": 20})
    files["a/copy of 3.png"] = files["a/003.png"]
    files["a/another.png"] = files["a/003.png"]
    data = visual_wake_words(folder(tmp_path, files))
    assert len(split_of(data)) == 40
    assert "Left out, copies of other pictures: a/another.png, a/copy of 3.png." in data.notes


def test_a_picture_with_two_labels_is_left_out_of_both(tmp_path):
    files = photos({"a": 20, "b": 20})
    files["b/same.png"] = files["a/003.png"]
    data = visual_wake_words(folder(tmp_path, files))
    assert set(split_of(data)) == set(files) - {"b/same.png", "a/003.png"}
    assert "Left out, the same picture with several labels: a/003.png, b/same.png." in data.notes


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "has no pictures in it. Put them into one folder for each label"),
        ({"a.txt": "x"}, "has no pictures in it."),
        (photos({"person": 9}), "has 1 labels (person), and 2 to 12 can be told apart."),
        ({"1.png": png(1), "2.png": png(2)}, "has no labels, and 2 to 12"),
        (photos(dict.fromkeys("abcdefghijklm", 3)), "has 13 labels (a, b, c and 10 more)"),
        (photos({"a": 9, "b": 2}), "has 2 pictures of 'b', fewer than 3"),
        (photos({"a": 9, "b": 1}), "has 1 picture of 'b', fewer than 3"),
        (photos({"a": 9, "b": 9}) | {"b/x.DNG": b"1"}, "b/x.DNG: .DNG pictures cannot be read"),
        ({"instances_val2017.json": coco(half(9))}, "Put the folder train2017 or val2017 beside"),
        (
            {"instances_val2017.json": coco(half(9)), "a/1.png": png(1)},
            "has none of the photos that instances_val2017.json lists",
        ),
        (
            photos({"a": 9, "b": 9}) | {"instances_a.json": "{"},
            "does not hold annotations as COCO's",
        ),
        (photos({"a": 9, "b": 9}) | {"instances_a.json": "[]"}, "does not hold annotations"),
        (
            photos({"a": 9, "b": 9}) | {"instances_a.json": "[" * 100_000},
            "does not hold annotations as COCO's (RecursionError",
        ),
        (photos({"a": 9}) | {"instances_a.json": coco(half(9), images=[{}])}, "(KeyError: 'id')"),
        (photos({"a": 9}) | {"instances_a.json": coco(half(9), images=3)}, "does not hold"),
        (photos({"a": 9}) | {"instances_a.json": coco(half(9), (0, 8))}, "does not hold"),
        (
            photos({"a": 9}) | {"instances_a.json": coco({"x.jpg": [(0, 0, "a", 1)]})},
            "does not hold",
        ),
        (
            photos({"a": 9}) | {"instances_a.json": coco({"x.jpg": [(0, 0, float("nan"), 1)]})},
            "does not hold",
        ),
        (
            photos({"a": 9}) | {"instances_a.json": coco(half(9), categories=[])},
            "has no category called 'person'",
        ),
        (bundled() | {"person/new.png": png(0)}, "does not describe the pictures beside it"),
        (bundled() | {"pictures.csv": "file,scene\n"}, "does not describe the pictures beside it"),
    ],
)
def test_data_that_cannot_serve_are_explained(tmp_path, files, said):
    path = folder(tmp_path / "mine", files)
    path.mkdir(exist_ok=True)
    assert said in refused(path)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"size": 5}, "size=5 is no side of a small picture"),
        ({"size": 1000}, "size=1000 is no side"),
        ({"limit": 0}, "limit is 0. Give a number of pictures"),
        ({"limit": "many"}, "limit is 'many'."),
        ({"limit": True}, "limit is True."),
        ({"data": "/no/such/place"}, "does not exist"),
        ({"data": __file__}, "is neither a folder nor a tar or zip archive"),
    ],
)
def test_arguments_that_cannot_be_are_refused(named, said):
    assert said in refused(**named)


def test_missing_bundled_pictures_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures, "BUNDLED", tmp_path / "pictures.zip")
    assert "The bundled pictures are missing" in refused()


def test_a_split_of_pictures_made_by_hand_says_what_it_is():
    split = Split(np.zeros((3, 96, 64, 3), np.uint8), np.zeros(3), np.full(3, ""), np.full(3, "x"))
    assert repr(split) == "Split(3 pictures of 64 x 96)"


# ---- boxes around persons


def test_a_box_holds_what_hangs_together_in_shares_of_the_picture():
    mask = np.zeros((10, 20), bool)
    mask[2:4, 5:10] = True  # 2 of 10 rows, 5 of 20 columns,
    mask[4, 10] = True  # and a foot that touches at a corner
    mask[8, 0] = True  # somebody else
    boxes = sorted(pictures.person_boxes(mask))
    np.testing.assert_allclose(boxes, [(0, 0.8, 0.05, 0.1), (0.25, 0.2, 0.3, 0.3)])


def test_the_largest_box_of_each_picture_is_what_the_rule_asks_for():
    masks = np.zeros((3, 10, 10), bool)
    masks[1, 0, 0] = masks[1, 5:8, 5:7] = True  # of two boxes, 1 % and 6 %
    masks[2, 1, 1] = masks[2, 4, 4] = True
    names, area = np.array([""] * 3), masks.mean((1, 2)).astype(np.float32)
    x = np.zeros((3, 20, 20, 3), np.uint8)
    split = pictures.PictureSplit(x, np.arange(3), names, names, area, masks)
    np.testing.assert_allclose(split.largest_box, [0, 0.06, 0.01], rtol=1e-6)
    without = pictures.PictureSplit(x, np.arange(3), names, names, area)
    np.testing.assert_array_equal(without.largest_box, area)
