"""One cause for several tasks is one incident of the monitor as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.walk import MINUTE, NOON, X, follow
from udts_monitor.decision import outage
from udts_monitor.decision.assess import assess
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import Outage, Unreached
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import TaskState
from udts_monitor.task import MONITOR, TaskRef

REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
BUSY = NoAnswer(cause="HTTP 503", reason="UCloud answered HTTP 503")
WELL = Observation(status="Syncing")


@dataclass
class Fleet:
    """Several tasks, checked together."""

    policy: Policy = field(default_factory=lambda: Policy(unreachable_after_checks=2))
    now: datetime = NOON
    states: dict[str, TaskState] = field(default_factory=dict)
    outages: dict[str, Outage] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def check(self, *answers: NoAnswer | Observation, after: timedelta = MINUTE) -> list[str]:
        """All tasks once, the first by its first answer; whom each event is about and what it does."""
        seen = {f"-/udts-{place}": answer for place, answer in enumerate(answers, start=1)}
        before = {key: self.states.get(key) or TaskState.unseen(self.now) for key in seen}
        tasks = {key: TaskRef(task_id=key.removeprefix("-/")) for key in seen}
        unreached = [
            Unreached(task=tasks[key], before=before[key], answer=answer, policy=self.policy)
            for key, answer in seen.items()
            if isinstance(answer, NoAnswer)
        ]
        decision = outage.decide(unreached, before, self.outages.values(), self.policy, self.now)
        already = len(self.events)
        self.events += follow(decision.changes, self.outages)
        for key, answer in seen.items():
            missed = decision.missed.get(key)
            found = assess(before[key], tasks[key], answer, self.policy, self.now, missed=missed)
            self.states[key] = found.after
            self.events += found.events
        watched = [self.states[key] for key in seen]
        self.events += follow(outage.ended(self.outages.values(), watched, self.now), self.outages)
        self.now += after
        return [f"{event.task.task_id} {event.kind} {event.action}" for event in self.events[already:]]


def test_one_task_out_of_reach_is_its_own_affair() -> None:
    """No company, no outage."""
    fleet = Fleet()
    fleet.check(X, WELL)
    assert fleet.check(X, WELL) == ["udts-1 unreachable open"]


def test_the_same_cause_for_several_tasks_is_one_event_that_names_them() -> None:
    """Neither task has an event of its own."""
    fleet = Fleet()
    fleet.check(X, X)
    assert fleet.check(X, X) == ["monitor unreachable open"]
    assert (fleet.events[0].task, fleet.events[0].tasks) == (MONITOR, ("-/udts-1", "-/udts-2"))


def test_two_causes_are_two_events_at_two_times() -> None:
    """Each cause needs its own remedy; the history keeps both because their times differ."""
    fleet = Fleet()
    fleet.check(X, X, BUSY, BUSY)
    assert fleet.check(X, X, BUSY, BUSY) == ["monitor unreachable open"] * 2
    assert len({event.time for event in fleet.events}) == len({event.id for event in fleet.events}) == 2


def test_a_task_that_moves_to_another_cause_is_no_company_whatever_the_order() -> None:
    """Of two tasks that were each told of their own cause in one run none is out of reach for the other's."""
    for moves_first in (True, False):
        fleet = Fleet(policy=Policy(unreachable_after_checks=1))
        fleet.check(*((X, WELL) if moves_first else (WELL, X)))
        answers = (BUSY, X) if moves_first else (X, BUSY)
        first, second = ("update", "open") if moves_first else ("open", "update")
        assert fleet.check(*answers) == [f"udts-1 unreachable {first}", f"udts-2 unreachable {second}"]


def test_who_joined_an_outage_that_ended_without_it_is_told_anew() -> None:
    """It was watched neither when it would have been named nor at the end."""
    fleet = Fleet()
    fleet.check(X, X, WELL)
    fleet.check(X, X, X)
    assert fleet.check(X, X, X) == []
    assert fleet.check(WELL, WELL) == ["monitor reachable close"]
    fleet.check(WELL, WELL, X)
    assert fleet.check(WELL, WELL, X) == ["udts-3 unreachable open"]


def test_a_configuration_cause_concerns_the_monitor_even_for_one_task() -> None:
    """Wrong keys are not a property of a task, and waiting does not help."""
    assert Fleet().check(REFUSED, WELL) == ["monitor unreachable open"]


def test_below_the_threshold_nothing_is_told_or_grouped() -> None:
    """Ten tasks with one missing answer each are no outage."""
    fleet = Fleet()
    assert fleet.check(*[X] * 10) == []
    assert fleet.outages == {}


def test_a_task_told_as_part_of_an_outage_comes_back_silently_and_the_last_one_ends_it() -> None:
    """The end is told for the monitor, once for all, under the id of the beginning."""
    fleet = Fleet()
    fleet.check(X, X)
    fleet.check(X, X)
    assert fleet.check(WELL, X) == []
    assert fleet.check(WELL, WELL) == ["monitor reachable close"]
    assert fleet.events[0].id == fleet.events[1].incident_id
    assert fleet.outages == {}


def test_a_task_told_alone_holds_the_outage_of_its_cause_open() -> None:
    """The monitor does not see its tasks again while the first is away, whoever joined and came back."""
    fleet = Fleet()
    fleet.check(X, WELL)
    fleet.check(X, X)
    assert fleet.check(X, X) == ["monitor unreachable open"]
    assert fleet.events[-1].tasks == ("-/udts-1", "-/udts-2")
    assert fleet.check(X, WELL) == []
    assert fleet.check(WELL, WELL) == ["udts-1 reachable close", "monitor reachable close"]


