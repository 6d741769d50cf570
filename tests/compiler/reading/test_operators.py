"""Which operators there are: the list in the compiler's README, and what is said of others."""

import re
from pathlib import Path

import pytest
from tflite_writer import TfliteWriter

import tinykit as tk
from tinykit import compiler
from tinykit.common.errors import TinykitError
from tinykit.compiler.reading import _READERS
from tinykit.compiler.reading.instead import INSTEAD
from tinykit.quantization.tflite.schema import OPERATORS


def test_the_readme_lists_every_operator():
    """One row for each that the compiler reads, in alphabetical order."""
    text = (Path(compiler.__file__).parent / "README.md").read_text(encoding="utf-8")
    text = text.split("## Operators")[1].split("## ")[0]
    listed = re.findall(r"^\| ([A-Z0-9_]+) \|", text, re.MULTILINE)
    assert listed == sorted(_READERS), "tinykit/compiler/README.md lists other operators"


def test_what_to_use_instead_is_said_of_operators_that_are_not_there():
    """No advice for what the compiler can do, none for what TensorFlow Lite does not have."""
    assert not INSTEAD.keys() & _READERS.keys()
    assert not INSTEAD.keys() - set(OPERATORS)


@pytest.mark.parametrize("op", ["NEG", "TILE", "SQRT", "EXP"])
def test_an_unknown_operator_is_refused_by_name(op):
    """The layer's name, what is wrong, what to do: each once."""
    writer = TfliteWriter()
    x, y = (writer.tensor((1, 4), 0.1, 3) for _ in range(2))
    writer.operator(op, [x], [y])
    with pytest.raises(TinykitError) as caught:
        tk.compile(writer.to_bytes([x], [y]))
    assert op in str(caught.value) and INSTEAD[op] in str(caught.value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
