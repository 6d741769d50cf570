"""Archives are read as folders are - when they are whole and stay within their folder."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import open_tree, open_tree_of_zips

# Random, so that compressed archives are as long as plain ones and every cut hits some file.
FILES = {
    f"{word}/{n}.wav": np.random.default_rng([i, n]).bytes(3_000)
    for i, word in enumerate(["yes", "it's \u00e9 \U0001f600"])
    for n in range(4)
}
HIDDEN = (".DS_Store", "yes/._0.wav", "__MACOSX/yes/0.wav", "yes/desktop.ini", ".git/x.wav")


def tar_bytes(files: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for info in extra:
            archive.addfile(info)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zip_bytes(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


PACKERS = {
    "tar": tar_bytes,
    "tar.gz": lambda files: gzip.compress(tar_bytes(files)),
    "tar.bz2": lambda files: bz2.compress(tar_bytes(files)),
    "tar.xz": lambda files: lzma.compress(tar_bytes(files)),
    "zip": zip_bytes,
}


def refusal(path) -> str:
    """The text with which an archive is refused, wherever in reading it that happens."""
    with pytest.raises(TinykitError) as error, open_tree(path) as tree:
        for name in tree.names:
            tree.read(name)
    text = str(error.value)
    assert "\n" not in text and path.name in text, text
    return text


@pytest.mark.parametrize("kind", [*PACKERS, "folder"])
def test_every_kind_gives_the_same_files_without_the_hidden_ones(tmp_path, kind):
    files = FILES | dict.fromkeys(HIDDEN, b"not sound")
    path = tmp_path / f"words.{kind}"
    if kind == "folder":
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    else:
        path.write_bytes(PACKERS[kind]({f"./{name}": files[name] for name in files}))
    with open_tree(path) as tree:
        assert {name: tree.read(name) for name in tree.names} == FILES
    if kind != "folder":
        assert os.listdir(tmp_path) == [path.name], "nothing should be unpacked to disk"


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("kept", [0.001, 0.1, 0.5, 0.7])
def test_an_archive_cut_short_is_refused(tmp_path, kind, kept):
    whole = PACKERS[kind](FILES)
    path = tmp_path / f"words.{kind}"
    path.write_bytes(whole[: max(8, int(len(whole) * kept))])
    text = refusal(path)
    assert "cut short" in text or "neither a folder nor" in text


def test_a_tar_cut_exactly_between_two_files_is_refused(tmp_path):
    """Python's tarfile takes this for a complete, shorter archive."""
    path = tmp_path / "words.tar"
    path.write_bytes(tar_bytes(FILES)[: 3 * (512 + 3_072)])  # header and padded content, 3 times
    assert "cut short" in refusal(path)


def test_a_gzip_that_lacks_only_its_checksum_is_refused(tmp_path):
    path = tmp_path / "words.tar.gz"
    path.write_bytes(PACKERS["tar.gz"](FILES)[:-4])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize("kind", PACKERS)
def test_a_changed_byte_never_goes_unnoticed_in_compressed_data_and_never_crashes(tmp_path, kind):
    whole = bytearray(PACKERS[kind](FILES))
    path = tmp_path / f"words.{kind}"
    for place in np.random.default_rng(0).integers(0, len(whole), 60):
        damaged = whole.copy()
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            with open_tree(path) as tree:
                content = {name: tree.read(name) for name in tree.names}
        except TinykitError:
            continue
        if kind in ("tar.bz2", "tar.xz"):  # checksums over everything that is read
            assert content == FILES, f"byte {place} was changed unnoticed"


@pytest.mark.parametrize(
    "name", ["../x.wav", "/etc/x.wav", "yes/../../x.wav", "..\\x.wav", "C:\\x.wav", "C:/x.wav"]
)
@pytest.mark.parametrize("kind", PACKERS)
def test_members_that_would_leave_their_folder_are_refused(tmp_path, kind, name):
    path = tmp_path / f"words.{kind}"
    path.write_bytes(PACKERS[kind](FILES | {name: b"x"}))
    text = refusal(path)
    assert "would leave the folder" in text and "x.wav" in text


@pytest.mark.parametrize(
    ("kind", "target"),
    [(tarfile.SYMTYPE, "/etc/passwd"), (tarfile.SYMTYPE, "../.."), (tarfile.FIFOTYPE, "")],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind, target):
    info = tarfile.TarInfo("yes/link.wav")
    info.type, info.linkname = kind, target
    path = tmp_path / "words.tar"
    path.write_bytes(tar_bytes(FILES, info))
    assert "'yes/link.wav' is a link or a device" in refusal(path)


def test_a_hard_link_to_a_file_outside_the_tar_is_refused(tmp_path):
    info = tarfile.TarInfo("yes/link.wav")
    info.type, info.linkname = tarfile.LNKTYPE, "/etc/passwd"
    path = tmp_path / "words.tar"
    path.write_bytes(tar_bytes(FILES, info))
    assert "cut short or damaged" in refusal(path)


def test_links_in_a_zip_are_refused(tmp_path):
    info = zipfile.ZipInfo("yes/link.wav")
    info.external_attr = 0o120777 << 16
    path = tmp_path / "words.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "'yes/link.wav' is a link" in refusal(path)


def test_a_zip_with_backslashes_from_old_windows_tools_is_read(tmp_path):
    path = tmp_path / "words.zip"
    path.write_bytes(zip_bytes({"words\\yes\\1.wav": b"1", "words\\no\\1.wav": b"2"}))
    with open_tree(path) as tree:
        assert tree.names == ["words/yes/1.wav", "words/no/1.wav"]
        assert tree.read("words/no/1.wav") == b"2"


@pytest.mark.parametrize("content", [b"", b"PK", b"just a text\n", bytes(2_000)])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "words.tar"
    path.write_bytes(content)
    assert "neither a folder nor a tar or zip archive" in refusal(path)


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nowhere")


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege on Windows")
def test_a_folder_with_a_link_back_to_itself_is_read_once(tmp_path):
    (tmp_path / "yes").mkdir()
    (tmp_path / "yes" / "1.wav").write_bytes(b"1")
    (tmp_path / "yes" / "again").symlink_to(tmp_path)
    with open_tree(tmp_path) as tree:
        assert tree.names == ["yes/1.wav"]


def test_zips_in_a_folder_count_as_folders_unless_they_are_unpacked(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_bytes({"1.jpg": b"in a", "b/2.jpg": b"in a/b"}))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.zip").write_bytes(zip_bytes({"3.jpg": b"in deep/c"}))
    (tmp_path / "d.zip").write_bytes(zip_bytes({"4.jpg": b"packed"}))
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "4.jpg").write_bytes(b"unpacked")
    with open_tree_of_zips(tmp_path) as tree:
        found = {name: tree.read(name) for name in tree.names}
    assert found == {
        "a/1.jpg": b"in a",
        "a/b/2.jpg": b"in a/b",
        "deep/c/3.jpg": b"in deep/c",
        "d/4.jpg": b"unpacked",
    }


def test_an_archive_inside_an_archive_stays_closed(tmp_path):
    path = tmp_path / "outer.zip"
    path.write_bytes(zip_bytes({"inner.zip": zip_bytes({"1.jpg": b"1"})}))
    with open_tree_of_zips(path) as tree:
        assert tree.names == ["inner.zip"]


def test_a_damaged_zip_in_a_folder_is_named(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_bytes({"1.jpg": b"1" * 500})[:-30])
    with (
        pytest.raises(TinykitError, match=r"a\.zip is cut short or damaged"),
        open_tree_of_zips(tmp_path),
    ):
        pass
