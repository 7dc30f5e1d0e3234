"""`make run` passes only when everything expected arrived once, nothing else did, and it names the rest."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import pytest

from local.demo.setting import SCENARIO, task_list
from local.demo.stage import ALERTS, EVENTS, TOPICS, arrival_of
from local.demo.story import DISCOVERED, EXPECTED, SCENES, THRESHOLDS
from local.demo.verdict import Arrival, Told, line, problems
from local.inbox import Message
from local.simulator import load_scenario, simulator_running
from local.template import PROJECT
from udts_monitor.adapters.task_list import parse_tasks

FAILED = Told(task="udts-1", kind="failed")
RECOVERED = Told(task="udts-1", kind="recovered")
BOTH = (FAILED, RECOVERED)


def arrived(*told: Told, topic: str = "", version: int = 1) -> list[Arrival]:
    """One message of each, on one topic or on all."""
    return [
        Arrival(topic=each, told=one, event_id=f"-/{one.task}/v{version}/{one.kind}")
        for each in ([topic] if topic else TOPICS)
        for one in told
    ]


# --- Expectation against arrival ------------------------------------------------------------------


def test_everything_once_and_nothing_else_passes() -> None:
    """In whatever order it came."""
    assert problems(BOTH, arrived(*BOTH), TOPICS) == ()
    assert problems(BOTH, arrived(*BOTH)[::-1], TOPICS) == ()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_message_missing_on_one_topic_is_named(topic: str) -> None:
    """That the other topic has it does not help its subscribers."""
    other = next(each for each in TOPICS if each != topic)
    came = [*arrived(*BOTH, topic=other), *arrived(FAILED, topic=topic)]
    assert problems(BOTH, came, TOPICS) == (f"missing on {topic}: recovered of udts-1",)


def test_silence_is_named_for_every_topic() -> None:
    """Nothing arrived is the worst case, not the empty one."""
    assert problems([FAILED], [], TOPICS) == (
        "missing on alerts: failed of udts-1",
        "missing on events: failed of udts-1",
    )


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(Told(task="udts-1", kind="stopped"), id="another kind of a task that is expected"),
        pytest.param(Told(task="udts-2", kind="failed"), id="the expected kind of another task"),
        pytest.param(Told(task="", kind=""), id="a message without attributes"),
    ],
)
def test_a_message_nobody_expects_is_named(stranger: Told) -> None:
    """A quiet task that is told about is an error too."""
    came = [*arrived(FAILED), *arrived(stranger, topic=ALERTS)]
    assert problems([FAILED], came, TOPICS) == (f"unexpected on alerts: {stranger}",)


def test_the_same_message_twice_is_a_repeat() -> None:
    """It is recognised by its event id, and not called missing or unexpected besides."""
    came = [*arrived(FAILED), *arrived(FAILED, topic=EVENTS)]
    assert problems([FAILED], came, TOPICS) == (
        "repeated on events: failed of udts-1 came 2 times as -/udts-1/v1/failed",
    )


def test_the_same_kind_as_another_event_is_unexpected() -> None:
    """Two events are no repeat: the monitor took one failure for two."""
    came = [*arrived(FAILED), *arrived(FAILED, version=2)]
    assert problems([FAILED], came, TOPICS) == (
        "unexpected on alerts: failed of udts-1",
        "unexpected on events: failed of udts-1",
    )


def test_what_is_expected_twice_has_to_come_as_two_events() -> None:
    """The same failure told again does not stand for the second one."""
    twice = [FAILED, FAILED]
    assert problems(twice, arrived(FAILED) + arrived(FAILED, version=2), TOPICS) == ()
    assert problems(twice, arrived(FAILED) * 2, TOPICS)[:2] == (
        "missing on alerts: failed of udts-1",
        "repeated on alerts: failed of udts-1 came 2 times as -/udts-1/v1/failed",
    )


def test_one_event_has_one_id_on_all_topics() -> None:
    """Else a person and a program cannot know that they were told the same."""
    came = [*arrived(FAILED, topic=ALERTS), *arrived(FAILED, topic=EVENTS, version=2)]
    assert problems([FAILED], came, TOPICS) == ("different event ids on alerts and events: failed of udts-1",)


def test_a_message_without_an_event_id_is_named() -> None:
    """Two of them are two: nobody could recognise the second as a repeat."""
    (nameless,) = (replace(each, event_id="") for each in arrived(FAILED, topic=ALERTS))
    events = arrived(FAILED, topic=EVENTS)
    assert problems([FAILED], [nameless, *events], TOPICS) == (
        "without event id on alerts: failed of udts-1",
    )
    assert "unexpected on alerts: failed of udts-1" in problems(
        [FAILED], [nameless, nameless, *events], TOPICS
    )


def test_an_id_that_stands_for_two_messages_hides_neither() -> None:
    """Two different messages with one id: one of them is nobody's."""
    same = [replace(each, event_id="-/udts-1/v1/failed") for each in arrived(*BOTH)]
    assert problems(BOTH, same, TOPICS)


