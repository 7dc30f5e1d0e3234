"""The ten questions of an operator, of twelve tasks in trouble: one command each, twenty lines at most."""

import pytest

from tests.cli.conftest import Ask
from tests.cli.recorded import held_to
from tests.handler.conftest import Deployed

# The question, the command, and what has to stand in one line of the answer.
QUESTIONS: dict[str, tuple[list[str], list[list[str]]]] = {
    "all well now?": (
        ["status"],
        [["12 watched", "1 unseen"], ["act now", "Failed", "orders"], ["act by", "cache"], ["done", "audit"]],
    ),
    "how far is mails?": (["explain", "mails"], [["Figures", "of 1,000,000 rows"]]),
    "what happened to users?": (
        ["history", "users"],
        [["Synced", "first seen"], ["failed", "alerts, events", "users (udts-2)"]],
    ),
    "which alerts went out?": (
        ["history"],
        [["orders", "failed", "alerts, events"], ["reports", "failed", "alerts held, events"]],
    ),
    "what is silent, until when, by whom?": (["silences"], [["reports", "grace", "rights are being moved"]]),
    "did my silence match?": (["silences"], [["reports", "1 task", "1"]]),
    "who listens?": (["status"], [["alerts 1 events 1"]]),
    "which task gave no answer, why?": (["explain", "billing"], [["Answer", "no answer for", "HTTP 503"]]),
    "which tasks and thresholds are in force?": (
        ["explain"],
        [["12 watched", "audit"], ["stopped_grace_minutes", "20", "cache 15"], ["told: all"]],
    ),
    "what is open, and who has it?": (["incidents"], [["open", "orders", "failed", "ada"]]),
}


def test_each_question_is_one_command_of_at_most_twenty_lines_of_eighty_columns(
    udts_monitor: Ask, troubled: Deployed
) -> None:
    """By name; asking asks UCloud for nothing and writes nothing. The document shows these answers."""
    troubled.simulator.forget_calls()
    troubled.calls.clear()
    for question, (words, wanted) in QUESTIONS.items():
        shown = udts_monitor(*words)
        assert len(shown.lines) <= 20, question
        assert max(map(len, shown.lines)) <= 80, question
        for parts in wanted:
            assert any(all(part in line for part in parts) for line in shown.lines), (question, parts)
    assert troubled.simulator.log().calls == ()
    assert set(troubled.calls) == {"Query"}
    held_to(udts_monitor, doctor=False)


def test_a_replay_and_a_report_know_the_tasks_by_name(udts_monitor: Ask, troubled: Deployed) -> None:
    """Which messages there would have been, and a report in three forms."""
    del troubled
    shown = udts_monitor("replay", "carts", "--set", "stalled_after_minutes=10")
    assert "+ 1 more would have been told, - 1 fewer, 0 the same." in shown.lines
    document = udts_monitor("replay", "cache", "--set", "stopped_grace_minutes=60", "--json").document
    assert [event["kind"] for event in document["only_now"]] == ["stopped"]
    report = udts_monitor("export", "orders")
    assert report.lines[0] == "# orders"
    (incident,) = [line for line in report.lines if "| health | critical |" in line]
    assert all(part in incident for part in (", open |", "orders (udts-1)"))
    assert udts_monitor("export", "orders", "--format", "json").document["task"]["task_id"] == "udts-1"
    rows = udts_monitor("export", "mails", "--format", "csv").lines
    assert rows[0].startswith("time,what,status")
    assert len(rows) > 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "nobody"], "'nobody' is no watched task; watched are"),
        (["history", "orders", "--since", "yesterday"], "--since 'yesterday': such as 30m, 2h or 3d"),
        (["replay", "orders", "--set", "patience=3"], "--set 'patience=3': no such threshold; there are"),
        (["replay", "orders", "--set", "stalled_after_minutes"], "a number has to follow the ="),
        (["replay", "orders", "--set", "stalled_after_minutes=-1"], "from 0 to 1,000,000"),
        (["replay", "orders", "--set", "stalled_after_minutes=nan"], "from 0 to 1,000,000"),
        (["acknowledge", "nobody"], "'nobody' is not open; no incident is open"),
        (["silence", "orders", "--for", "a while"], "for: such as 30m, 2h or 3d"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_wrong_word_is_one_line_on_the_error_stream(
    udts_monitor: Ask, deployed: Deployed, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    """With the code for a wrong command line, and nothing done."""
    monkeypatch.setenv("UDTS_TASKS", "orders=udts-1")
    deployed.run()
    shown = udts_monitor(*words)
    assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert said in shown.err
