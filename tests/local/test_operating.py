"""The figures of docs/operating.md are those of the code."""

import re
from dataclasses import replace

from local.cost import Use, beyond_free_tier, month, run_seconds
from local.template import PROJECT

GUIDE = (PROJECT / "docs/operating.md").read_text(encoding="utf-8")


def test_a_month_costs_what_the_guide_says() -> None:
    """By the model, which other tests hold against the code."""
    rows = re.findall(
        r"^\| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) s \|$", GUIDE, re.MULTILINE
    )
    assert [row[0] for row in rows] == ["1", "15", "100", "1,000"]
    for number, quiet, moving, rare, seconds in rows:
        use = Use(tasks=int(number.replace(",", "")))
        uses = (use, replace(use, moving=1), replace(use, period_minutes=5))
        assert [quiet, moving, rare] == [f"{sum(month(each).values()):.2f}" for each in uses]
        assert seconds == f"{run_seconds(use):.1f}"
    assert f"{beyond_free_tier():.2f} USD in all" in GUIDE
