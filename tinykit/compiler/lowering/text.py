"""C++ that all lowerings write: structs, with the names or the meaning of their fields."""

from collections.abc import Sequence

import numpy as np

from tinykit.compiler.graph import Conv, Depthwise, Graph
from tinykit.compiler.steps import Constant

Comments = tuple[tuple[int, str], ...]


def struct(ctype: str, **fields: object) -> str:
    """A constant struct, its fields in the order of the header and each with its name."""
    values = ",\n".join(f"      /*{name}=*/{value}" for name, value in fields.items())
    return f"  static const nn::{ctype} p = {{\n{values},\n  }};\n"


def listed(
    ctype: str, numbers: Sequence[int], comments: Comments, *last: tuple[object, str]
) -> str:
    """A constant struct of many numbers, a line for each group of them.

    Args:
        ctype: in namespace nn.
        numbers: in the order of the header.
        comments: pairs (how many of the numbers stand in a line, what they are).
        last: pairs (what else there is, what it is), a line each.
    """
    lines, at = [], 0
    for count, comment in comments:
        lines.append((", ".join(map(str, numbers[at : at + count])), comment))
        at += count
    text = "".join(f"      {value},  // {comment}\n" for value, comment in (*lines, *last))
    return f"  static const nn::{ctype} layer = {{\n{text}  }};\n"


def window(graph: Graph, op: Conv | Depthwise) -> str:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    return (
        "  static const nn::Window window = {\n"
        f"      /*in=*/{x[1]}, {x[2]}, /*out=*/{y[1]}, {y[2]}, /*size=*/{pair(op.kernel)},\n"
        f"      /*stride=*/{pair(op.strides)}, /*pad=*/{pair(op.padding)}, "
        f"/*dilation=*/{pair(op.dilation)},\n"
        "  };\n"
    )


def packed_constant(words: np.ndarray) -> Constant:
    """Weights as `packing.py` and `packing_depthwise.py` give them."""
    return Constant("weights", "uint32_t", words, comment="packed, with biases and scales")


def round_up(number: int, multiple: int) -> int:
    """The next multiple."""
    return -(-number // multiple) * multiple


def sums(first: str, *terms: int | str) -> str:
    """first + term + term, without the terms that are 0."""
    return " + ".join([first, *(str(term) for term in terms if term not in (0, "0"))])


def pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]}, {pair[1]}"
