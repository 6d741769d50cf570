"""Which words a folder has, also when it is not sorted, and what systems left in it."""

from pathlib import Path

import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets.archives import open_tree
from tinykit.datasets.audio_sources import Recordings, chosen_words, survey


def surveyed(tmp_path: Path, names: list[str], words=("yes", "no")) -> tuple[Recordings, list[str]]:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with open_tree(tmp_path) as tree:
        return survey(tree, words)


def refused(tmp_path: Path, names: list[str], words=("yes", "no")) -> str:
    with pytest.raises(TinykitError) as error:
        chosen_words(words, surveyed(tmp_path, names, words)[0])
    return str(error.value)


@pytest.mark.parametrize(
    "pattern",
    [
        *("{}_{}.wav", "{}.{}.wav", "{} {}.m4a", "{}-{}.wav", "{}{}.wav", "{} ({}).wav"),
        *("{}_0a7c2a8d_nohash_{}.wav", "{}.3f2a{}c.wav", "{}.{}.wav.4d1c.wav"),
    ],
)
@pytest.mark.parametrize("inside", ["", "my recordings/"])
def test_names_in_one_folder_may_say_the_word(tmp_path, pattern, inside):
    names = [inside + pattern.format(word, n) for word in ("yes", "no") for n in range(4)]
    recordings, [note] = surveyed(tmp_path, names)
    assert recordings.words == ["no", "yes"]
    assert sorted(recordings.files(["yes"])) == sorted(
        name for name in recordings.files(["yes", "no"]) if "yes" in name
    )
    assert len(recordings.files(["yes"])) == len(recordings.files(["no"])) == 4
    assert note.startswith("The recordings lie in one folder: their names say the words (")


def test_recordings_in_one_folder_that_do_not_say_the_word_are_to_be_sorted(tmp_path):
    text = refused(tmp_path, [f"REC{n:03}.wav" for n in range(12)])
    assert "has 12 recordings (REC000.wav, REC001.wav, REC002.wav and 9 more)" in text
    assert "not sorted by word. Put those of each word into a folder of its own, such as" in text


def test_the_speakers_of_one_word_are_no_words(tmp_path):
    names = [f"yes/{who}_{n}.wav" for who in ("anna", "ben") for n in range(5)]
    assert "has one class only (yes)" in refused(tmp_path, names)


CLUTTER = [
    *("@eaDir/yes_0.wav/SYNOINDEX.wav", "#recycle/a.wav", "$RECYCLE.BIN/S-1-5/$R1.wav"),
    *("System Volume Information/x.wav", ".Spotlight-V100/Store/x.wav", "__MACOSX/yes/._0.wav"),
    *("lost+found/1.wav", ".Trashes/501/x.wav", "yes/@eaDir/0.wav@SynoEAStream", "Thumbs.db"),
    *("yes/desktop.ini", "yes/.DS_Store", "~$p1.wav", "Metadata.csv", "yes/5.wav.part"),
    *(
        "yes/5.wav.tmp",
        "yes/5.wav.crdownload",
        "@Recycle/x.wav",
        ".@__thumb/x.wav",
        "RECYCLER/x.wav",
    ),
    *("yes/0.wav:Zone.Identifier", "EHTHUMBS.DB", "yes/~$notes.wav", "Network Trash Folder/x.wav"),
]


def test_what_systems_leave_behind_is_no_word_and_stops_nothing(tmp_path):
    names = [f"{word}/{n}.wav" for word in ("yes", "no") for n in range(4)]
    recordings, notes = surveyed(tmp_path, names + CLUTTER)
    assert recordings.words == ["no", "yes"] and notes == []
    assert len(recordings.files(["yes", "no"])) == 8
