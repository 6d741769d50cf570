"""`tinykit lab`: JupyterLab opens on the course's map, sees what lessons make, and asks nothing."""

import json
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from jupyterlab_server.settings_utils import _get_overrides

from tinykit.cli.lessons import ROOT
from tinykit.cli.main import main


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The options with which JupyterLab is started."""
    options = []
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/somebody's own")
    monkeypatch.setattr("jupyterlab.labapp.main", options.extend)
    assert main(["lab", "--no-browser"]) == 0
    return options


def test_it_opens_on_the_map_of_the_course(started):
    """An empty launcher says nothing about where to begin."""
    (url,) = [option.split("=")[1] for option in started if "default_url" in option]
    folder, _, name = unquote(url).removeprefix("/lab/tree/").partition("/")
    assert (ROOT / folder / name).is_file()
    assert started[-1] == "--no-browser", "a user's own options come last"


def test_sketches_can_be_reached_from_the_browser(started):
    """They are written to build/, beside notebooks/."""
    (root,) = [Path(option.split("=")[1]) for option in started if "notebook-dir" in option]
    assert (root / "build").parent == ROOT


def test_it_does_not_ask_about_news_nor_for_newer_versions(started, tmp_path):
    """A school's first screen; and a question that needs the internet."""
    settings, error = _get_overrides(str(tmp_path))
    assert not error
    assert settings["@jupyterlab/apputils-extension:notification"] == {
        "fetchNews": "false",
        "checkForUpdates": False,
    }


def test_jupyterlab_knows_every_setting(started, tmp_path):
    """One that it does not know, or that has another type, is ignored without a word."""
    schemas = Path(sys.prefix) / "share/jupyter/lab/schemas"
    settings, _ = _get_overrides(str(tmp_path))
    for plugin, values in settings.items():
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text("utf-8"))
        for key, value in values.items():
            known = schema["properties"][key]
            allowed = known.get("enum") or [option["const"] for option in known.get("oneOf", [])]
            assert not allowed or value in allowed, f"{plugin} {key}"
            types = {"boolean": bool, "object": dict, "string": str}
            assert isinstance(value, types[known["type"]]), f"{plugin} {key}"
