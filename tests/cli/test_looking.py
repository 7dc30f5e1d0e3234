"""What people look at: status, history, incidents, silences; and what they ask the function for."""

import json
from datetime import timedelta

import pytest

from local.simulator import Simulator
from tests.cli.conftest import Ask
from tests.handler.conftest import Clock, Deployed
from tests.walk import NOON
from udts_monitor.decision.schedule import Gap
from udts_monitor_cli.plot import sampled

HOUR = timedelta(hours=1)
HOSTILE = "[red]orders[/red]\x1b[31m\u202e<script>alert(1)</script>"


@pytest.fixture
def failed(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Five tasks, of which one with a name has failed."""
    monkeypatch.setenv("UDTS_TASKS", "orders=udts-1, udts-2, udts-3, udts-4, udts-5")
    deployed.run()
    deployed.simulator.set_status("udts-1", "Failed", failed_message="Error 1040: Too many connections")
    deployed.run()
    return deployed


def test_status_is_a_line_about_the_monitor_and_a_line_a_task_worst_first(
    udts_monitor: Ask, failed: Deployed
) -> None:
    """It fits 80 columns, and its code says that somebody is needed."""
    shown = udts_monitor("status")
    assert shown.code == 1
    assert "5 watched · 0 unseen · 0 pending · alerts 1 events 1 · 0 silences" in shown.lines[0]
    assert shown.lines[2].split()[:4] == ["act", "now", "Failed", "orders"]
    assert "Error 1040, too many connections" in shown.lines[2]
    assert len(shown.lines) == 7
    assert max(map(len, shown.lines)) <= 80
    failed.simulator.set_status("udts-1", "Done")
    failed.run()
    assert udts_monitor("status").code == 0


def test_status_is_red_when_no_run_came_to_its_end_lately(
    udts_monitor: Ask, deployed: Deployed, clock: Clock
) -> None:
    """Also before the first one."""
    assert (udts_monitor("status").code, udts_monitor("status").lines[0][:10]) == (1, "no run yet")
    deployed.run()
    assert udts_monitor("status").code == 0
    clock.forward(hours=1)
    assert udts_monitor("status").code == 1


def test_a_silence_is_set_listed_and_ended_by_name(udts_monitor: Ask, failed: Deployed) -> None:
    """By whom, why, until when, what it matches, and what it holds back."""
    del failed
    shown = udts_monitor("silence", "orders", "--for", "2h", "--why", "switch-over", "--by", "ada")
    assert (shown.code, shown.out[:26]) == (0, "Silent now: -/udts-1 until")
    line = udts_monitor("silences").lines[1]
    assert line.split()[0] == "orders"
    assert [part in line for part in ("ada", "1 task", "switch-over")] == [True] * 3
    assert "[silent]" in udts_monitor("status").out
    assert udts_monitor("silence", "orders", "--for", "0m", "--by", "ada").out == "Silent now: nothing.\n"
    assert udts_monitor("silences").out == "Nothing is silent.\n"


def test_who_silences_is_the_person_at_the_machine_if_nobody_else_is_named(
    udts_monitor: Ask, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the machine knows them."""
    deployed.run()
    monkeypatch.setenv("LOGNAME", "grace")
    udts_monitor("silence", "all", "--for", "1h")
    assert udts_monitor("silences", "--json").document[0]["silence"]["by"] == "grace"


def test_an_incident_is_listed_acknowledged_and_over(udts_monitor: Ask, failed: Deployed) -> None:
    """With how long it lasted, where it was told, and who looks after it."""
    assert udts_monitor("incidents").code == 1
    shown = udts_monitor("acknowledge", "orders", "--by", "ada")
    assert (shown.code, shown.out) == (0, "Acknowledged; nobody is reminded of it any more.\n")
    shown = udts_monitor("acknowledge", "orders", "--by", "ada")
    assert shown.out == "Acknowledged already, in the same words.\n"
    line = udts_monitor("incidents").lines[1]
    assert line.split()[:3] == ["open", "orders", "failed"]
    assert line.split()[-3:] == ["alerts,", "events", "ada"]
    assert "[ada has it]" in udts_monitor("status").out
    failed.simulator.set_status("udts-1", "Syncing")
    for _ in range(3):
        failed.run()
    shown = udts_monitor("incidents")
    assert (shown.code, shown.lines[1].split()[:4]) == (0, ["over", "orders", "failed,", "recovered"])


def test_history_says_what_happened_and_where_it_was_told(udts_monitor: Ask, failed: Deployed) -> None:
    """Of one task with its transitions; of all of them what was told, the monitor's own included."""
    udts_monitor("silence", "orders", "--for", "1h", "--by", "ada")
    failed.simulator.set_status("udts-1", "FailedUnrecoverable")
    failed.run()
    lines = udts_monitor("history", "orders").lines
    assert [line.split()[1] for line in lines[1:]] == ["Syncing", "failed", "failed"]
    assert "alerts, events" in lines[2]
    assert "alerts held" in lines[3]
    shown = udts_monitor("history")
    assert [line.split()[1:3] for line in shown.lines[1:]] == [
        ["orders", "failed"],
        ["monitor", "silenced"],
        ["orders", "failed"],
    ]


def test_history_says_what_notify_on_leaves_out(
    udts_monitor: Ask, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It happened and nobody was told: the reason stands beside it."""
    monkeypatch.setenv("NOTIFY_ON", "finished")
    deployed.simulator.set_status("udts-1", "Frobnicating")
    deployed.run()
    assert "kept back" in udts_monitor("history", "udts-1").out


def test_history_shows_at_most_twenty_lines_and_says_what_it_leaves_out(
    udts_monitor: Ask, deployed: Deployed
) -> None:
    """The latest; JSON has all."""
    for turn in range(30):
        deployed.simulator.set_status("udts-1", "Syncing" if turn % 2 else "Synced")
        deployed.run()
    shown = udts_monitor("history", "udts-1")
    assert len(shown.lines) == 20
    assert shown.lines[0].startswith("12 earlier ones are left out")
    assert len(udts_monitor("history", "udts-1", "--json").document["points"]) == 30


def test_a_plot_shows_progress_and_the_time_in_which_nobody_looked(
    udts_monitor: Ask, deployed: Deployed, clock: Clock
) -> None:
    """Within 80 columns and 20 lines."""
    for rows in range(0, 101, 20):
        progress = {"total_count": 100, "cur_count": rows}
        deployed.simulator.set_status("udts-1", "Loading", progress=progress)
        deployed.run()
        clock.forward(minutes=1 if rows == 40 else 30)
    shown = udts_monitor("history", "udts-1", "--plot", "--since", "4h")
    assert shown.lines[0] == "done, %"
    assert "100 │" in shown.out
    assert "█" in shown.out
    assert max(map(len, shown.lines)) <= 80
    assert len(shown.lines) <= 20


def test_a_column_of_a_plot_has_the_value_before_its_end_and_none_where_nobody_looked() -> None:
    """An unchanged figure is not stored again, and a gap is not a value."""
    values = [(NOON, 1.0), (NOON + 33 * HOUR, 2.0), (NOON + 34 * HOUR, None)]
    gaps = [Gap(since=NOON + 10 * HOUR, until=NOON + 20 * HOUR)]
    columns = sampled(values, gaps, NOON - HOUR, NOON + 65 * HOUR)
    assert columns[:2] == [1.0, 1.0]
    assert columns[11:21] == [None] * 10
    assert columns[21:33] == [1.0] * 12
    assert columns[34:] == [2.0] * 32


def test_a_test_notification_goes_the_way_of_every_other(udts_monitor: Ask, deployed: Deployed) -> None:
    """And the answer says how many SNS took."""
    assert udts_monitor("test").out == "SNS took 2 test notifications; they are on their way.\n"
    assert [len(deployed.arrived(topic)) for topic in ("alerts", "events")] == [1, 1]


@pytest.mark.parametrize(
    "words",
    [["status"], ["history"], ["history", "orders"], ["incidents"], ["silences"], ["test"]],
    ids=" ".join,
)
def test_every_command_answers_json(udts_monitor: Ask, failed: Deployed, words: list[str]) -> None:
    """One document, and the same exit code."""
    del failed
    assert udts_monitor(*words, "--json").document is not None
    assert udts_monitor(*words, "--json").code == udts_monitor(*words).code


def test_a_name_full_of_markup_is_shown_and_obeyed_by_nothing(
    udts_monitor: Ask, deployed: Deployed, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the terminal nor the library that draws tables takes orders from a task."""
    monkeypatch.setenv("UDTS_TASKS", json.dumps([{"id": "udts-1", "name": HOSTILE}]))
    simulator.set_status("udts-1", "Failed", failed_message=HOSTILE)
    deployed.run()
    for words in (
        ["status"],
        ["history"],
        ["incidents"],
        ["history", HOSTILE],
        ["silence", "x", "--for", "1h"],
    ):
        shown = udts_monitor(*words)
        assert "\x1b" not in shown.out + shown.err
        assert "\u202e" not in shown.out + shown.err
        assert "[red]" in shown.out + shown.err
