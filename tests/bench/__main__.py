"""Run benches and show what they measured: ``python -m tests.bench [name ...] [--before <checkout>]``."""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import delay, growth, handler, imports, page, start, storm
from tests.bench.figures import Row, show

type Bench = Callable[[Path, Path | None], Sequence[Row]]

BENCHES: dict[str, Bench] = {
    "handler": handler.measured,
    "imports": imports.measured,
    "start": start.measured,
    "growth": growth.measured,
    "limited": growth.limited,
    "carried": growth.carried,
    "storm": storm.measured,
    "delay": delay.measured,
    "page": page.measured,
}


def main() -> None:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}; all without one")
    parser.add_argument(
        "--before", type=Path, help="a checkout of an earlier version, measured beside this one"
    )
    asked = parser.parse_args()
    for name in asked.names or BENCHES:
        with tempfile.TemporaryDirectory() as folder:
            show(name, BENCHES[name](Path(folder), asked.before))


if __name__ == "__main__":
    main()