# --- The verdict ----------------------------------------------------------------------------------


def test_the_verdict_passes_only_without_a_problem() -> None:
    """One line either way, and a failure names every problem."""
    assert line([], BOTH, TOPICS).startswith("PASS: 2 events")
    assert line(["missing on alerts: x", "a run failed: y"], BOTH, TOPICS) == (
        "FAIL: missing on alerts: x; a run failed: y"
    )
    assert len(line(["a run failed:\nTraceback"], BOTH, TOPICS).splitlines()) == 1


# --- Messages -------------------------------------------------------------------------------------

ATTRIBUTES = {"event": "failed", "task_id": "udts-1", "severity": "critical"}


@pytest.mark.parametrize(
    ("topic", "text", "event_id"),
    [
        pytest.param(
            ALERTS, "It failed.\n\nEvent id: -/udts-1/v2/failed\n", "-/udts-1/v2/failed", id="an alert"
        ),
        pytest.param(
            ALERTS, "Reason:\nEvent id: forged\n\nEvent id: true\n", "true", id="a reason that forges an id"
        ),
        pytest.param(ALERTS, "It failed.\n", "", id="an alert without id"),
        pytest.param(
            EVENTS, json.dumps({"id": "-/udts-1/v2/failed"}), "-/udts-1/v2/failed", id="a CloudEvent"
        ),
        pytest.param(EVENTS, "It failed.", "", id="an event that is no JSON"),
        pytest.param(EVENTS, "[]", "", id="an event that is no object"),
    ],
)
def test_a_message_is_recognised_by_its_attributes_and_its_event_id(
    topic: str, text: str, event_id: str
) -> None:
    """Never by its wording, which may get better."""
    message = Message(subject="", text=text, attributes=ATTRIBUTES)
    assert arrival_of(topic, message) == Arrival(topic=topic, told=FAILED, event_id=event_id)


def test_a_message_without_attributes_is_an_arrival_too() -> None:
    """It is judged like every other, instead of ending the demonstration."""
    told = arrival_of(ALERTS, Message(subject="", text="", attributes={})).told
    assert told == Told(task="", kind="")


# --- The story ------------------------------------------------------------------------------------


def test_every_scene_can_be_played() -> None:
    """Its tasks are in the scenario and its steps are steps of the simulator."""
    scenario = load_scenario(SCENARIO)
    with simulator_running(scenario) as simulator:
        for scene in SCENES:
            for task, step in scene.changes.items():
                simulator.set_step(task, step)
    assert {told.task for told in EXPECTED} <= {*(plan.id for plan in scenario.tasks), "monitor"}


