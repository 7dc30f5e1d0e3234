"""The figures of docs/operating.md are those of the code."""

import re

from local.template import PROJECT, load
from udts_monitor.adapters.task_list import parse_tasks

GUIDE = (PROJECT / "docs/operating.md").read_text(encoding="utf-8")
SHORT, LONG = "udts-ixdp441", "orders=org-hiny12/udts-ixdp441:transfer"


def carried(example: str, characters: int) -> int:
    """How many tasks that are written like the example a list of this length holds."""
    entries: list[str] = []
    while len(", ".join([*entries, example])) <= characters:
        entries.append(
            example.replace("ixdp441", f"{len(entries):07}").replace("orders", f"{len(entries):06}")
        )
    return len(parse_tasks(", ".join(entries)).tasks)


def test_the_lists_carry_as_many_tasks_as_the_guide_says() -> None:
    """Whoever plans a migration knows whether the list fits."""
    rows = re.findall(r"^\| in .+?([\d,]+) characters \| (\d+) \| (\d+) \|$", GUIDE, re.MULTILINE)
    said = {int(characters.replace(",", "")): (int(short), int(long)) for characters, short, long in rows}
    limit = load()["Parameters"]["UdtsTasks"]["MaxLength"]
    # Source: Systems Manager, parameter tiers: 4 KB and 8 KB.
    assert said.keys() == {limit, 4096, 8192}
    for characters, numbers in said.items():
        assert numbers == (carried(SHORT, characters), carried(LONG, characters))
