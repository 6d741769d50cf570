"""Writing must never cost what was there before."""

import os
import shutil
import sys
import threading

import pytest

from tinykit.common.errors import TinykitError
from tinykit.common.files import (
    files_below,
    is_clutter,
    is_hidden,
    is_note,
    refuse_strangers,
    replaced_folder,
    write_atomically,
    write_together,
)


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    path = write_atomically(tmp_path / "new" / "a.txt", "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"


def test_a_failing_block_leaves_the_folder_as_it_was(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "old").write_text("precious")
    with pytest.raises(RuntimeError), replaced_folder(folder) as work:
        (work / "half").write_text("written")
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]


def test_ctrl_c_leaves_the_folder_as_it_was(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt), replaced_folder(folder):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [folder]


def test_a_finished_block_takes_the_folders_place(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "old").write_text("gone soon")
    with replaced_folder(folder) as work:
        (work / "new").write_text("here")
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [folder], "no temporary folder may stay"


def test_where_a_file_is_in_the_way_the_error_names_it(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TinykitError, match=r"file.*cannot be written"):
        write_atomically(tmp_path / "file" / "inside", "x")


def test_files_that_belong_together_are_written_all_or_none(tmp_path):
    """A new model beside an old description would be neither the one nor the other."""
    (tmp_path / "b.json").mkdir()  # in the way of the second file
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(TinykitError, match="cannot be written"):
        write_together(tmp_path, {"a.bin": b"new", "b.json": "{}"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.bin", "b.json"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    (tmp_path / "b.json").rmdir()
    write_together(tmp_path, {"a.bin": b"new", "b.json": "{}"})
    assert [(tmp_path / name).read_bytes() for name in ("a.bin", "b.json")] == [b"new", b"{}"]


def test_folders_made_for_nothing_do_not_stay(tmp_path):
    with pytest.raises(RuntimeError), replaced_folder(tmp_path / "build" / "mine" / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_disk_cannot_be_replaced_and_that_is_said_at_once(tmp_path):
    with pytest.raises(TinykitError, match="a disk of its own"), replaced_folder(tmp_path.anchor):
        raise AssertionError("the block must not start: it may take minutes")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_to_a_folder_stays_and_the_folder_is_replaced(tmp_path):
    (tmp_path / "big disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "big disk")
    with replaced_folder(tmp_path / "out") as work:
        (work / "new").write_text("here")
    assert (tmp_path / "out").is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["big disk", "new", "out"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a Linux device")
def test_a_full_disk_is_one_clear_line(tmp_path, monkeypatch):
    """/dev/full refuses every byte as a full disk does."""
    target = tmp_path / "model.tflite"
    target.write_bytes(b"old")
    real_fdopen = os.fdopen

    def full(handle, mode):
        os.dup2(os.open("/dev/full", os.O_WRONLY), handle)
        return real_fdopen(handle, mode)

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(TinykitError, match=r"model\.tflite cannot be written .*space") as caught:
        write_atomically(target, b"new")
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_one_clear_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(TinykitError, match="cannot be written"):
        write_atomically(tmp_path / "a", "x")


def test_folders_that_vanish_while_they_are_read_are_left_out(tmp_path):
    """A build, a synchronized disk, a file manager: rglob ends now and then."""
    stays = [tmp_path / "a.wav", tmp_path / "yes/b.wav"]
    for path in stays:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    ended, rounds = threading.Event(), 0

    def other_program() -> None:
        nonlocal rounds
        while not ended.is_set():
            for name in ("build", "copy"):
                (tmp_path / name / "deep/down").mkdir(parents=True)
            for name in ("build", "copy"):
                shutil.rmtree(tmp_path / name)
            rounds += 1

    worker = threading.Thread(target=other_program)
    worker.start()
    seen = []
    try:
        while len(seen) < 1000 or rounds < 10:  # a busy computer moves little in a thousand looks
            seen.append(files_below(tmp_path))
    finally:
        ended.set()
        worker.join()
    assert all(found == stays for found in seen)


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir/yes/x.wav", "$RECYCLE.BIN", "System Volume Information/a", ".Spotlight-V100/b"),
        *(
            "__MACOSX/yes/._0.wav",
            "Thumbs.db",
            "THUMBS.DB",
            "a/desktop.ini",
            ".DS_Store",
            "~$p1.csv",
        ),
        *("a.wav.part", "x.tmp", "#recycle/a", "lost+found/b"),
        *("@Recycle/a", ".@__thumb/a.jpg", "a.wav@SynoEAStream", "a.wav:Zone.Identifier", ".git/x"),
        *("a.csv~", "a.wav.crdownload", ".Trash-1000/files/a.wav", "found.000/a", "yes/._a.wav"),
    ],
)
def test_what_systems_and_programs_leave_behind_is_no_example(name):
    assert is_hidden(name)


@pytest.mark.parametrize(
    "name",
    [
        *("yes/anna_1.wav", "recycle/a.wav", "thumbs/db.png", "metadata_1.csv", "lost/found.jpg"),
        *("a.part.wav", "50$/a.wav", "@home/x.wav", "#1/take.csv", "a~b/c.wav", "desktop/ini.csv"),
    ],
)
def test_what_people_name_is_an_example(name):
    assert not is_hidden(name)


def test_what_a_phone_says_of_a_recording_is_there_but_no_example():
    """Its reader needs it: an iPhone's acceleration is turned round, and this file says so."""
    for name in ("Metadata.csv", "take/metadata.csv"):
        assert is_note(name) and not is_hidden(name)
    assert not is_note("metadata_1.csv")


def test_what_is_lost_without_a_word_is_only_what_systems_made(tmp_path):
    """A hidden file may be someone's: a folder with one is not replaced."""
    for name in ("Thumbs.db", ".DS_Store", "Desktop.ini"):
        (tmp_path / name).write_bytes(b"x")
        assert is_clutter(name)
    refuse_strangers(tmp_path, [])
    for name in (".env", "~$p1.docx", "a.tmp", "Metadata.csv"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(TinykitError, match="which the kit did not write"):
            refuse_strangers(tmp_path, [])
        (tmp_path / name).unlink()
