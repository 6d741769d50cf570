"""Loops around a kernel that takes two rows of values, for inputs whose shapes are broadcast."""

from collections.abc import Sequence

from tinykit.compiler.lowering.text import sums

_LONGEST = 256  # bytes of a value that is repeated for the kernel
_VARIABLES = "ijklmnoq"


def loops(
    shapes: Sequence[tuple[int, ...]], output: tuple[int, ...]
) -> tuple[list[int], list[list[int]]]:
    """(counts, steps of each input) of nested loops over the output, the outermost first.

    A step of 0 stays at the same value. Neighbouring loops that are one for all, are made one.
    """
    rank = max(map(len, (*shapes, output)))
    target = _filled(output, rank)
    counts, steps = [1], [[1] for _ in shapes]
    wide = [_steps(_filled(shape, rank), target) for shape in shapes]
    for axis in reversed(range(rank)):
        if target[axis] == 1:
            continue
        new = [each[axis] for each in wide]
        inner = [each[0] for each in steps]
        if counts == [1]:
            counts, steps = [target[axis]], [[step] for step in new]
        elif new == [step * counts[0] for step in inner]:
            counts[0] *= target[axis]
        else:
            counts.insert(0, target[axis])
            for each, step in zip(steps, new, strict=True):
                each.insert(0, step)
    return counts, steps


def _filled(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + shape


def _steps(shape: tuple[int, ...], target: tuple[int, ...]) -> list[int]:
    """How far apart in memory the neighbours along each axis are; 0 where one is for all."""
    steps, size = [], 1
    for n, wanted in zip(reversed(shape), reversed(target), strict=True):
        steps.insert(0, size if n == wanted else 0)
        size *= n
    return steps


def call(kernel: str, p: str, counts: list[int], steps: list[list[int]]) -> tuple[str, int]:
    """The statements, and the bytes of scratch memory that they need.

    The kernel takes rows as long as the innermost loop; an input that has one value for a whole
    row is repeated in scratch memory.
    """
    counts, steps, scratch = list(counts), [list(each) for each in steps], 0
    if any(each[-1] == 0 for each in steps):
        scratch = _divide(counts, steps)
    n = counts[-1]
    strides = [n]  # in the output, of each loop around the row
    for count in counts[-2:0:-1]:
        strides.insert(0, strides[0] * count)
    strides = strides if len(counts) > 1 else []
    arguments, body = [], []
    for position, each in enumerate(steps):
        terms = [_offset(*three) for three in zip(_VARIABLES, each[:-1], strides, strict=False)]
        place = sums(f"{{in{position}}}", *terms)
        if each[-1] == 0:
            body.append(f"nn::repeat(*({place}), {n}, {{scratch}});")
            place = "{scratch}"
        arguments.append(place)
    target = sums("{out}", *_VARIABLES[: len(strides)])
    body.append(f"nn::{kernel}({', '.join([*([p] if p else []), *arguments, target, str(n)])});")
    return _nested(counts, strides, body), scratch


def _divide(counts: list[int], steps: list[list[int]]) -> int:
    """Make the innermost loop two where it is long; returns the length of the inner one."""
    n = counts[-1]
    best = max(length for length in range(1, min(n, _LONGEST) + 1) if n % length == 0)
    if best == n or best < 16:  # a long prime: in one piece
        return n
    counts[-1:] = [n // best, best]
    for each in steps:
        each[-1:] = [each[-1] * best, each[-1]]
    return best


def _offset(variable: str, step: int, stride: int) -> int | str:
    """Where an input is when the output is `variable` bytes further."""
    if step == 0:
        return 0
    return variable if step == stride else f"{variable} / {stride // step}"


def _nested(counts: list[int], strides: list[int], body: list[str]) -> str:
    text, indent = "", "  "
    for variable, count, stride in zip(_VARIABLES, counts, strides, strict=False):
        end = count * stride
        text += f"{indent}for (int {variable} = 0; {variable} < {end}; {variable} += {stride}) {{\n"
        indent += "  "
    text += "".join(f"{indent}{line}\n" for line in body)
    while len(indent) > 2:
        indent = indent[2:]
        text += f"{indent}}}\n"
    return text
