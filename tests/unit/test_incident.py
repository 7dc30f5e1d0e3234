"""The model of incidents, by an aspect that exists only here: one module's worth of rules is all it takes."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.walk import NOON, Answer, Walk, X
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.event import Action, Event, Severity
from udts_monitor.decision.incident import without_incidents
from udts_monitor.decision.observation import Observation, Position
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, Effect, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState

NAME = "tide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """How high the water stood."""

    level: int = 0


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Above one it is high, above two a flood, and below it is over."""
    memory: Memory = before.memory.get(NAME) or Memory()
    if at.seen is None or at.seen.position is None:
        return after, ()
    level = int(at.seen.position.binlog_pos or 0)
    after = after.remembering(NAME, replace(memory, level=level))
    if level == memory.level:
        return after, ()
    if level > 2:
        worse = EventDraft(kind="flood", effect=Effect.BEGINS, aspect=NAME, severity=Severity.CRITICAL)
        return after, (worse,)
    if level > 1:
        return after, (EventDraft(kind="high_water", effect=Effect.BEGINS, aspect=NAME),)
    return after, (EventDraft(kind="low_water", effect=Effect.ENDS, aspect=NAME),)


def remind(state: TaskState, at: CheckContext) -> EventDraft | None:
    """Always."""
    del state, at
    return EventDraft(kind="reminder", effect=Effect.WORSENS, aspect=NAME)


TIDE = Aspect(
    name=NAME,
    judge=judge,
    kinds={"high_water": Severity.WARNING, "flood": Severity.WARNING, "low_water": Severity.INFO},
    memory=Memory,
    reminders=(timedelta(hours=1), timedelta(hours=2)),
    critical_only=True,
    remind=remind,
)


def water(level: int, status: str = "Syncing") -> Observation:
    """An answer in which the water stands so high."""
    return Observation(status=status, position=Position(binlog_pos=level, binlog_gtid="tide"))


def tide(*answers: Answer, kinds: frozenset[str] | None = None, hours: float = 0) -> list[Event]:
    """What is told of a task with such an aspect, one check an hour apart or at once."""
    # Water that stands still for an hour is no standstill of the task.
    policy = Policy(kinds=kinds, stalled_after_minutes=100_000)
    walk = Walk(aspects=(*ASPECTS, TIDE), policy=policy)
    for answer in answers:
        walk.check(answer, after=timedelta(hours=hours))
    return walk.events


def told(events: list[Event]) -> list[str]:
    """Kinds and what they do."""
    return [f"{event.kind} {event.action}" for event in events]


def test_an_aspect_says_what_happened_and_the_model_what_that_does() -> None:
    """It opens, gets worse and ends under the id of its first event."""
    events = tide(water(2), water(3), water(1))
    assert told(events) == ["high_water open", "flood update", "low_water close"]
    assert {event.incident_id for event in events} == {events[0].id}
    assert [str(event.severity) for event in events] == ["warning", "critical", "info"]
    assert {event.aspect for event in events} == {NAME}


def test_an_end_without_a_beginning_is_not_told() -> None:
    """Low water all along is no news."""
    assert tide(water(1), water(0)) == []


def test_an_incident_begins_with_the_first_event_that_is_let_through() -> None:
    """The history keeps the others, which belong to no incident that anybody was told of."""
    events = tide(water(2), water(3), water(1), kinds=frozenset({"flood", "low_water"}))
    assert told(events) == ["high_water none", "flood open", "low_water close"]
    assert events[1].incident_id == events[2].incident_id == events[1].id


def test_of_an_incident_nobody_was_told_of_no_end_is_told() -> None:
    """Nor a reminder."""
    assert told(tide(water(3), water(3), water(1), kinds=frozenset({"low_water"}), hours=1)) == ["flood none"]


def test_reminders_count_from_when_it_became_critical_and_end_with_it() -> None:
    """Two were asked for: the third hour is silent."""
    events = tide(water(2), water(3), *[water(3)] * 4, water(1), hours=1)
    assert told(events) == [
        "high_water open",
        "flood update",
        "reminder update",
        "reminder update",
        "low_water close",
    ]
    assert [event.reminder for event in events if event.kind == "reminder"] == [1, 2]
    assert [event.last_reminder for event in events if event.kind == "reminder"] == [False, True]


def test_reminders_come_without_an_answer_too() -> None:
    """Time goes on while nobody can see the task."""
    assert told(tide(water(3), X, hours=1))[1] == "reminder update"


def test_a_finish_ends_every_incident_and_names_them() -> None:
    """One event for all: programs close what it closes."""
    events = tide(water(2, "Failed"), water(2, "Done"))
    assert told(events) == ["failed open", "high_water open", "finished close"]
    assert set(events[-1].closes) == {events[0].id, events[1].id}
    assert events[-1].incident_id == events[0].id


@pytest.mark.parametrize("answers", [[water(3)], [X] * 3, ["Failed"]], ids=["tide", "reach", "health"])
def test_a_task_that_is_not_watched_any_more_ends_its_incidents_silently(answers: list[Answer]) -> None:
    """Nothing of them is left, and the version rises so that nobody saves over it."""
    walk = Walk(aspects=(*ASPECTS, TIDE)).checks(answers)
    left = without_incidents(walk.state)
    assert (left.incidents, left.memory, left.unanswered) == ({}, {}, None)
    assert left.version == walk.state.version + 1
    assert without_incidents(left) is left


def test_a_task_that_is_watched_again_and_still_failed_is_told_anew() -> None:
    """Its incident was ended silently: silence would now mean health."""
    walk = Walk().checks(["Failed"])
    walk.state = without_incidents(walk.state)
    walk.check("Failed")
    assert told(walk.events) == ["failed open", "failed open"]
    assert walk.events[0].id != walk.events[1].id


def test_an_incident_that_becomes_critical_by_a_deadline_is_not_reminded_of() -> None:
    """A task that was stopped for a cut-over must not ring for a week."""
    walk = Walk()
    for _ in range(24 * 20):
        walk.check("Stopped", after=timedelta(hours=1))
    assert walk.told == ["stopped", *["resume_deadline"] * 3]
    assert walk.events[-1].severity is Severity.CRITICAL
    assert walk.events[0].time > NOON
    assert {event.action for event in walk.events[1:]} == {Action.UPDATE}


def test_two_aspects_that_are_reminded_of_in_one_check_have_two_ids() -> None:
    """An id names one event."""
    walk = Walk().checks(["Failed"])
    walk.checks([X] * 3)
    walk.now += timedelta(hours=5)
    walk.check(X)
    reminders = [event for event in walk.events if event.kind == "reminder"]
    assert {event.aspect for event in reminders} == {"health", "reachability"}
    assert len({event.id for event in reminders}) == len({event.time for event in reminders}) == 2
