"""What the documents say is there: links, paths, commands, versions, times."""

import importlib.util
import re
import shlex
from pathlib import Path

import nbformat
import pytest
import yaml

import tinykit
from tinykit.cli.main import _parser

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("notebooks", "tinykit", "datasets", "arduino", "tests")
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md")),
    ]
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 120  # of the README: a page, not a book
MOST_PICTURE_BYTES = 150_000

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT))
)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def links(document: Path) -> list[tuple[str, str]]:
    """(path, anchor) of each link and picture that leads into the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", text_of(document))
    targets = [link or picture for link, picture in found]
    return [tuple(t.partition("#")[::2]) for t in targets if "://" not in t]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(document: Path) -> list[str]:
    """What follows `python3 kit.py`, in the text and in blocks of code."""
    text = text_of(document)
    inline = re.findall(r"`python3 kit\.py ([^`]+)`", text)
    blocks = re.findall(r"^ {4,}python3 kit\.py (.+)$", text, re.MULTILINE)
    found = [" ".join(command.split("#")[0].split()) for command in inline + blocks]
    return [command for command in found if command != "COMMAND"]


def is_understood(command: str) -> bool:
    """Whether the kit's own parser knows a command line."""
    arguments = shlex.split(command)
    if arguments[0] in ("lab", "test"):  # what follows is for JupyterLab and pytest
        arguments = arguments[:1]
    try:
        _parser().parse_args(arguments)
    except SystemExit as ended:  # with 0 after --list, --help, --version
        return ended.code == 0
    return True


def test_readme_is_a_page():
    lines = len(text_of(ROOT / "README.md").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: move what is about one folder into its README"


@each_document
def test_links_lead_somewhere(document):
    for path, anchor in links(document):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{path} is not there"
        assert not anchor or anchor in anchors(target), f"{path} has no heading #{anchor}"


@each_document
def test_paths_exist(document):
    """Whatever looks like a path from the root is one; `*` stands for any name."""
    pattern = rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./*-]*"
    for found in re.findall(pattern, text_of(document)):
        path = found.rstrip("./")
        assert next(ROOT.glob(path), None), f"{path} is not there: was it moved?"


@each_document
def test_commands_are_understood(document):
    for command in commands(document):
        assert is_understood(command), f"`python3 kit.py {command}`: the kit does not know that"


def test_the_readmes_table_of_commands_is_understood():
    section = text_of(ROOT / "README.md").split("\n## Commands\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) >= 8
    for first, second in rows:
        names = re.findall(r"`(\w+)", first)
        more = [code for code in re.findall(r"`([^`]+)`", second) if code.split()[0] in names]
        for command in [*re.findall(r"`([^`]+)`", first), *more]:
            assert is_understood(command), f"`{command}` of the table: the kit does not know that"


def test_every_document_can_be_found_from_the_readme():
    """From README by links, however many; generated and shipped folders' READMEs included."""
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document not in found:
            found.add(document)
            targets = [(document.parent / path).resolve() for path, _ in links(document) if path]
            waiting += [target for target in targets if target.suffix == ".md"]
    lost = [str(document.relative_to(ROOT)) for document in DOCUMENTS if document not in found]
    assert not lost, f"no link leads to {lost}"


def test_the_readmes_pictures_are_small():
    pictures = re.findall(r'<img src="([^"]+)"', text_of(ROOT / "README.md"))
    assert pictures, "a stranger wants to see it before installing it"
    assert sum((ROOT / picture).stat().st_size for picture in pictures) <= MOST_PICTURE_BYTES


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_times_are_those_that_the_notebook_says(notebook):
    """One place says how long a lesson takes, its own head; the tables repeat it."""
    head = nbformat.read(notebook, as_version=4).cells[0].source
    head = " ".join(head.split())
    said = re.search(r"\*\*It takes\*\* (.+?) to run\b.*? and ([^,]+?) to read", head)
    assert said, "the head says: **It takes** ... to run, on ..., and ... to read."
    for name in ("README.md", "notebooks/README.md", "notebooks/START.md"):
        document = ROOT / name
        row = next(
            line
            for line in text_of(document).splitlines()
            if f"{notebook.stem}" in line and line.startswith("|")
        )
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[-2:] == list(said.groups()), f"{document.relative_to(ROOT)} says otherwise"


def test_citation_names_this_version_and_licence():
    citation = yaml.safe_load(text_of(ROOT / "CITATION.cff"))
    assert citation["version"] == tinykit.__version__
    assert f'license = "{citation["license"]}"' in text_of(ROOT / "pyproject.toml")


def test_changelog_knows_this_version():
    """A version is described before it is given: until then its changes are unreleased."""
    headings = re.findall(r"^## \[(.+?)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] in ("Unreleased", tinykit.__version__), headings


def workflow() -> dict:
    return yaml.safe_load(text_of(ROOT / ".github/workflows/ci.yml"))


def test_ci_runs_on_every_system_with_the_oldest_and_the_newest_python():
    spec = importlib.util.spec_from_file_location("kit", ROOT / "kit.py")
    kit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kit)
    matrix = workflow()["jobs"]["test"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    pythons = [f"{major}.{minor}" for major, minor in (kit.OLDEST_PYTHON, kit.NEWEST_PYTHON)]
    assert matrix["python"] == pythons, "quoted, or YAML takes 3.10 for 3.1"


def test_ci_runs_what_the_readme_offers():
    steps = [step.get("run", "") for step in workflow()["jobs"]["test"]["steps"]]
    kits = [step.removeprefix("python kit.py ") for step in steps if step.startswith("python kit")]
    assert kits == ["doctor", "test --quick"]
    assert all(map(is_understood, kits))


def test_pre_commit_runs_the_style_checks_of_ci_with_the_locked_ruff():
    config = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    locked = re.search(r"^ruff==(\S+)", text_of(ROOT / "requirements.lock"), re.MULTILINE).group(1)
    for hook in hooks:
        assert hook["additional_dependencies"] == [f"ruff=={locked}"], (
            f"{hook['id']}: .pre-commit-config.yaml has another ruff than requirements.lock"
        )
    checks = [hook["entry"].removesuffix(" --force-exclude") for hook in hooks]
    for place in (".ci/run", ".github/workflows/ci.yml"):
        run = re.findall(r"\.venv/bin/(ruff .+?) \.$", text_of(ROOT / place), re.MULTILINE)
        assert run == checks, f"{place} and .pre-commit-config.yaml check different things"


@pytest.mark.parametrize("form", ["bug", "lesson"])
def test_issue_forms_ask_for_what_is_needed(form):
    content = yaml.safe_load(text_of(ROOT / f".github/ISSUE_TEMPLATE/{form}.yml"))
    assert content["name"] and content["description"]
    required = [q["id"] for q in content["body"] if q.get("validations", {}).get("required")]
    assert required and len(content["body"]) <= 4, "short forms are filled in"
