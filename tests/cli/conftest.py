"""What tests of several commands share."""

from pathlib import Path

import pytest

from tinykit.export import export_sketch


@pytest.fixture(scope="module")
def trained(small_tiny, tmp_path_factory) -> Path:
    """An output folder with a model and its sketch in it."""
    folder = tmp_path_factory.mktemp("trained")
    small_tiny.save(folder)
    export_sketch(small_tiny, out=folder / "sketch/keyword_spotting")
    return folder
