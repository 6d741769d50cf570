"""One table for everything that is shown as one: aligned text, and HTML in a notebook."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

_WIDTH = 88  # of the lines below a table of text


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of text, which read in light and dark themes alike.

    Attributes:
        rows: the cells, a row each.
        header: names of the columns.
        title: a line above.
        footer: lines below.
        right: columns of numbers, which stand to the right.
        indent: spaces before each line of the text below the title.
        colours: CSS colours of cells that say nothing but one of these words, such as PASS.
    """

    rows: Sequence[Sequence[str]]
    header: Sequence[str] = ()
    title: str = ""
    footer: Sequence[str] = ()
    right: Collection[int] = ()
    indent: int = 0
    colours: Mapping[str, str] = field(default_factory=dict)

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
        first = " " * self.indent
        for line in self.footer:
            wrapped = textwrap.wrap(
                line, _WIDTH, initial_indent=first, subsequent_indent=first + "  "
            )
            lines += wrapped or [""]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = f"<b>{html.escape(self.title)}</b>" if self.title else ""
        head = f"<thead><tr>{self._cells(self.header, 'th')}</tr></thead>" if self.header else ""
        body = "".join(f"<tr>{self._cells(row, 'td')}</tr>" for row in self.rows)
        footer = "<br>".join(map(html.escape, self.footer))
        footer = f"<small>{footer}</small>" if footer else ""
        return f"{title}<table>{head}<tbody>{body}</tbody></table>{footer}"

    def _cells(self, row: Sequence[str], tag: str) -> str:
        cells = []
        for column, cell in enumerate(row):
            style = f"text-align: {'right' if column in self.right else 'left'}"
            if cell in self.colours:
                style += f"; color: {self.colours[cell]}; font-weight: bold"
            cells.append(f'<{tag} style="{style}">{html.escape(cell)}</{tag}>')
        return "".join(cells)
