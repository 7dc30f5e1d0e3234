"""The benches measure what they say they measure; how fast it is, no test asserts."""

from pathlib import Path

from tests.bench import handler


def test_every_subject_checks_every_task_and_is_held_against_bare_requests(tmp_path: Path) -> None:
    """A subject that skips a task fails by itself; the table has a row for each."""
    rows = handler.measured(tmp_path, None, sizes={20: (4, 1)})
    assert [row["subject"] for row in rows] == ["bare requests", "official SDK", "handler"]
    assert rows[0]["processor / bare"] == 1.0
    assert all(row["tasks"] == 20 for row in rows)