def test_the_story_keeps_what_it_promises() -> None:
    """A quiet task that changes all the time, an event only the schedule can tell, and the rest told once."""
    told_about = {told.task for told in EXPECTED}
    changed = {task for scene in SCENES for task in scene.changes}
    assert changed - told_about == {"udts-cache"}
    assert any(scene.by_schedule and scene.tells for scene in SCENES)
    assert len(set(EXPECTED)) == len(EXPECTED)


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("udts-users", ["failed", "recovered"]),
        ("udts-archive", ["stopped", "recovered", "delayed", "caught_up", "cutover_ready"]),
        ("udts-orders", ["stalled", "progressing", "finished"]),
        ("udts-reports", ["unreachable", "reachable"]),
        (DISCOVERED, ["finished"]),
    ],
)
def test_what_begins_in_the_story_ends_in_it(task: str, kinds: list[str]) -> None:
    """A failure, a stop, a standstill, a lag, and a task that gives no answer; in this order."""
    assert [told.kind for told in EXPECTED if told.task == task] == kinds


def test_the_task_list_names_all_but_one_task_with_their_own_thresholds() -> None:
    """The monitor reads from it what the scenario says; the last one only its project's list shows."""
    scenario = load_scenario(SCENARIO)
    watched = parse_tasks(task_list(scenario))
    tasks = {task.task_id: task for task in watched.tasks}
    plans = {plan.id: plan for plan in scenario.tasks}
    assert plans.keys() - tasks.keys() == {DISCOVERED}
    assert watched.projects == (plans[DISCOVERED].project,)
    for task in tasks.values():
        assert (task.name, task.project_id) == (plans[task.task_id].name, plans[task.task_id].project)
        assert task.thresholds == THRESHOLDS.get(task.task_id, {})


# --- The screen -----------------------------------------------------------------------------------

SHOWS_A_STEP = """
from local.demo.screen import Screen
with Screen().step("orders-db still loads: a minute after the last, a point of progress is kept") as step:
    step.note = "told by the schedule at 17:49:23: failed"
"""


def shown_in_a_terminal(columns: int, *command: str) -> list[str]:
    """The lines a command leaves on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, *command],
        cwd=PROJECT,
        env={**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm"},
        stdout=theirs,
    ):
        os.close(theirs)
        output = b""
        # Source: Linux, pty(7): reading fails when nobody has the other end any more.
        with suppress(OSError):
            while part := os.read(ours, 4096):
                output += part
    os.close(ours)
    # The last line that moved is cleared by its own codes: what follows them is what stays.
    kept = output.decode().rpartition("\x1b[2K")[2]
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in kept.splitlines()]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_narrow_terminal_shows_the_whole_step(columns: int) -> None:
    """What was done used to be squeezed into seven columns, and cut."""
    lines = [line for line in shown_in_a_terminal(columns, "-c", SHOWS_A_STEP) if line]
    assert max(map(len, lines)) <= columns
    words = set(" ".join(lines).split())
    assert words >= {"✓", "orders-db", "still", "minute", "point", "progress", "kept"}
    assert words >= {"told", "by", "the", "schedule", "at", "17:49:23:", "failed"}


SHOWS_A_ROW = """
import sys
from rich.text import Text
from local.demo.screen import Screen
Screen().beside(Text("15:30:07  event"), sys.argv[1])
"""


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_narrow_terminal_breaks_no_word_of_a_row(columns: int) -> None:
    """Columns of a table used to be a few letters wide."""
    text = "archive-db (udts-archive) recovered: Syncing again, 9 s after it was stopped"
    first, *others = shown_in_a_terminal(columns, "-c", SHOWS_A_ROW, text)
    assert first.startswith("  15:30:07  event  archive-db")
    assert all(line.startswith(" " * 19) for line in others)
    assert max(map(len, [first, *others])) <= columns
    assert " ".join([first, *others]).split()[2:] == text.split()


def test_asked_for_help_it_helps() -> None:
    """Instead of playing for two minutes."""
    done = subprocess.run(
        [sys.executable, "-m", "local.command", "demo", "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Takes no arguments" in " ".join(done.stdout.split())
