"""Download of public data sets: resumed where it stopped, mirrors in turn, checked by SHA-256."""

import logging
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from tinykit.common.errors import TinykitError
from tinykit.common.files import made_folder
from tinykit.common.progress import Bar

_CHUNK = 1 << 15  # bytes; what is lost of a chunk when the connection breaks
_TIMEOUT = (10, 60)  # seconds to connect, and without a byte
_TRIES = 3  # in a row without one byte more
_PAUSE = 1  # seconds before the second try, twice that before the third


@dataclass(frozen=True)
class PublicFile:
    """A file anyone may download: its name, where from, its size in bytes and its SHA-256."""

    file: str
    urls: tuple[str, ...]
    size: int
    sha256: str


def _coco(file: str, size: int, sha256: str) -> PublicFile:
    places = ("https://s3.amazonaws.com/images.cocodataset.org", "http://images.cocodataset.org")
    return PublicFile(
        file.rpartition("/")[2], tuple(f"{place}/{file}" for place in places), size, sha256
    )


# Sizes and SHA-256 of Speech Commands (CC BY 4.0, by Google) and COCO (annotations CC BY 4.0; each
# photo has a licence of its own) as TensorFlow Datasets has them (github.com/tensorflow/datasets,
# tensorflow_datasets/url_checksums/speech_commands.txt and coco.txt). That of MLPerf Tiny's Visual
# Wake Words is not published with the file; several projects on GitHub that use it state this one.
PUBLIC = {
    "speech_commands": PublicFile(
        "speech_commands_v0.02.tar.gz",
        (
            "https://storage.googleapis.com/download.tensorflow.org/data/"
            "speech_commands_v0.02.tar.gz",
            "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
        ),
        2_428_923_189,
        "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    ),
    "speech_commands_test": PublicFile(
        "speech_commands_test_set_v0.02.tar.gz",
        (
            "https://storage.googleapis.com/download.tensorflow.org/data/"
            "speech_commands_test_set_v0.02.tar.gz",
            "http://download.tensorflow.org/data/speech_commands_test_set_v0.02.tar.gz",
        ),
        112_563_277,
        "cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df",
    ),
    "visual_wake_words": PublicFile(
        "vw_coco2014_96.tar.gz",
        (
            "https://www.silabs.com/public/files/github/machine_learning/benchmarks/datasets/"
            "vw_coco2014_96.tar.gz",
        ),
        234_810_765,
        "f8746b9e44f8a7a4293f73be9ba6e8da9239fe69798d42364aae62b915cfab58",
    ),
    "coco_annotations": _coco(
        "annotations/annotations_trainval2017.zip",
        252_907_541,
        "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
    ),
    "coco_val": _coco(
        "zips/val2017.zip",
        815_585_330,
        "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
    ),
    "coco_train": _coco(
        "zips/train2017.zip",
        19_336_861_798,
        "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
    ),
}


def download(name: str, folder: Path | str | None = None) -> Path:
    """Download a public data set, unless it is there already and whole.

    What has arrived stays in a `.part` file beside it, so that after Ctrl-C or a lost connection
    the next call goes on from there.

    Args:
        name: one of `PUBLIC`: "speech_commands", "speech_commands_test", "visual_wake_words" (the
            ready pictures of MLPerf Tiny), "coco_annotations", "coco_val", "coco_train".
        folder: where to keep it; by default a `tinykit` folder in your user's cache.

    Returns:
        Path of the archive; `keyword_spotting(data=path)` and `visual_wake_words(data=path)` read
        it as it is, for COCO the folder with its archives.

    Raises:
        TinykitError: when the name is not known, no mirror answers with the right file, the disk
            is too small or the folder cannot be written.
    """
    import pooch  # brings tqdm's notebook widgets along, which warn where there are none

    if name not in PUBLIC:
        raise TinykitError(f"There is no data set {name!r}. Choose {' or '.join(PUBLIC)}.")
    wanted = PUBLIC[name]
    folder = Path(pooch.os_cache("tinykit") if folder is None else folder).expanduser().resolve()
    part = folder / f"{wanted.file}.part"
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        with made_folder(folder):
            _check_space(wanted, folder, part)
            return _from_first_mirror(wanted, folder, part)
    except OSError as error:
        raise TinykitError(
            f"{folder} cannot be written ({error.strerror or error}). Free "
            f"{wanted.size / 1e9:.1f} GB or choose another folder; what has arrived is kept."
        ) from error


def _check_space(wanted: PublicFile, folder: Path, part: Path) -> None:
    if (folder / wanted.file).exists():
        return
    missing = wanted.size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(folder).free
    if free < missing:
        raise TinykitError(
            f"{folder} has {free / 1e9:.1f} GB free, {wanted.file} needs {missing / 1e9:.1f} GB "
            "more. Free some space or choose another folder."
        )


def _from_first_mirror(wanted: PublicFile, folder: Path, part: Path) -> Path:
    """The file's path, from the first mirror that gives it; TinykitError when none does."""
    problems = []
    for url in wanted.urls:
        problem = _fetched(url, wanted, folder, part)
        if problem is None:
            return folder / wanted.file
        problems.append(f"{url}: {problem}")
    if (folder / wanted.file).exists():
        problems.append(f"{wanted.file} is in the folder, but damaged")
    raise TinykitError(
        f"{wanted.file} could not be downloaded ({'; '.join(problems)}). Try again later, or "
        f"download {wanted.urls[-1]} by hand, put it into {folder} and repeat this command."
    )


def _fetched(url: str, wanted: PublicFile, folder: Path, part: Path) -> str | None:
    """Get the file from one mirror; None when it is there and right, else what went wrong."""
    import pooch

    resumed = part.exists()
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{wanted.sha256}",
            fname=wanted.file,
            path=folder,
            downloader=_Resuming(part, wanted.size),
        )
    except requests.RequestException as error:
        return _in_short(error)
    except ValueError:  # pooch: the SHA-256 differs, and what had arrived is deleted
        if resumed:  # perhaps the part was damaged, not the mirror's file
            return _fetched(url, wanted, folder, part)
        return "not the file that was published (its SHA-256 differs)"
    return None


