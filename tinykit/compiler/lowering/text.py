"""C++ that all lowerings write: structs with the names of their fields."""

from tinykit.compiler.graph import Conv, Depthwise, Graph


def struct(ctype: str, **fields: object) -> str:
    """A constant struct, its fields in the order of the header and each with its name."""
    values = ",\n".join(f"      /*{name}=*/{value}" for name, value in fields.items())
    return f"  static const nn::{ctype} p = {{\n{values},\n  }};\n"


def window(graph: Graph, op: Conv | Depthwise) -> str:
    x, y = graph.input_of(op).shape, graph.output_of(op).shape
    return (
        "  static const nn::Window window = {\n"
        f"      /*in=*/{x[1]}, {x[2]}, /*out=*/{y[1]}, {y[2]}, /*size=*/{pair(op.kernel)},\n"
        f"      /*stride=*/{pair(op.strides)}, /*pad=*/{pair(op.padding)}, "
        f"/*dilation=*/{pair(op.dilation)},\n"
        "  };\n"
    )


def sums(first: str, *terms: int | str) -> str:
    """first + term + term, without the terms that are 0."""
    return " + ".join([first, *(str(term) for term in terms if term not in (0, "0"))])


def pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]}, {pair[1]}"
