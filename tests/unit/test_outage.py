"""One cause for several tasks is one event."""

from datetime import timedelta

from tests.walk import MINUTE, NOON, X, shared
from tests.world import World
from udts_monitor.assessment import Assessment, assess
from udts_monitor.event import MONITOR
from udts_monitor.notification import Topic
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.outage import Grouping, Outage, ended, group
from udts_monitor.policy import Policy
from udts_monitor.state import TaskState
from udts_monitor.tasks import TaskRef

REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
AT_ONCE = Policy(unreachable_after_checks=1)


def task(number: int) -> TaskRef:
    """The n-th task."""
    return TaskRef(task_id=f"udts-{number}")


def unanswered(
    number: int, answer: NoAnswer = X, *, state: TaskState | None = None, policy: Policy = AT_ONCE
) -> tuple[Assessment, NoAnswer]:
    """A check of the n-th task that had no answer."""
    return assess(state or TaskState.unseen(NOON), task(number), answer, policy, NOON), answer


def kinds(grouping: Grouping) -> tuple[list[str], list[str]]:
    """What is told for tasks, and what for the monitor."""
    own = [str(event.kind) for assessment in grouping.assessments for event in assessment.events]
    return own, [str(event.kind) for _, event in grouping.told]


def test_one_task_out_of_reach_is_its_own_affair() -> None:
    """No company, no outage."""
    grouping = group([unanswered(1)], {}, (), NOON)
    assert kinds(grouping) == (["unreachable"], [])


def test_the_same_cause_for_two_tasks_is_one_event() -> None:
    """It names the tasks, and neither task has an event of its own."""
    grouping = group([unanswered(2), unanswered(1)], {}, (), NOON)
    assert kinds(grouping) == ([], ["unreachable"])
    _, event = grouping.told[0]
    assert (event.task, event.tasks) == (MONITOR, ("-/udts-1", "-/udts-2"))


def test_two_causes_are_two_events_at_two_times() -> None:
    """Each cause needs its own remedy; the history keeps both because their times differ."""
    other = NoAnswer(cause="HTTP 503", reason="UCloud answered HTTP 503")
    pairs = [unanswered(1), unanswered(2), unanswered(3, other), unanswered(4, other)]
    grouping = group(pairs, {}, (), NOON)
    assert kinds(grouping) == ([], ["unreachable", "unreachable"])
    assert len({event.time for _, event in grouping.told}) == 2
    assert len({event.id for _, event in grouping.told}) == 2


def test_a_configuration_cause_concerns_the_monitor_even_for_one_task() -> None:
    """Wrong keys are not a property of a task."""
    assert kinds(group([unanswered(1, REFUSED)], {}, (), NOON)) == ([], ["unreachable"])


def test_a_second_task_with_the_cause_of_one_told_alone_makes_it_an_outage() -> None:
    """The first was told alone and will be told reachable alone; the second joins the outage."""
    first = unanswered(1)[0].after
    grouping = group([unanswered(2)], {"-/udts-1": first}, (), NOON)
    assert kinds(grouping) == ([], ["unreachable"])
    gap = grouping.assessments[0].after.unanswered
    assert gap is not None
    assert (gap.told_alone, gap.told_with) == (False, ("timeout",))


def joined(later: timedelta) -> list[str]:
    """What is told when a third task gets the trouble of two, so much later."""
    world = World(["udts-1", "udts-2", "udts-3"], topics=(Topic.EVENTS,), policy=AT_ONCE)
    world.ucloud.set(udts_1=X, udts_2=X)
    world.run(forward=later)
    world.ucloud.set(udts_3=X)
    world.run()
    world.run()
    world.ucloud.answers.clear()
    world.run()
    world.run()
    return [f"{found.task_key} {found.kind}" for found in world.sns.accepted]


def test_a_task_that_soon_has_the_same_cause_belongs_to_what_was_told() -> None:
    """A run may not get through all the tasks that have it."""
    assert joined(timedelta(hours=1)) == ["-/monitor unreachable", "-/monitor reachable"]


def test_a_task_that_has_the_same_cause_much_later_is_told() -> None:
    """Somebody's forgotten task may not keep everybody else's trouble secret; the end is told once."""
    told = joined(timedelta(hours=1, seconds=1))
    assert told == ["-/monitor unreachable"] * 2 + ["-/monitor reachable"]


def test_what_is_told_of_a_task_that_joins_later_names_it_and_not_the_others() -> None:
    """The others were told."""
    world = World(["udts-1", "udts-2"], topics=(Topic.EVENTS,))
    world.ucloud.set(udts_1=REFUSED)
    world.run(forward=timedelta(days=5))
    world.ucloud.set(udts_2=REFUSED)
    ((event,),) = [world.run().events]
    assert (event.task, event.tasks) == (MONITOR, ("-/udts-2",))


def test_below_the_threshold_nothing_is_told_or_grouped() -> None:
    """Ten tasks with one missing answer each are no outage."""
    grouping = group([unanswered(number, policy=Policy()) for number in range(10)], {}, (), NOON)
    assert kinds(grouping) == ([], [])
    assert all(assessment.changed for assessment in grouping.assessments)


def test_a_task_told_as_part_of_an_outage_comes_back_silently() -> None:
    """The end is told for the monitor, once for all."""
    member = group([unanswered(1), unanswered(2)], {}, (), NOON).assessments[0].after
    back = assess(member, task(1), Observation(status="Syncing"), AT_ONCE, NOON + MINUTE)
    assert back.events == ()
    assert back.after.unanswered is None


def test_an_outage_is_over_when_no_watched_task_belongs_to_it() -> None:
    """One member still out of reach holds it open; a task no longer watched does not."""
    outage = Outage(cause="timeout", id="-/monitor/timeout/x/unreachable", since=NOON, reason="late")
    member = shared(unanswered(1)[0].after, "timeout")
    healthy = TaskState.unseen(NOON)
    assert ended([outage], [member, healthy], NOON) == ()
    ((over, event),) = ended([outage], [healthy], NOON + timedelta(hours=1))
    assert over is outage
    assert (event.kind, event.incident_id, event.since) == ("reachable", outage.id, NOON)
    assert event.id == "-/monitor/timeout/x/reachable"


def test_a_task_joins_a_second_outage_when_its_cause_becomes_configuration() -> None:
    """Timeouts first, then a refused key: both outages last until it answers."""
    member = group([unanswered(1), unanswered(2)], {}, (), NOON).assessments[0].after
    grouping = group([unanswered(1, REFUSED, state=member)], {"-/udts-1": member}, (), NOON)
    gap = grouping.assessments[0].after.unanswered
    assert gap is not None
    assert gap.told_with == ("timeout", "RetCode 171")
    assert kinds(grouping) == ([], ["unreachable"])
