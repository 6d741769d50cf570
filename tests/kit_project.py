"""Small projects with the real kit.py, for its tests: set up in seconds, without a network."""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A build backend of pip's `--editable`, as short as can be: a wheel that points to the project.
BACKEND = """
import os, sys
sys.path.insert(0, {tests!r})
from kit_project import write_wheel

def build_editable(folder, *_):
    return write_wheel(folder, "tinykit", {{"tinykit.pth": os.getcwd()}}).name
"""


def load(folder: Path):
    """The kit.py in `folder` as a module."""
    spec = importlib.util.spec_from_file_location("kit", folder / "kit.py")
    kit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kit)
    return kit


def make_project(folder: Path, program: str) -> Path:
    """The real kit.py beside a package that runs `program`, and a lock file without packages."""
    (folder / "tinykit").mkdir(parents=True)
    shutil.copy(ROOT / "kit.py", folder)
    (folder / "pyproject.toml").write_text("[project]\nname = 'small'\n")
    (folder / "requirements.lock").write_text("")
    (folder / "tinykit/__main__.py").write_text(program)
    return folder


def make_installable(folder: Path) -> Path:
    """Let a small project be set up for real: one locked package, in `wheels/`, and itself."""
    (folder / "wheels").mkdir()
    wheel = write_wheel(folder / "wheels", "locked", {"locked.py": "answer = 42\n"})
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements.lock").write_text(f"locked==1.0 \\\n    --hash=sha256:{digest}\n")
    build = 'requires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f"[build-system]\n{build}")
    (folder / "backend.py").write_text(BACKEND.format(tests=str(ROOT / "tests")))
    return folder


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    """Version 1.0 of a package of pure Python, with a hash for every file."""
    info = f"{name}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{file},sha256={_digest(text)},{len(text.encode())}" for file, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    path = Path(folder, f"{name}-1.0-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def start(project: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    """Run `kit.py` with `arguments` as a student does."""
    command = [options.pop("python", sys.executable), project / "kit.py", *arguments]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, errors="replace", **options
    )


def plain_shell(**variables: str) -> dict[str, str]:
    """The environment of a user who has set nothing of pip's and Python's but `variables`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, **variables}
