"""The situations of the gallery. Each walks real checks through the real core to the event it is about."""

from dataclasses import replace
from datetime import timedelta

from tests.messages.course import MINUTE, MORE_SCENES
from tests.messages.scene import (
    DAY,
    HOUR,
    ODD,
    PURGED,
    STACK,
    TIMEOUT,
    TOO_MANY,
    Scene,
    in_sync,
    last,
    loading,
    on_the_way,
    outage_event,
    refused,
    syncing,
)
from tests.walk import Walk, failed
from tests.world import World
from udts_monitor.decision import outage
from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.policy import Policy
from udts_monitor.task import TaskRef

_DOWN = Observation(status="Failed", failed_message=TOO_MANY)
_STOPPED = Observation(status="Stopped")


def _failed(message: str, *, status: str = "Failed") -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(Observation(status=status, failed_message=message))
    return last(walk, Kind.FAILED)


def _gone_for_good() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(Observation(status="Failed", failed_message=ODD), after=50 * MINUTE)
    walk.check(Observation(status="FailedUnrecoverable", failed_message=ODD))
    return last(walk, Kind.FAILED)


def _retries_used_up() -> tuple[Event, ...]:
    walk = in_sync()
    walk.check(failed(2, 3, TOO_MANY), after=5 * MINUTE)
    walk.check("RetryPending", after=5 * MINUTE)
    walk.check(failed(3, 3, TOO_MANY))
    return last(walk, Kind.FAILED)


def _failed_again() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(_DOWN, after=40 * MINUTE)
    walk.checks(["Starting", loading(62)])
    walk.check(Observation(status="Failed", failed_message="Error 1205: Lock wait timeout exceeded"))
    return last(walk, Kind.FAILED)


def _finished() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.now += HOUR
    walk.check(loading(100, status="Done"))
    return last(walk, Kind.FINISHED)


def _finished_after_failure() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(_DOWN, after=40 * MINUTE)
    walk.checks(["Starting"])
    walk.check(loading(62), after=timedelta(minutes=2))
    walk.check(loading(100, status="Done"))
    return last(walk, Kind.FINISHED)


def _finished_full_journey() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(failed(0, 3, TOO_MANY))
    walk.check("RetryPending", after=10 * MINUTE)
    for percent in (62, 64, 66, 68):
        walk.check(replace(loading(percent), retries_used=1, retries_allowed=3))
    for _ in range(9):
        walk.check(TIMEOUT)
    for percent in (80, 84, 88):
        walk.check(replace(loading(percent), retries_used=1, retries_allowed=3), after=40 * MINUTE)
    walk.check("Stopped", after=8 * MINUTE)
    walk.checks(["Starting", loading(90)])
    walk.check(replace(loading(100, status="Done"), retries_used=1, retries_allowed=3))
    return last(walk, Kind.FINISHED)


def _recovered() -> tuple[Event, ...]:
    walk = in_sync()
    walk.check(_DOWN, after=38 * MINUTE)
    walk.checks(["Starting", syncing(91_772_310), syncing(91_780_544), syncing(91_790_002)])
    return last(walk, Kind.RECOVERED)


def _deadline(answer: Observation, share: float) -> tuple[Event, ...]:
    walk = in_sync()
    walk.policy = Policy(source_log_retention_hours=168)
    walk.check(answer, after=share * walk.policy.resume_within_days * DAY + MINUTE)
    # Reminders of a failure are due by then too; they are told after the deadline.
    walk.check(answer)
    return tuple(event for event in walk.events if event.kind is Kind.RESUME_DEADLINE)


def _retrying(used: int | None, allowed: int | None) -> tuple[Event, ...]:
    walk = in_sync()
    walk.check(
        Observation(
            status="RetryPending", failed_message=TOO_MANY, retries_used=used, retries_allowed=allowed
        )
    )
    return last(walk, Kind.RETRYING)


def _reminder(after: timedelta) -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(_DOWN, after=after)
    walk.check(_DOWN)
    return last(walk, Kind.REMINDER)


def _unreachable_never_seen() -> tuple[Event, ...]:
    missing = NoAnswer(
        cause="RetCode 7001",
        reason="UCloud answered RetCode 7001 (task does not exist)",
        quote="task does not exist",
    )
    return last(Walk().checks([missing] * 3), Kind.UNREACHABLE)


