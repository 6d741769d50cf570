"""One table for everything that is shown as one: aligned text, and HTML in a notebook."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of text. No colours, so that it reads in light and dark themes alike.

    Attributes:
        rows: the cells, a row each.
        header: names of the columns.
        title: a line above.
        footer: lines below.
        right: columns of numbers, which stand to the right.
        indent: spaces before each line of the text below the title.
    """

    rows: Sequence[Sequence[str]]
    header: Sequence[str] = ()
    title: str = ""
    footer: Sequence[str] = ()
    right: Collection[int] = ()
    indent: int = 0

    def __str__(self) -> str:
        rows = [self.header, *self.rows] if self.header else list(self.rows)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self.title] if self.title else []
        for row in rows:
            cells = [
                cell.rjust(width) if column in self.right else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append(" " * self.indent + "  ".join(cells).rstrip())
        return "\n".join([*lines, *(" " * self.indent + line for line in self.footer)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"<b>{html.escape(self.title)}</b>" if self.title else ""
        head = f"<thead><tr>{self._cells(self.header, 'th')}</tr></thead>" if self.header else ""
        body = "".join(f"<tr>{self._cells(row, 'td')}</tr>" for row in self.rows)
        footer = "<br>".join(map(html.escape, self.footer))
        footer = f"<small>{footer}</small>" if footer else ""
        return f"{title}<table>{head}<tbody>{body}</tbody></table>{footer}"

    def _cells(self, row: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align: {"right" if column in self.right else "left"}">'
            f"{html.escape(cell)}</{tag}>"
            for column, cell in enumerate(row)
        )
