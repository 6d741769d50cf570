"""Readable names of C++ functions: _ZN5model6invokeEv is model::invoke.

Only what a profile needs: the name with its namespaces, without parameters. The rules are those of
the Itanium C++ ABI (https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling).
"""

import re

_ANONYMOUS = "_GLOBAL__N_1"


def readable(symbol: str) -> str:
    """The name in C++ of a linker symbol; the symbol itself when it is not a simple one."""
    if not symbol.startswith("_Z"):
        return symbol
    rest = symbol[2:]
    if rest.startswith("L"):
        rest = rest[1:]  # a static function
    if not rest.startswith("N"):
        name, _ = _identifier(rest)
        return name or symbol
    parts, rest = [], rest[1:].lstrip("rVKRO")  # qualifiers of member functions
    while rest and rest[0] != "E":
        if rest[0] == "I":
            rest = _after_template_arguments(rest)
            continue
        if rest[0] == "L" and rest[1:2].isdigit():
            rest = rest[1:]  # a name with internal linkage
        name, after = _identifier(rest)
        if name:
            parts.append(name)
        elif rest[:2] in ("C1", "C2", "D1", "D2", "D0") and parts:
            parts.append(("~" if rest[0] == "D" else "") + parts[-1])
            after = rest[2:]
        else:
            return symbol  # operators and rarer things
        rest = after
    return "::".join(part for part in parts if part != _ANONYMOUS) or symbol


def _identifier(text: str) -> tuple[str, str]:
    """An identifier written as its length and its letters, and what follows it."""
    found = re.match(r"\d+", text)
    if not found:
        return "", text
    end = found.end() + int(found[0])
    return text[found.end() : end], text[end:]


def _after_template_arguments(text: str) -> str:
    """What follows the arguments I...E that `text` begins with."""
    depth, position = 0, 0
    while position < len(text):
        letter = text[position]
        if letter.isdigit():
            _, rest = _identifier(text[position:])
            position = len(text) - len(rest)
            continue
        if letter == "L":  # a literal: type, digits, E
            end = text.find("E", position)
            if text.startswith("_Z", position + 1) or end < 0:
                position += 1
                depth += 1
                continue
            position = end + 1
            continue
        depth += letter in "INX"
        depth -= letter == "E"
        position += 1
        if depth == 0:
            break
    return text[position:]
