"""The files that say what is installed agree with each other."""

import importlib.util
import itertools
import re
import sys
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix"},
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt"},
}


def dependencies() -> list[Requirement]:
    """pyproject's dependencies (read as text: Python 3.10 has no TOML reader)."""
    block = PYPROJECT.split("\ndependencies = [\n")[1].split("\n]\n")[0]
    return [Requirement(text) for text in re.findall(r'^  "(.+)",$', block, re.MULTILINE)]


def locked() -> list[tuple[Requirement, list[str]]]:
    """Each entry of the lock with its hashes."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^ *#.*\n?", "", LOCK).strip())
    return [
        (Requirement(entry.split("\\")[0].strip()), re.findall(r"--hash=(\S+)", entry))
        for entry in entries
    ]


def environment(system: str, python: str) -> dict[str, str]:
    """What markers see on `system` under `python`."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        **SYSTEMS[system],
    }


def applies(marker: Marker | None, where: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(where)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_lock_satisfies_every_range_of_pyproject(system, python):
    where = environment(system, python)
    versions: dict[str, str] = {}
    for entry, _ in locked():
        if applies(entry.marker, where):
            name = canonicalize_name(entry.name)
            assert name not in versions, f"{name} is locked twice for {system}, Python {python}"
            versions[name] = str(entry.specifier).removeprefix("==")
    for requirement in dependencies():
        if applies(requirement.marker, where):
            version = versions.get(canonicalize_name(requirement.name))
            assert version, f"{requirement.name} is not locked for {system}, Python {python}"
            assert requirement.specifier.contains(version, prereleases=True), (
                f"requirements.lock has {requirement.name} {version}, pyproject.toml wants "
                f"{requirement.specifier}. Make the lock anew (its first lines say how)."
            )


def test_every_locked_package_is_pinned_and_hashed():
    for entry, hashes in locked():
        assert re.fullmatch(r"==[^,*]+", str(entry.specifier)), f"{entry} is not an exact version"
        assert hashes, f"{entry} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), f"{entry}: bad hash"


def test_lock_names_no_index_and_no_path():
    """Anyone's pip takes the packages from its own index; only the hashes must agree."""
    for line in LOCK.splitlines():
        assert not re.search(r"://|^\s*--?(index|extra|find|trusted)|^-i\b|/\w+/", line), line


def test_each_dependency_says_why_it_is_there():
    block = PYPROJECT.split("\ndependencies = [\n")[1].split("\n]\n")[0]
    lines = [line for line in block.splitlines() if line.strip()]
    for before, line in itertools.pairwise(lines):
        if line.startswith('  "'):
            assert before.startswith("  # ") and not before.startswith("  # --"), (
                f"no comment above {line.strip()}"
            )


def test_each_dependency_is_a_range():
    for requirement in dependencies():
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators and operators <= {">=", "<"}, f"{requirement} is not a range"


def test_kit_accepts_the_pythons_that_pyproject_allows():
    kit = _kit()
    allowed = SpecifierSet(re.search(r'requires-python = "(.+)"', PYPROJECT).group(1))
    for minor in range(6, 20):
        accepted = kit.OLDEST_PYTHON <= (3, minor) <= kit.NEWEST_PYTHON
        assert accepted == (f"3.{minor}" in allowed), f"Python 3.{minor}"


def test_kit_needs_nothing_but_the_standard_library():
    imports = re.findall(r"^ *(?:import|from) (\w+)", (ROOT / "kit.py").read_text("utf-8"), re.M)
    assert imports
    assert set(imports) <= sys.stdlib_module_names | {"msvcrt", "fcntl"}


def test_conda_environment_is_the_same_project():
    """Python from conda, everything else from pyproject.toml: no second list to keep in step."""
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["name"] == re.search(r'^name = "(.+)"', PYPROJECT, re.MULTILINE).group(1)
    python, pip, from_pip = conda["dependencies"]
    allowed = SpecifierSet(re.search(r'requires-python = "(.+)"', PYPROJECT).group(1))
    assert python.removeprefix("python=") in allowed
    assert (pip, from_pip) == ("pip", {"pip": ["-e ."]})


def test_licence_is_apache_2():
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence and "Version 2.0, January 2004" in licence
    assert 'license = "Apache-2.0"' in PYPROJECT


def _kit():
    spec = importlib.util.spec_from_file_location("kit", ROOT / "kit.py")
    kit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kit)
    return kit
