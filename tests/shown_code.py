"""Code that a lesson shows in a cell and the package has as well: are the two the same?

A cell tagged `shown:tinykit.techniques.fake_quant.fake_quantize` defines that function (or class;
`...tiny_model.TinyModel.quantize` is a method, written as a function). What is compared is what
computes: docstrings, type hints, comments and layout may differ, since a lesson explains in its
prose what the package explains in the docstring. Names outside the function are taken as they are.
"""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

import nbformat

_TAG = "shown:"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def shown_cells(notebook: Path) -> Iterator[tuple[int, str, str]]:
    """Of each tagged cell of a notebook: its number, the full name after the tag, its source."""
    for number, cell in enumerate(nbformat.read(notebook, as_version=4).cells):
        for tag in cell.metadata.get("tags", []):
            if tag.startswith(_TAG):
                yield number, tag.removeprefix(_TAG), cell.source


def difference(shown: str, name: str, root: Path) -> str:
    """What tells a cell's source from the package's; "" when they compute the same.

    `name` is the full name of a function or class; `root` the folder with its package.
    """
    found = _packaged(name, root)
    if found is None:
        return f"There is no {name} in the package. Is it renamed, or the tag mistyped?"
    last = name.rpartition(".")[2]
    defined = _find(ast.parse(shown), [last])
    if defined is None:
        return f"The cell does not define {last}, which its tag names."
    cell, package = (ast.unparse(_bare(node)).splitlines() for node in (defined, found))
    if cell == package:
        return ""
    lines = difflib.unified_diff(cell, package, "the notebook", name, lineterm="")
    return "\n".join(lines)


def _packaged(name: str, root: Path) -> ast.AST | None:
    """The definition of that full name, read from its file, which is not imported."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        place = root.joinpath(*parts[:length])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return _find(ast.parse(file.read_text(encoding="utf-8")), parts[length:])
    return None


def _find(tree: ast.AST, names: list[str]) -> ast.AST | None:
    for name in names:
        definitions = [node for node in tree.body if isinstance(node, _DEFINITIONS)]
        tree = next((node for node in definitions if node.name == name), None)
        if tree is None:
            return None
    return tree


class _Bare(ast.NodeTransformer):
    """Takes off what does not compute: docstrings and type hints."""

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node, _DEFINITIONS):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if not isinstance(node, ast.ClassDef):
                node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            return ast.copy_location(ast.Assign([node.target], node.value), node)
        return node


def _bare(node: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(_Bare().visit(node))