def test_who_joins_an_outage_is_named_within_the_hour_and_not_the_others() -> None:
    """Remembered until an hour after it was told last: a run may not get through all tasks at once."""
    fleet = Fleet()
    fleet.check(X, X, WELL, WELL)
    fleet.check(X, X, WELL, WELL, after=timedelta(minutes=10))
    fleet.check(X, X, X, WELL)
    assert fleet.check(X, X, X, WELL, after=timedelta(minutes=47)) == []
    fleet.events.clear()
    for _ in range(3):
        fleet.check(X, X, X, WELL)
    (reminder,) = fleet.events
    assert (reminder.kind, reminder.tasks) == ("reminder", ("-/udts-1", "-/udts-2", "-/udts-3"))
    fleet.check(X, X, X, X)
    fleet.check(X, X, X, X, after=timedelta(minutes=58))
    assert fleet.check(X, X, X, X) == ["monitor unreachable update"]
    assert fleet.events[-1].tasks == ("-/udts-4",)
    assert fleet.check(X, X, X, X, after=timedelta(hours=2)) == []


def test_a_joiner_that_answers_before_it_is_named_is_not_named() -> None:
    """Nothing is said of a task that its state denies."""
    fleet = Fleet()
    fleet.check(X, X, WELL)
    fleet.check(X, X, X)
    fleet.check(X, X, X, after=timedelta(minutes=30))
    fleet.check(X, X, WELL, after=timedelta(minutes=40))
    fleet.check(X, X, WELL)
    assert fleet.events[-1].tasks == ("-/udts-1", "-/udts-2")


def test_a_cause_that_changes_is_told_at_its_threshold_and_the_old_outage_ends() -> None:
    """A dead outage is not held open, and the real cause is not kept secret."""
    fleet = Fleet()
    fleet.check(X, X)
    fleet.check(X, X)
    assert fleet.check(BUSY, BUSY) == []
    assert fleet.check(BUSY, BUSY) == ["monitor unreachable open", "monitor reachable close"]
    assert list(fleet.outages) == ["HTTP 503"]


def test_a_cause_that_goes_to_and_fro_ends_nothing_and_tells_nothing_new() -> None:
    """It was told that the tasks are out of reach, and they are."""
    fleet = Fleet()
    fleet.check(X, X)
    fleet.check(X, X)
    assert [fleet.check(*[answer] * 2) for answer in [BUSY, X, BUSY, X]] == [[]] * 4


def test_a_cause_that_goes_to_and_fro_is_told_at_the_threshold_all_the_same() -> None:
    """Checks without an answer in a row count, whatever each had for a cause."""
    fleet = Fleet()
    fleet.check(X, WELL)
    assert fleet.check(BUSY, WELL) == ["udts-1 unreachable open"]


def test_another_cause_of_a_task_told_alone_updates_its_incident() -> None:
    """One incident for one task out of reach; its end is told once."""
    fleet = Fleet()
    fleet.check(X)
    fleet.check(X)
    fleet.check(BUSY)
    assert fleet.check(BUSY) == ["udts-1 unreachable update"]
    assert fleet.check(WELL) == ["udts-1 reachable close"]


def test_an_outage_that_lasts_is_reminded_of_critically_seven_times() -> None:
    """After an hour nobody has watched for an hour; then after a day, then daily."""
    fleet = Fleet()
    for _ in range(24 * 10):
        fleet.check(REFUSED, REFUSED, after=timedelta(hours=1))
    reminders = [event for event in fleet.events if event.kind == "reminder"]
    assert [(event.time - NOON) // timedelta(hours=1) for event in reminders] == [1, *range(24, 145, 24)]
    assert {str(event.severity) for event in reminders} == {"critical"}
    assert [event.last_reminder for event in reminders] == [False] * 6 + [True]
    assert {event.incident_id for event in reminders} == {fleet.events[0].id}


def test_a_task_whose_outage_was_closed_without_it_is_told_anew() -> None:
    """It was not watched for a while: silence would now mean health."""
    fleet = Fleet()
    fleet.check(REFUSED)
    fleet.outages.clear()
    assert fleet.check(REFUSED) == ["monitor unreachable open"]


def test_an_outage_that_notify_on_keeps_back_is_in_the_history_and_has_no_course() -> None:
    """Neither names, reminders nor an end of what nobody was told."""
    fleet = Fleet(policy=Policy(kinds=frozenset({"reminder", "reachable"})))
    assert fleet.check(REFUSED) == ["monitor unreachable none"]
    assert fleet.check(REFUSED, after=timedelta(hours=2)) == []
    assert fleet.check(REFUSED) == []
    assert fleet.check(WELL) == []
    assert fleet.outages == {}


def test_a_removed_task_holds_no_outage_open() -> None:
    """Only the watched ones count."""
    fleet = Fleet()
    fleet.check(X, X)
    fleet.check(X, X)
    states: Mapping[str, TaskState] = {"-/udts-3": TaskState.unseen(NOON)}
    ((change),) = outage.ended(fleet.outages.values(), states.values(), fleet.now)
    assert change.event
    assert (change.event.kind, change.after) == ("reachable", None)
