"""The declarations that Arduino puts into a sketch: one for every function, above the first.

Arduino lets ctags read the sketch after the preprocessor; what follows does the same with the text
alone. As there, attributes are left out ([[noreturn]] must then be declared further up by hand, or
the compiler refuses its definition), and a function with default arguments is not declared.
https://arduino.github.io/arduino-cli/latest/sketch-build-process/
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.DOTALL | re.VERBOSE
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]|__attribute__\s*\(\(.*?\)\)", re.DOTALL)
_HEAD = re.compile(
    r"(?:template\s*<[^(){}]*>\s*)?(?P<type>[\w\s*&:<>,]+?[\s*&])(?P<name>\w+)\s*\((?P<args>.*)\)",
    re.DOTALL,
)
_NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "alignas"}
_NOT_TYPES = r"(?:class|struct|enum|union|namespace|extern|return|else)\b"


@dataclass(frozen=True)
class _Function:
    """A function at the top level.

    Attributes:
        start: where it begins in the text.
        name: its name.
        prototype: its declaration; "" where Arduino makes none.
        conditions: of each #if around it, the directives down to here.
    """

    start: int
    name: str
    prototype: str
    conditions: tuple[tuple[str, ...], ...]


def with_prototypes(text: str) -> str:
    """A sketch's C++ (its .ino files, each after a #line directive) with declarations put in.

    They stand above the first function. Where that is inside an #if, they stand there and above the
    first function outside of it, so that they are seen whichever branch is compiled.
    """
    functions = list(_functions(text))
    block = "".join(_declaration(text, function) for function in functions)
    if not block:
        return text
    pieces, end = [], 0
    for place in _places(text, functions):
        pieces += [text[end:place], "\n", block, _line_directive(text, place)]
        end = place
    return "".join([*pieces, text[end:]])


def _places(text: str, functions: list[_Function]) -> list[int]:
    """Where the declarations are put in, in order."""
    places, seen = [], set()
    for function in functions:
        if function.conditions not in seen:
            places.append(function.start)
        seen.add(function.conditions)
        if not function.conditions:
            break
    return [_above_uses(text, functions, places[0]), *places[1:]]


def _above_uses(text: str, functions: list[_Function], first: int) -> int:
    """`first`, or the start of a line above it that hands a function on: `Button b(onPress);`."""
    names = "|".join(re.escape(function.name) for function in functions)
    above = _without_directives(_without_comments(text))[:first]
    for used in re.finditer(rf"[(,]\s*&?\s*(?:{names})\s*[,)]", above):
        line = above.rfind("\n", 0, used.start()) + 1
        before = above[:line].rstrip()
        complete = before.endswith((";", "}")) or not before
        if complete and before.count("{") == before.count("}"):
            return line
    return first


def _declaration(text: str, function: _Function) -> str:
    """The lines that declare a function, under the same conditions as it is defined."""
    if not function.prototype:
        return ""
    around = "".join(f"{line}\n" for group in function.conditions for line in group)
    line = f"{_line_directive(text, function.start)}{function.prototype}\n"
    return around + line + "#endif\n" * len(function.conditions)


def _line_directive(text: str, position: int) -> str:
    """What tells the compiler which line of which .ino file follows `position`."""
    start = text.rindex("#line", 0, position + 1)
    name = re.match(r'#line 1 (".*")', text[start:])[1]
    return f"#line {text.count(chr(10), start, position)} {name}\n"


def _without_comments(text: str) -> str:
    """`text` with comments and strings blanked; every position stays."""
    return _COMMENT_OR_STRING.sub(_blank, text)


def _without_directives(text: str) -> str:
    return _DIRECTIVE.sub(_blank, text)


def _blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _functions(text: str) -> Iterator[_Function]:
    """Every function that is defined at the top level, in the order of the text."""
    commented = _without_comments(text)
    plain = _without_directives(commented)
    changes = _conditions(commented)
    places = [place for place, _ in changes]
    depth, start = 0, 0
    for found in re.finditer(r"[{};]", plain):
        if found[0] == "{":
            head = plain[start : found.start()]
            function = _head(head) if depth == 0 else None
            if function:
                begin = start + len(head) - len(head.lstrip())
                conditions = changes[bisect_right(places, begin) - 1][1]
                yield _Function(begin, *function, conditions)
            depth += 1
            continue
        if found[0] == "}":
            depth = max(0, depth - 1)
        if depth == 0:
            start = found.end()


def _head(head: str) -> tuple[str, str] | None:
    """Name and prototype of the function whose definition begins like this, or None."""
    bare = " ".join(_ATTRIBUTE.sub(" ", head).split())
    found = _HEAD.fullmatch(bare)
    if not found or found["name"] in _NOT_FUNCTIONS or re.match(_NOT_TYPES, bare):
        return None
    return found["name"], "" if "=" in bare else f"{bare};"


def _conditions(text: str) -> list[tuple[int, tuple[tuple[str, ...], ...]]]:
    """From which place on which conditions (`_Function.conditions`) hold, first place 0."""
    changes: list[tuple[int, tuple[tuple[str, ...], ...]]] = [(0, ())]
    for found in _DIRECTIVE.finditer(text):
        line, groups = found[0].strip(), changes[-1][1]
        keyword = re.match(r"#\s*(\w*)", line)[1]
        if keyword in ("if", "ifdef", "ifndef"):
            groups = (*groups, (line,))
        elif keyword in ("elif", "else") and groups:
            groups = (*groups[:-1], (*groups[-1], line))
        elif keyword == "endif":
            groups = groups[:-1]
        changes.append((found.end(), groups))
    return changes