def _reachable_many() -> tuple[Event, ...]:
    began = outage_event(TIMEOUT, 3)
    open_one = Outage(
        cause=began.cause, id=began.id, since=began.since, told_at=began.time, reason=began.reason
    )
    ((change),) = outage.ended([open_one], [], began.since + 47 * MINUTE)
    assert change.event
    return (change.event,)


def _test() -> tuple[Event, ...]:
    world = World(names=("udts-1", "udts-2"))
    world.run()
    return world.commands().test(world.watch()).events


def _storm() -> tuple[Event, ...]:
    """Fourteen events of one minute: a database server that went away, and what else happened then."""
    events: list[Event] = []
    for place in range(9):
        walk = on_the_way(TaskRef(task_id=f"udts-{place:03}", project_id="org-hiny12", name=f"shop-{place}"))
        events += walk.check(_DOWN).events
    answers: tuple[str, ...] = ("Stopped", "Stopped", "RetryPending", "Rebalancing", "Done")
    for place, answer in enumerate(answers, start=9):
        walk = on_the_way(TaskRef(task_id=f"udts-{place:03}", project_id="org-hiny12", name=f"crm-{place}"))
        walk.now -= 20 * MINUTE
        walk.check(answer, after=20 * MINUTE)
        walk.check(answer)
        events += walk.events
    return tuple(events)


