"""Downloads go on where they stopped, are checked, and end in one line when nothing helps."""

import hashlib
import http.server
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tinykit.common.errors import TinykitError
from tinykit.datasets import downloads
from tinykit.datasets.downloads import PUBLIC, PublicFile, download

CONTENT = np.random.default_rng(0).bytes(3_000_000)
HALF = len(CONTENT) // 2


class Server(http.server.ThreadingHTTPServer):
    """A real web server on this machine. The path of a request says how it behaves."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges = []  # the Range header of each request
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_):
        """Say nothing: a client that hangs up (Ctrl-C, a login page) is part of the tests."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    """/good, /no-range, /drops (sends 1 MB, then hangs up), /slow, /other, /login, else 404."""

    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        kind = self.path.strip("/")
        if kind not in ("good", "no-range", "drops", "slow", "other", "login"):
            return self.send_error(404)
        content = {"other": CONTENT[::-1], "login": b"<html>Please log in"}.get(kind, CONTENT)
        start = 0
        if asked and kind not in ("no-range", "login"):
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = start + 1_000_000 if kind == "drops" else len(content)
        for place in range(start, min(end, len(content)), 50_000):
            self.wfile.write(content[place : min(place + 50_000, end)])
            time.sleep(0.1 if kind == "slow" else 0)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        yield server
        server.shutdown()


@pytest.fixture
def published(server, monkeypatch):
    """Register CONTENT as a public data set that these paths of the server are mirrors of."""

    def register(*paths: str, size: int = len(CONTENT)) -> None:
        urls = tuple(path if ":" in path else server.url(path) for path in paths)
        digest = hashlib.sha256(CONTENT).hexdigest()
        monkeypatch.setitem(PUBLIC, "sounds", PublicFile("sounds.tar", urls, size, digest))

    return register


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSE", 0)


def failure(folder: Path) -> str:
    with pytest.raises(TinykitError) as error:
        download("sounds", folder)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_download_gives_the_file_alone_and_is_not_repeated(server, published, tmp_path, capfd):
    published("good")
    path = download("sounds", tmp_path / "new folder")
    assert path == tmp_path / "new folder" / "sounds.tar"
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["sounds.tar"]
    assert "100%" in capfd.readouterr().out, "progress should be shown"
    assert download("sounds", path.parent) == path
    assert len(server.ranges) == 1, "what is there and right must not be downloaded again"


def test_a_part_from_an_earlier_call_is_continued(server, published, tmp_path):
    published("good")
    (tmp_path / "sounds.tar.part").write_bytes(CONTENT[:HALF])
    assert download("sounds", tmp_path).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-"]


def test_a_connection_that_drops_is_taken_up_again(server, published, tmp_path):
    published("drops")
    assert download("sounds", tmp_path).read_bytes() == CONTENT
    assert server.ranges[0] is None
    starts = [int(asked[6:-1]) for asked in server.ranges[1:]]
    for sent, start in zip([1_000_000, starts[0] + 1_000_000], starts, strict=False):
        lost = sent - start
        assert 0 <= lost < downloads._CHUNK, f"{lost} bytes that had arrived were asked for again"


def test_a_server_without_ranges_sends_the_whole_file_again(published, tmp_path):
    published("no-range")
    (tmp_path / "sounds.tar.part").write_bytes(CONTENT[:HALF])
    assert download("sounds", tmp_path).read_bytes() == CONTENT


def test_a_damaged_part_is_thrown_away_and_the_download_started_anew(server, published, tmp_path):
    published("good")
    (tmp_path / "sounds.tar.part").write_bytes(bytes(HALF))
    assert download("sounds", tmp_path).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={HALF}-", None]


@pytest.mark.parametrize("first", ["gone", "login", "other", "http://127.0.0.1:9/sounds.tar"])
def test_a_mirror_that_fails_is_followed_by_the_next(published, tmp_path, first):
    published(first, "good")
    assert download("sounds", tmp_path).read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["sounds.tar"]


def test_a_login_page_does_not_take_the_place_of_what_has_arrived(published, tmp_path):
    """Networks in hotels and schools answer every request with their login page."""
    published("login")
    part = tmp_path / "sounds.tar.part"
    part.write_bytes(CONTENT[:HALF])
    assert "its size differs" in failure(tmp_path)
    assert part.read_bytes() == CONTENT[:HALF]


def test_a_dead_link_ends_in_one_line_that_says_what_to_do(server, published, tmp_path):
    published("http://127.0.0.1:9/sounds.tar", "gone")
    text = failure(tmp_path)
    assert "http://127.0.0.1:9/sounds.tar: no connection" in text
    assert f"{server.url('gone')}: 404 Not Found" in text
    assert f"download {server.url('gone')} by hand, put it into {tmp_path}" in text
    failure(tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == [], "nothing half-written may stay"


def test_a_file_put_there_by_hand_is_taken(server, published, tmp_path):
    published("gone")
    (tmp_path / "sounds.tar").write_bytes(CONTENT)
    assert download("sounds", tmp_path) == tmp_path / "sounds.tar"
    assert server.ranges == []


def test_a_wrong_file_put_there_by_hand_is_named_and_not_lost(published, tmp_path):
    published("gone")
    (tmp_path / "sounds.tar").write_bytes(b"something else")
    assert "sounds.tar is in the folder, but damaged" in failure(tmp_path)
    assert (tmp_path / "sounds.tar").read_bytes() == b"something else"


def test_a_file_with_another_sha256_is_never_kept(published, tmp_path):
    published("other")
    assert "its SHA-256 differs" in failure(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_said_before_downloading(server, published, tmp_path):
    published("good", size=10**18)
    assert "GB free, sounds.tar needs 1000000000.0 GB more" in failure(tmp_path)
    assert server.ranges == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_disk_that_fills_up_ends_in_one_line(published, tmp_path):
    published("good")
    (tmp_path / "sounds.tar.part").symlink_to("/dev/full")
    text = failure(tmp_path)
    assert "No space left" in text and str(tmp_path) in text
    assert not (tmp_path / "sounds.tar").exists()


def test_a_folder_that_cannot_be_made_ends_in_one_line(published, tmp_path):
    published("good")
    (tmp_path / "file").write_text("not a folder")
    assert "cannot be written" in failure(tmp_path / "file" / "folder")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_what_has_arrived(server, published, tmp_path):
    published("slow", "good")
    wanted = PUBLIC["sounds"]
    script = f"""
        from tinykit.datasets import downloads
        downloads.PUBLIC["sounds"] = downloads.{wanted!r}
        downloads.download("sounds", {str(tmp_path)!r})
    """
    part = tmp_path / "sounds.tar.part"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stderr=subprocess.DEVNULL
    )
    clock = threading.Event()
    for _ in range(600):
        if part.exists() and part.stat().st_size > 300_000:
            break
        clock.wait(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) != 0
    arrived = part.stat().st_size
    assert 300_000 < arrived < len(CONTENT)
    assert [p.name for p in tmp_path.iterdir()] == [part.name]
    published("good")
    assert download("sounds", tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={arrived}-"


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(TinykitError, match="speech_commands or speech_commands_test"):
        download("speech_comands", tmp_path)


def test_every_entry_is_pinned():
    for name, entry in PUBLIC.items():
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), name
        assert entry.size > 0
        # Silicon Labs alone publish MLPerf Tiny's pictures.
        assert len(entry.urls) >= 2 - (name == "visual_wake_words"), f"{name} should have a mirror"
        assert all(url.endswith(entry.file) for url in entry.urls)
