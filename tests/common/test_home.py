"""A home folder that cannot be written: the tools get another one, and lessons run."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="HOME is Linux's and macOS's name for it")

# Below something that is no folder not even root can write.
NO_HOMES = {"unwritable": "/dev/null/x", "missing": "/nonexistent/home", "relative": "none"}

PLACES = """
import os
from tinykit.common.home import ensure_home
ensure_home()
import matplotlib
from IPython.paths import get_ipython_dir
from jupyter_core.paths import jupyter_config_dir, jupyter_runtime_dir
from tinykit.common.home import cache_folder
print(os.environ["HOME"])
print(matplotlib.get_cachedir(), matplotlib.get_configdir())
print(get_ipython_dir(), jupyter_config_dir(), jupyter_runtime_dir(), cache_folder())
"""

NOTEBOOK = """
import nbformat
from tinykit.common.home import ensure_home
from tinykit.cli.notebook import execute
ensure_home()
cell = nbformat.v4.new_code_cell("print(6 * 7)")
nbformat.write(nbformat.v4.new_notebook(cells=[cell]), "one.ipynb")
from pathlib import Path
done = execute(Path("one.ipynb"), {})
print([output.output_type for output in done.cells[-1].outputs])
"""


def run(code: str, folder, **variables: str) -> subprocess.CompletedProcess:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "MPL", "JUPYTER"))}
    env |= variables
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", NO_HOMES)
def test_every_tool_finds_a_place(tmp_path, name):
    done = run(PLACES, tmp_path, HOME=NO_HOMES[name])
    home, *places = done.stdout.split()
    assert home.endswith("build/home"), done.stderr
    strangers = [place for place in places if not place.startswith(home)]
    assert not strangers, f"{strangers} lie elsewhere: who sees to it that they can be written?"
    assert done.stderr == (
        f"tinykit: {NO_HOMES[name]} cannot be written; settings and caches go to {home}.\n"
    )


def test_home_that_can_be_written_stays(tmp_path):
    done = run(PLACES, tmp_path, HOME=str(tmp_path))
    assert done.stdout.split()[0] == str(tmp_path) and done.stderr == ""
    assert list(tmp_path.glob("tmp*")) == [], "the look leaves nothing behind"


def test_cache_folder_that_cannot_be_written_is_not_used(tmp_path):
    done = run(PLACES, tmp_path, HOME=str(tmp_path), XDG_CACHE_HOME="/dev/null/x")
    assert "/dev/null" not in done.stdout and done.stderr == ""


def test_cache_folder_that_tools_have_yet_to_make_is_used(tmp_path):
    done = run(PLACES, tmp_path, HOME=str(tmp_path), XDG_CACHE_HOME=f"{tmp_path}/my/cache")
    assert f"{tmp_path}/my/cache/tinykit" in done.stdout


def test_notebook_runs_without_a_home(tmp_path):
    done = run(NOTEBOOK, tmp_path, HOME="/dev/null/x")
    assert "['stream']" in done.stdout, done.stderr