_SCENES: tuple[Scene, ...] = (
    Scene(
        name="failed",
        meaning="The task failed and can be restarted. The reason is not a known one, so nothing is advised.",
        tell=lambda: _failed(ODD),
    ),
    Scene(
        name="failed-known-reason",
        title="failed, for a known reason",
        meaning="UCloud's FAQ knows the reason: the message says what to change; a restart is enough then.",
        tell=lambda: _failed(TOO_MANY),
    ),
    Scene(
        name="failed-full-load-needed",
        title="failed, and a restart does not help",
        meaning="The reason is known, and resuming cannot help: a new full load is needed.",
        tell=lambda: last(
            in_sync().checks([Observation(status="Failed", failed_message=PURGED)]), Kind.FAILED
        ),
    ),
    Scene(
        name="failed-unrecoverable",
        title="failed for good",
        meaning="A failure became unrecoverable. It is told again, because the way out of it has changed.",
        tell=_gone_for_good,
    ),
    Scene(
        name="failed-stopped-unrecoverable",
        title="stopped for good",
        meaning="The task was stopped and UCloud can no longer resume it: it counts as failed.",
        tell=lambda: last(in_sync().checks(["StoppedUnrecoverable"]), Kind.FAILED),
    ),
    Scene(
        name="failed-retries-used-up",
        title="failed, retries used up",
        meaning="The last automatic retry failed: UCloud will not try again by itself.",
        tell=_retries_used_up,
    ),
    Scene(
        name="failed-again",
        title="failed again after a restart",
        meaning="A person restarted the task and it failed again, within the same incident.",
        tell=_failed_again,
    ),
    Scene(
        name="failed-no-reason",
        title="failed, no reason given",
        meaning="UCloud gave no reason.",
        tell=lambda: _failed(""),
    ),
    Scene(
        name="failed-first-seen",
        title="failed when first seen",
        meaning="The task had already failed when the monitor saw it for the first time.",
        tell=lambda: last(Walk().checks([failed(0, 3, TOO_MANY)]), Kind.FAILED),
    ),
    Scene(
        name="failed-long-reason",
        title="failed, a reason of several lines",
        meaning="The first line shows the beginning; the reason follows in its own lines.",
        tell=lambda: _failed(STACK),
    ),
    Scene(name="finished", meaning="The task reached Done or Success.", tell=_finished),
    Scene(
        name="finished-after-failure",
        title="finished after a failure",
        meaning="The finish ends an open incident; no recovery is told beside it.",
        tell=_finished_after_failure,
    ),
    Scene(
        name="finished-full-journey",
        title="finished after a long way",
        meaning="Failures, retries, stops and times without an answer on the way are added up.",
        tell=_finished_full_journey,
    ),
    Scene(
        name="finished-first-seen",
        title="finished when first seen",
        meaning="The task was already finished when the monitor saw it for the first time.",
        tell=lambda: last(Walk().checks([loading(100, status="Done")]), Kind.FINISHED),
    ),
    Scene(
        name="recovered",
        meaning="After a failure the task was healthy in several checks in a row; the incident is over.",
        tell=_recovered,
    ),
    Scene(
        name="stopped",
        meaning="Somebody stopped the task, or it is unpaid, and it stays stopped.",
        tell=lambda: last(in_sync().checks(["Stopped"] * 21), Kind.STOPPED),
    ),
    *(
        Scene(
            name=f"resume_deadline-{word}-{mark * 100:.0f}",
            title=f"resume_deadline, {word}, {mark:.0%}",
            meaning=f"{mark:.0%} of the time in which UCloud can resume the {word} task have passed.",
            tell=lambda answer=answer, mark=mark: _deadline(answer, mark),  # type: ignore[misc]
        )
        for word, answer in (("stopped", _STOPPED), ("failed", _DOWN))
        for mark in (0.5, 0.8, 0.95)
    ),
    Scene(
        name="retrying",
        meaning="The task failed and UCloud tries again by itself.",
        tell=lambda: _retrying(1, 3),
    ),
    Scene(
        name="retrying-last",
        title="retrying for the last time",
        meaning="The next failure is final.",
        tell=lambda: _retrying(2, 3),
    ),
    Scene(
        name="retrying-no-counts",
        title="retrying, no counts given",
        meaning="UCloud does not say how many retries there are.",
        tell=lambda: last(Walk().checks(["Syncing", "RetryPending"]), Kind.RETRYING),
    ),
    Scene(
        name="reminder",
        meaning="A failure is still open after 4 hours, a day, and then daily, at most 7 times.",
        tell=lambda: _reminder(4 * HOUR),
    ),
    Scene(
        name="reminder-last",
        title="reminder, the last one",
        meaning="The seventh and last reminder, after six days.",
        tell=lambda: _reminder(6 * DAY),
    ),
    Scene(
        name="unreachable",
        meaning="One task has not answered several checks in a row. Its status is as it was last seen.",
        tell=lambda: last(in_sync().checks([TIMEOUT] * 3), Kind.UNREACHABLE),
    ),
    Scene(
        name="unreachable-never-seen",
        title="unreachable, never seen",
        meaning="A task has not answered since it is watched: perhaps its id is wrong.",
        tell=_unreachable_never_seen,
    ),
    Scene(
        name="unreachable-many",
        title="unreachable, many tasks",
        meaning="One cause keeps several tasks from answering: one message for all of them.",
        tell=lambda: (outage_event(TIMEOUT, 3),),
    ),
    Scene(
        name="unreachable-configuration",
        title="unreachable, wrong configuration",
        meaning="The configuration is wrong, so waiting does not help: told at the first check.",
        tell=lambda: (outage_event(refused(171, "Signature VerifyAC Error"), 1),),
    ),
    Scene(
        name="unreachable-configuration-one-task",
        title="unreachable, wrong configuration of one task",
        meaning="The same, where it shows at one task only.",
        tell=lambda: last(
            in_sync().checks([refused(292, "Project [org-hiny12] not found")]), Kind.UNREACHABLE
        ),
    ),
    Scene(
        name="reachable",
        meaning="The task answers again.",
        tell=lambda: last(in_sync().checks([*[TIMEOUT] * 9, syncing(91_790_002)]), Kind.REACHABLE),
    ),
    Scene(
        name="reachable-many",
        title="reachable, many tasks",
        meaning="All tasks of an outage have answered, or are no longer watched.",
        tell=_reachable_many,
    ),
    Scene(
        name="unknown_status",
        meaning="UCloud used a status word that the monitor does not know; told once per word and task.",
        tell=lambda: last(in_sync().checks(["Rebalancing"]), Kind.UNKNOWN_STATUS),
    ),
    Scene(
        name="test", meaning="A person sent `events/test-notification.json` to prove the wiring.", tell=_test
    ),
    Scene(
        name="digest",
        meaning="More events than DIGEST_ABOVE in one run become one message for people, the worst first. "
        "The events topic gets every event as always.",
        tell=_storm,
    ),
)
_ORDER = {str(kind): place for place, kind in enumerate(Kind)}
SCENES = tuple(
    sorted((*_SCENES, *MORE_SCENES), key=lambda scene: _ORDER.get(scene.name.partition("-")[0], len(_ORDER)))
)
