"""The answers in docs/command-line.md are those of today; `RECORD=1` writes them anew (`make pictures`)."""

import os
import re
import shlex

from local.template import PROJECT
from tests.cli.conftest import Ask

DOCUMENT = PROJECT / "docs/command-line.md"
_ANSWER = re.compile(r"^    \$ udts-monitor (?P<words>.*)\n(?P<lines>(?:    (?!\$ ).*\n)+)", re.MULTILINE)
_FIVE_HEALTHY = "doctor"


def held_to(udts_monitor: Ask, *, doctor: bool) -> None:
    """Every answer of the document on this stack is what is printed now, but for times and other figures."""
    text, anew = DOCUMENT.read_text(encoding="utf-8"), bool(os.environ.get("RECORD"))
    found = [one for one in _ANSWER.finditer(text) if (one["words"] == _FIVE_HEALTHY) is doctor]
    assert found
    for one in found:
        lines = udts_monitor(*shlex.split(one["words"])).lines
        said = "".join(f"    {line}".rstrip() + "\n" for line in lines)
        if anew:
            text = text.replace(one[0], f"    $ udts-monitor {one['words']}\n{said}")
        else:
            assert plain(said) == plain(one["lines"]), one["words"]
    if anew:
        DOCUMENT.write_text(text, encoding="utf-8")


def plain(answer: str) -> list[str]:
    """Its lines in any order, without what differs from time to time: figures, widths, the bars of a plot."""
    without = re.sub(r"[\u2581-\u2588\u2591]+", "#", re.sub(r"\d[\d.,]*", "0", answer))
    return sorted(re.sub(r"\s+", " ", line).strip(" #") for line in without.splitlines())
