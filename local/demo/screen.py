"""How the demonstration looks: calm lines that say what is done, and one moving line for what is awaited.

Without a terminal nothing moves: plain lines of fixed width, to be pasted or logged.
"""

import io
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

WIDTH = 110
MARGIN = 2
_SECONDS_WIDTH = 7
_LEAST_ROOM = 12
# The mark, and a blank after each column.
_GAPS = 5


@dataclass(slots=True, kw_only=True)
class Step:
    """One step under way; `note` and `failed` show when it is over."""

    note: str = ""
    failed: bool = False
    _status: Status | None = None
    _doing: str = ""
    _width: int = WIDTH

    def awaits(self, what: str) -> None:
        """Show what is awaited now."""
        if self._status:
            self._status.update(_moving(self._width, self._doing, what))


class Screen:
    """The screen, or the file that stands for it."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A terminal that knows no check mark shows a question mark instead of an error.
            sys.stdout.reconfigure(errors="replace")
        self._terminal = sys.stdout.isatty() and not Console().is_dumb_terminal
        width = min(Console().width, WIDTH) if self._terminal else WIDTH
        self._console = Console(width=width, highlight=False, color_system="auto" if self._terminal else None)

    @property
    def width(self) -> int:
        """Columns inside the margin."""
        return self._console.width - MARGIN

    def heading(self, text: str, note: str = "") -> None:
        """Begin a section."""
        line = Text(f"\n{text}", style="bold")
        line.append(f"  {note}" if note else "", style="not bold dim")
        self._print(line)

    @contextmanager
    def step(self, doing: str, *, beginning: str = "") -> Iterator[Step]:
        """Show a step while it lasts, and in one line with its seconds when it is over.

        Args:
            doing: What is done and, afterwards, was done.
            beginning: Printed at its beginning where nothing moves: nobody waits before an empty screen.
        """
        began = time.monotonic()
        if self._terminal:
            with self._console.status(_moving(self.width, doing), spinner_style="cyan") as status:
                step = Step(_status=status, _doing=doing, _width=self.width)
                yield step
        else:
            if beginning:
                self._print(Text(f"  … {beginning}"))
            step = Step()
            yield step
        self._over(doing, step, time.monotonic() - began)

    def show(self, what: RenderableType) -> None:
        """Print inside the margin."""
        self._print(Padding(what, (0, 0, 0, MARGIN)))

    def beside(self, head: Text, text: str, *, each_line: bool = False) -> None:
        """Print a head and a text beside it, which breaks between words.

        Args:
            head: Printed in front of the first line, the others are indented as far.
            text: Of any length.
            each_line: The head stands in front of all lines.
        """
        gap = "" if each_line else "  "
        room = max(_LEAST_ROOM, self.width - head.cell_len - len(gap))
        blank = Text(" " * head.cell_len)
        for place, line in enumerate(textwrap.wrap(text, room, break_on_hyphens=False) or [""]):
            self.show(Text.assemble(head if each_line or not place else blank, gap, line))

    def exactly(self, text: str) -> None:
        """Print lines that nobody breaks or cuts: they are to be copied."""
        for line in text.splitlines():
            self._console.print(Text(" " * MARGIN + line), soft_wrap=True)

    def _over(self, done: str, step: Step, seconds: float) -> None:
        mark = Text("✗", "bold red") if step.failed else Text("✓", "green")
        note = Text(step.note, "red" if step.failed else "cyan")
        took = Text(f"{seconds:.1f} s", "dim")
        line = Table.grid(padding=(0, 1, 0, 0), expand=True)
        line.add_column()
        line.add_column(ratio=1)
        line.add_column(justify="right", width=_SECONDS_WIDTH, no_wrap=True)
        if cell_len(done) + note.cell_len + _SECONDS_WIDTH + _GAPS <= self.width:
            note.justify = "right"
            both = Table.grid(expand=True)
            both.add_row(done, note)
            line.add_row(mark, both, took)
        else:
            # Side by side in a narrow terminal, one would leave the other a few letters a line.
            line.add_row(mark, done, took)
            line.add_row("", note, "")
        self.show(line)

    def _print(self, what: RenderableType) -> None:
        # Without the blanks that fill lines up: they would be pasted along.
        with self._console.capture() as captured:
            self._console.print(what)
        for line in captured.get().splitlines():
            self._console.file.write(f"{line.rstrip()}\n")
        self._console.file.flush()


def _moving(width: int, doing: str, awaited: str = "") -> Text:
    """What is done, and below it what is awaited; lines that broke would make the screen jump."""
    lines = [Text(doing), Text(awaited, "dim")] if awaited else [Text(doing)]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Text("\n").join(lines)
