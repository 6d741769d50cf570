"""A technique lesson's `results` and `claims` in report.json: checked, and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from tinykit.common.errors import TinykitError

# What a row of results may hold, with its heading and how it is printed.
_MEASURED = {
    "accuracy": ("accuracy", "{:.1%}"),
    "low": ("low", "{:.1%}"),
    "high": ("high", "{:.1%}"),
    "seeds": ("seeds", "{:,}"),
    "bytes": ("bytes", "{:,}"),
    "code_bytes": ("code", "{:,}"),
    "ram_bytes": ("RAM", "{:,}"),
    "macs": ("MACs", "{:,}"),
    "instructions": ("instructions", "{:,}"),
}
_SHARES = ("accuracy", "low", "high")
_CLAIM = ("claim", "target", "measured", "holds")


def checked_results(rows: Sequence[Mapping[str, Any]]) -> list[dict]:
    """Rows of what was measured, as JSON takes them.

    Args:
        rows: each has a `name` of its own and what was measured of: `accuracy` (0 ... 1), with
            `low` and `high` (95 %) and the number of `seeds`; `bytes` of flash, weights and tables;
            `code_bytes`; `ram_bytes`; `macs`; `instructions`. The baselines are among them.

    Raises TinykitError, which names row and key, when one is not as it should be.
    """
    made = []
    for number, row in enumerate(rows, 1):
        where = f"Row {number} of results"
        _check_keys(where, row, ("name", *_MEASURED))
        name = row.get("name")
        if not isinstance(name, str) or not name.strip():
            raise TinykitError(f"{where} has no name. Say in a word or two what was measured.")
        where += f' ("{name}")'
        if name in [before["name"] for before in made]:
            raise TinykitError(f"{where} is named as one before. Give each a name of its own.")
        values = {key: _number(where, key, row[key]) for key in row if key != "name"}
        low, high = values.get("low", -math.inf), values.get("high", math.inf)
        if not low <= values.get("accuracy", low) <= high:
            raise TinykitError(f"{where}: accuracy is not between low and high. Mend the three.")
        made.append({"name": name, **values})
    return made


def checked_claims(claims: Sequence[Mapping[str, Any]]) -> list[dict]:
    """What the lesson set out to show, as JSON takes it.

    Args:
        claims: each has `claim` (a sentence), `target` and `measured` (numbers, or words with
            their unit) and `holds`. One that does not hold stays in, with its number.

    Raises TinykitError, which names claim and key, when one is not as it should be.
    """
    made = []
    for number, claim in enumerate(claims, 1):
        where = f"Claim {number}"
        _check_keys(where, claim, _CLAIM)
        missing = [key for key in _CLAIM if key not in claim]
        if missing:
            raise TinykitError(f"{where} has no {missing[0]!r}. Give {', '.join(_CLAIM)}.")
        if not isinstance(claim["claim"], str) or not claim["claim"].strip():
            raise TinykitError(f"{where} says nothing. Write what the lesson set out to show.")
        holds = claim["holds"]
        if not isinstance(holds, bool | np.bool_):
            raise TinykitError(f"{where}: holds is {holds!r}. Give True or False.")
        sides = {key: _side(where, key, claim[key]) for key in ("target", "measured")}
        made.append({"claim": claim["claim"], **sides, "holds": bool(holds)})
    return made


def results_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Checked results as lines: a column for each thing that was measured of any of them."""
    keys = [key for key in _MEASURED if any(key in row for row in rows)]
    cells = [["", *(_MEASURED[key][0] for key in keys)]]
    for row in rows:
        values = (_MEASURED[key][1].format(row[key]) if key in row else "-" for key in keys)
        cells.append([row["name"], *values])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for name, *values in cells:
        right = (f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True))
        lines.append("  ".join([f"{name:<{widths[0]}}", *right]).rstrip())
    return "\n".join(lines)


def claims_table(claims: Sequence[Mapping[str, Any]]) -> str:
    """Checked claims as lines, two each: whether it holds, and what was measured."""
    lines = []
    for claim in claims:
        verdict = "holds" if claim["holds"] else "DOES NOT HOLD"
        lines.append(f"{verdict:<13}  {claim['claim']}")
        measured, target = map(_shown, (claim["measured"], claim["target"]))
        lines.append(f"{'':<13}  measured {measured}, target {target}")
    return "\n".join(lines)


def _check_keys(where: str, row: Mapping[str, Any], known: Sequence[str]) -> None:
    if not isinstance(row, Mapping):
        raise TinykitError(f"{where} is {row!r}. Give a dict with {', '.join(known)}.")
    unknown = [key for key in row if key not in known]
    if unknown:
        raise TinykitError(f"{where} has the unknown key {unknown[0]!r}. Use {', '.join(known)}.")


def _number(where: str, key: str, value: Any) -> int | float:
    """A number of results as Python's own: a share as float, a count as int."""
    if key in _SHARES:
        if isinstance(value, Real) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        raise TinykitError(f"{where}: {key} is {value!r}. Give a share from 0 to 1, such as 0.95.")
    whole = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if whole and value >= 0 and value == int(value):
        return int(value)
    raise TinykitError(f"{where}: {key} is {value!r}. Give a whole number, 0 or more.")


def _side(where: str, key: str, value: Any) -> int | float | str:
    """Target or measured value of a claim: text, or a number of Python's own."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        return int(value) if isinstance(value, Integral) else float(value)
    raise TinykitError(f"{where}: {key} is {value!r}. Give a number, or words with their unit.")


def _shown(value: int | float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.6g}" if value % 1 else f"{value:,.0f}"
