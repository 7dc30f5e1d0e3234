"""Acknowledgements: who looks after an open incident. It is reminded of no more, and its end is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.walk import NOON, X
from tests.world import World
from udts_monitor.decision.acknowledgement import KIND, open_incidents, parse_acknowledgement
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Acknowledgement, TaskState
from udts_monitor.errors import CommandError, StoreError
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.summary import Summary

HOUR = timedelta(hours=1)
REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
WISH = {"by": "ada", "why": "the source is being moved"}
DAYS = 3


def world_with(*answers: object, names: tuple[str, ...] = ("udts-1",), **more: Any) -> World:  # noqa: ANN401 - fields of World
    """A world whose first task answered so, a check a minute."""
    world = World(names, **more)
    for answer in answers:
        world.ucloud.set(udts_1=answer)  # type: ignore[arg-type]
        world.run()
    return world


def acknowledge(world: World, incident: str, **more: str) -> Summary:
    """Somebody looks after it."""
    return world.commands().acknowledge({"incident": incident, **WISH, **more}, world.watch())


def told(world: World, then: Callable[[], object]) -> list[str]:
    """The kinds that people got meanwhile."""
    already = len(world.sns.accepted)
    then()
    return [str(found.kind) for found in world.sns.accepted[already:] if found.topic is Topic.ALERTS]


def days(world: World) -> Callable[[], None]:
    """A check each hour, for days."""

    def pass_by() -> None:
        for _ in range(24 * DAYS):
            world.run(forward=HOUR)

    return pass_by


@pytest.mark.parametrize("answer", ["Failed", REFUSED], ids=["a failed task", "an outage"])
def test_whoever_acknowledges_an_incident_is_not_reminded_of_it(answer: object) -> None:
    """Neither of a failed task nor of an outage; without it both are reminded of."""
    world = world_with("Syncing", answer)
    assert told(world, days(world)).count("reminder") >= DAYS
    world = world_with("Syncing", answer)
    acknowledge(world, "udts-1" if answer == "Failed" else "RetCode 171")
    assert told(world, days(world)) == []


def test_a_task_out_of_reach_alone_is_not_reminded_of_either() -> None:
    """Its incident is of another aspect, and the rule is the same."""
    world = world_with("Syncing", X, X, X)
    acknowledge(world, "udts-1")
    assert told(world, days(world)) == []


def test_the_end_is_told_and_ends_the_acknowledgement() -> None:
    """The next failure is an incident of its own, with its own reminders."""
    world = world_with("Syncing", "Failed")
    acknowledge(world, "udts-1")
    world.ucloud.set(udts_1="Syncing")
    assert told(world, lambda: [world.run() for _ in range(3)]) == ["recovered"]
    world.ucloud.set(udts_1="Failed")
    assert told(world, days(world))[:2] == ["failed", "reminder"]


def test_what_makes_it_worse_is_told_all_the_same() -> None:
    """And stays acknowledged."""
    world = world_with("Syncing", "Failed")
    acknowledge(world, "udts-1")
    world.ucloud.set(udts_1="FailedUnrecoverable")
    assert told(world, world.run) == ["failed"]
    assert told(world, days(world)) == []


def test_who_when_and_why_stand_in_the_state_and_in_the_history() -> None:
    """Nothing is told on any topic: no program waits for it."""
    world = world_with("Syncing", "Failed")
    already, entries = len(world.sns.accepted), len(world.store.history)
    summary = acknowledge(world, "udts-1")
    said = Acknowledgement(by="ada", at=world.clock(), why="the source is being moved")
    assert world.store.states["-/udts-1"].incidents["health"].acknowledged == said
    assert [(event.kind, event.reason) for event in summary.events] == [
        (KIND, "health incident acknowledged by ada: the source is being moved")
    ]
    assert world.store.history[entries:] == [("-/udts-1", f"{world.clock():%Y-%m-%dT%H:%M:%S.%fZ}#event")]
    assert len(world.sns.accepted) == already
    assert KIND not in set(Kind)


def test_saying_the_same_again_writes_nothing_and_somebody_else_takes_over() -> None:
    """A client that repeats its call does no harm; the latest word counts."""
    world = world_with("Syncing", "Failed")
    acknowledge(world, "udts-1")
    entries = list(world.store.history)
    world.clock.forward()
    assert acknowledge(world, "udts-1").events == ()
    assert world.store.history == entries
    acknowledge(world, "udts-1", by="bob")
    said = world.store.states["-/udts-1"].incidents["health"].acknowledged
    assert said
    assert said.by == "bob"


@pytest.mark.parametrize("name", ["-/udts-1/v2/failed", "-/udts-1", "udts-1", "orders", " orders "])
def test_an_incident_is_called_by_its_id_or_by_its_task(name: str) -> None:
    """Names instead of ids, where they are clear."""
    world = World()
    world.tasks = [replace(world.tasks[0], name="orders")]
    for status in ("Syncing", "Failed"):
        world.ucloud.set(udts_1=status)
        world.run()
    assert len(acknowledge(world, name).events) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({}, ["incident: missing", "open are -/udts-1/v2/failed (udts-1: health)", "by: who"]),
        ({"incident": "udts-9"} | WISH, ["'udts-9' is not open", "open are -/udts-1/v2/failed"]),
        ({"incident": ["udts-1"]} | WISH, ["incident: missing"]),
        ({"incident": "udts-1", "by": " "}, ["by: who looks after it"]),
        ({"incident": "udts-1", "until": "2h"} | WISH, ["until: unknown", "by, command, incident, why"]),
        ({"incident": "udts-1\n<b>" + "x" * 500} | WISH, ["'udts-1 <b>xxx", "...' is not open"]),
    ],
)
def test_a_wrong_command_is_one_line_with_what_is_open(command: dict[str, Any], said: list[str]) -> None:
    """Nothing is touched."""
    world = world_with("Syncing", "Failed")
    before = dict(world.store.states)
    with pytest.raises(CommandError) as caught:
        world.commands().acknowledge(command, world.watch())
    assert [part for part in said if part not in str(caught.value)] == []
    assert "\n" not in str(caught.value)
    assert world.store.states == before


def test_a_task_with_two_open_incidents_is_asked_for_the_id() -> None:
    """Whoever looks after one does not look after the other."""
    world = world_with("Syncing", "Failed", X, X, X)
    with pytest.raises(CommandError, match=r"has several; open are .*failed.*, .*unreachable"):
        acknowledge(world, "udts-1")


def test_an_incident_nobody_was_told_of_cannot_be_acknowledged() -> None:
    """NOTIFY_ON kept it back, so nobody knows of it."""
    world = world_with("Syncing", "Failed", policy=Policy(kinds=frozenset({"finished"})))
    with pytest.raises(CommandError, match="no incident is open"):
        acknowledge(world, "udts-1")


def test_a_run_that_changes_the_task_meanwhile_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is the lock; the acknowledgement is not lost, and neither is what the run wrote."""
    world = world_with("Syncing", "Failed")
    commands, save = world.commands(), world.store.save

    def overtaken(*arguments: Any) -> bool:  # noqa: ANN401 - the port's
        monkeypatch.undo()
        world.ucloud.set(udts_1="FailedUnrecoverable")
        world.run()
        return save(*arguments)

    monkeypatch.setattr(world.store, "save", overtaken)
    commands.acknowledge({"incident": "udts-1", **WISH}, world.watch())
    state = world.store.states["-/udts-1"]
    assert state.status == "FailedUnrecoverable"
    assert state.incidents["health"].acknowledged


