"""What is printed: tables for people, JSON for programs. Everything in a table is made safe first."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from udts_monitor.messages.figures import format_duration
from udts_monitor.messages.phrases import Language
from udts_monitor.text import one_line

# What everything fits into.
WIDTH = 80
_BETWEEN = 2
_WIDEST = 24
_NARROWEST = 12
_TITLE = 8


class Screen:
    """Where a command shows what it found.

    Args:
        as_json: for programs.
        console: for people; None for the terminal.
    """

    def __init__(self, *, as_json: bool = False, console: Console | None = None) -> None:
        self.as_json = as_json
        self.console = console or Console(highlight=False, markup=False, emoji=False)

    def document(self, document: object) -> None:
        """One JSON document."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def text(self, text: str) -> None:
        """As it is: it goes into a file."""
        sys.stdout.write(text)

    def line(self, text: str, style: str = "") -> None:
        """One line or more; long ones wrap."""
        self.console.print(safe(text, style))

    def titled(self, title: str, text: str, style: str = "") -> None:
        """A line behind its title; long ones wrap beside it."""
        self.beside((safe(title, style or "bold"), _TITLE), (safe(text), None))

    def beside(self, *cells: tuple[Text, int | None]) -> None:
        """Cells beside each other, each of a width or as wide as there is room; long ones wrap."""
        grid = Table.grid(padding=(0, _BETWEEN, 0, 0))
        for _, width in cells:
            grid.add_column(width=width)
        grid.add_row(*(text for text, _ in cells))
        self.console.print(grid)

    def drawing(self, lines: Iterable[str]) -> None:
        """Our own characters, spaces and all."""
        for line in lines:
            self.console.print(Text(line), no_wrap=True)

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Iterable[str | Text]],
        *,
        grows: int = -1,
        widest: int = _WIDEST,
    ) -> None:
        """Columns beside each other, each row a line.

        Args:
            heads: of the columns.
            rows: of cells, at least one.
            grows: the column that has the room that is left.
            widest: what the others are cut to.
        """
        cells = [[cell if isinstance(cell, Text) else safe(cell) for cell in row] for row in rows]
        flexible = grows % len(heads)
        widths = [
            min(widest, max(cell_len(text.plain) for text in (Text(head), *column)))
            for head, column in zip(heads, zip(*cells, strict=True), strict=True)
        ]
        room = self.console.width - _BETWEEN * len(heads)
        widths[flexible] = max(_NARROWEST, room - sum(widths) + widths[flexible])
        while sum(widths) > room and max(widths) > _NARROWEST:
            widths[widths.index(max(widths))] -= 1
        table = Table(box=None, pad_edge=False, padding=(0, _BETWEEN, 0, 0), header_style="dim")
        for head, width in zip(heads, widths, strict=True):
            table.add_column(head, no_wrap=True, overflow="ellipsis", width=width)
        for row in cells:
            table.add_row(*row)
        self.console.print(table)


def safe(text: str, style: str = "") -> Text:
    """Text from outside: no markup, no control characters, nothing that a terminal obeys."""
    return Text("\n".join(one_line(line) for line in text.splitlines()) if text else "", style=style)


def lasted(time: timedelta) -> str:
    """A length of time."""
    return format_duration(time, Language.EN)


def roughly(time: timedelta) -> str:
    """A length of time in its largest unit: a column has no room for more."""
    return " ".join(lasted(time).split()[:2])


def ago(moment: datetime, now: datetime) -> str:
    """How long ago a moment is."""
    return lasted(now - moment)


def clock(moment: datetime, now: datetime) -> str:
    """A moment, as short as today allows, in UTC."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%m-%d %H:%M}"
