"""What a bench measured: a table for people, JSON in .local/bench for docs/performance.md."""

import json
from collections.abc import Iterable, Mapping, Sequence

from local.template import PROJECT

FOLDER = PROJECT / ".local/bench"

type Row = Mapping[str, object]


def show(bench: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table, and keep them in place of those of the bench's last time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{bench}.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(["", bench, *table(rows)]), flush=True)  # noqa: T201 - the figures


def table(rows: Sequence[Row]) -> Iterable[str]:
    """The rows as lines of Markdown; the names of the first row's fields are the heads."""
    heads = list(rows[0])
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_shown(row.get(head, '')) for head in heads)} |"


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
