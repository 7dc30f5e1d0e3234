"""The figures of docs/operating.md are those of the code."""

import re
from dataclasses import replace

import pytest

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
        costs = [sum(month(each).values()) for each in uses]
        # What is measured anew moves a little.
        assert [float(quiet), float(moving), float(rare)] == pytest.approx(costs, rel=0.03, abs=0.006)
        assert float(seconds) == pytest.approx(run_seconds(use), rel=0.1, abs=0.06)
    assert f"{beyond_free_tier():.2f} USD in all" in GUIDE