def test_a_task_that_changes_all_the_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so in a sentence."""
    world = world_with("Syncing", "Failed")
    monkeypatch.setattr(world.store, "save", lambda *_: False)
    with pytest.raises(StoreError, match="ask again"):
        acknowledge(world, "udts-1")


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("answer", ["Failed", REFUSED], ids=["a failed task", "an outage"])
def test_a_crash_on_the_way_leaves_all_of_it_or_nothing(answer: object, after: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever call it dies at, asking again ends with one acknowledgement and one entry in the history."""
    incident = "udts-1" if answer == "Failed" else "RetCode 171"
    for call in range(1, 10):
        world = world_with("Syncing", answer)
        entries = len(world.store.history)
        world.fuse.calls.clear()
        world.fuse.kill_at, world.fuse.after = call, after
        try:
            acknowledge(world, incident)
        except BaseException as error:  # noqa: BLE001 - KilledError is one on purpose
            assert type(error).__name__ == "KilledError"  # noqa: PT017 - it need not be raised
        world.fuse.kill_at = 0
        acknowledge(world, incident)
        assert len(world.store.history) == entries + 1
        assert told(world, days(world)) == []


def test_the_monitors_outage_and_the_tasks_incidents_are_listed() -> None:
    """Only what somebody was told of, and only of watched tasks."""
    world = world_with("Syncing", "Failed", REFUSED, names=("udts-1", "udts-2"))
    states: dict[str, TaskState] = world.store.states
    outages = world.store.outages.values()
    found = open_incidents(states, outages, world.tasks)
    assert [(each.task.key, each.aspect) for each in found] == [
        ("-/monitor", "reachability"),
        ("-/udts-1", "health"),
    ]
    assert open_incidents(states, (), world.tasks[1:]) == ()
    meant, said = parse_acknowledgement({"incident": "RetCode 171", "by": "ada"}, found, NOON)
    assert (meant.task.key, said.why) == ("-/monitor", "")