def _in_short(error: requests.RequestException) -> str:
    if isinstance(error, _OtherFile):
        return str(error)
    if error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "the secure connection failed"
    return "no connection"


class _OtherFile(requests.RequestException):
    """The answer is not the file that was asked for."""


@dataclass(frozen=True)
class _Resuming:
    """A downloader for pooch that goes on where an earlier one stopped (HTTP Range)."""

    part: Path
    size: int

    def __call__(self, url: str, output_file: str, _pooch: object, check_only: bool = False):
        idle = 0
        # A log file or a pipe gets few lines, on stdout: stderr then holds nothing but errors.
        in_terminal = sys.stderr.isatty()
        with Bar(
            total=self.size,
            unit="B",
            unit_scale=True,
            desc=self.part.stem,
            file=sys.stderr if in_terminal else sys.stdout,
            mininterval=0.1 if in_terminal else 10,
        ) as progress:
            while (before := self._arrived()) < self.size:
                problem = requests.ConnectionError()
                try:
                    self._continue(url, progress)
                except (requests.HTTPError, _OtherFile):
                    raise
                except requests.RequestException as error:
                    problem = error
                idle = 0 if self._arrived() > before else idle + 1
                if idle == _TRIES:
                    raise problem
                time.sleep(idle * _PAUSE)
        self.part.replace(output_file)

    def _arrived(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str, progress: Bar) -> None:
        arrived = self._arrived()
        headers = {"Range": f"bytes={arrived}-"} if arrived else {}
        # Without "identity" a server may compress, and the bytes would not be the file's.
        headers["Accept-Encoding"] = "identity"
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            resumed = answer.status_code == requests.codes.partial_content
            arrived = arrived if resumed else 0
            # A login page of the network must not take the place of what has arrived.
            if int(answer.headers.get("Content-Length", -1)) != self.size - arrived:
                raise _OtherFile("not the file that was published (its size differs)")
            progress.initial = progress.n = arrived
            progress.refresh()
            with self.part.open("ab" if resumed else "wb") as file:
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                    progress.update(len(chunk))
