"""More situations of the gallery: the course of a task, the monitor itself, and what is told late."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tests.messages.scene import (
    DAY,
    HOUR,
    ORDERS,
    PURGED,
    SETTINGS,
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
from tests.walk import NOON, Walk
from udts_monitor.decision import outage
from udts_monitor.decision.assess import gone
from udts_monitor.decision.event import Action, Event, Kind, Severity
from udts_monitor.decision.observation import Lag, NoAnswer, Observation
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.roll_call import Coming, OpenIncident, RollCall
from udts_monitor.decision.state import Listed
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import PEOPLE, Notification, Topic
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.monitor_events import monitor_event, silence_event
from udts_monitor.run.render import notifications, on_time, silence_end
from udts_monitor.task import TaskRef

MINUTE = timedelta(minutes=1)


def behind(
    walk: Walk, delay: int, remaining: int, *, status: str = "Syncing", after: timedelta = MINUTE
) -> None:
    """The next check of an incremental task finds it so far behind, by metrics of that minute."""
    lag = Lag(measured_at=walk.now, delay_seconds=delay, remaining_bytes=remaining, read_rows_per_second=900)
    place = 91_772_310 + int((walk.now - NOON).total_seconds())
    walk.check(replace(syncing(place, status), lag=lag), after=after)


def _failed_incremental() -> tuple[Event, ...]:
    walk = in_sync()
    walk.policy = Policy(source_log_retention_hours=72)
    walk.check(Observation(status="Failed", failed_message=TOO_MANY, retries_used=0, retries_allowed=0))
    return last(walk, Kind.FAILED)


def _failed_too_late() -> tuple[Event, ...]:
    walk = in_sync()
    walk.policy = Policy(source_log_retention_hours=24)
    walk.check(Observation(status="Failed", failed_message=TOO_MANY), after=2 * DAY)
    walk.check(Observation(status="Failed", failed_message=TOO_MANY))
    return last(walk, Kind.REMINDER)


def _retrying_in_vain() -> tuple[Event, ...]:
    walk = in_sync()
    walk.check(Observation(status="RetryPending", failed_message=PURGED, retries_used=0, retries_allowed=3))
    return last(walk, Kind.RETRYING)


def _hangs() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(Observation(status="Failed", failed_message=TOO_MANY))
    walk.check("Starting", after=4 * HOUR)
    walk.check("Checking")
    return last(walk, Kind.REMINDER)


def _stopped_in_load() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check("Stopped", after=20 * MINUTE)
    walk.check("Stopped")
    return last(walk, Kind.STOPPED)


def _stopped_when_first_seen() -> tuple[Event, ...]:
    walk = Walk(task=ORDERS)
    walk.check("Stopped", after=20 * MINUTE)
    walk.check("Stopped")
    return last(walk, Kind.STOPPED)


def _stopped_too_late() -> tuple[Event, ...]:
    walk = in_sync()
    walk.check("Stopped", after=20 * MINUTE)
    walk.check("Stopped", after=8 * DAY)
    walk.check("Stopped")
    return last(walk, Kind.RESUME_DEADLINE)


def _stalled_load() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(loading(62, minutes=96), after=HOUR)
    walk.check(loading(62, minutes=96))
    return last(walk, Kind.STALLED)


def _stalled_sync() -> tuple[Event, ...]:
    walk = in_sync()
    lag = Lag(measured_at=NOON, delay_seconds=3_600, remaining_bytes=812_000_000, read_rows_per_second=900)
    for _ in range(2):
        walk.check(replace(syncing(91_772_310), lag=replace(lag, measured_at=walk.now)), after=HOUR)
    return tuple(event for event in walk.events if event.kind == Kind.STALLED)


def _progressing() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(loading(62, minutes=96), after=HOUR)
    walk.check(loading(62, minutes=96), after=12 * MINUTE)
    walk.check(loading(63, minutes=170))
    return last(walk, Kind.PROGRESSING)


def _level() -> Walk:
    walk = Walk(task=ORDERS, runs_each_minute=True)
    behind(walk, 1, 0, status="Synced", after=HOUR)
    return walk


def _delayed() -> tuple[Event, ...]:
    walk = _level()
    for _ in range(3):
        behind(walk, 900, 48_000_000)
    return last(walk, Kind.DELAYED)


def _losing_ground() -> tuple[Event, ...]:
    walk = _level()
    for place in range(1, 9):
        behind(walk, 120, place * 64_000_000, after=6 * MINUTE)
        if Kind.DELAYED in walk.told:
            break
    return last(walk, Kind.DELAYED)


def _caught_up() -> tuple[Event, ...]:
    walk = _level()
    for _ in range(3):
        behind(walk, 900, 48_000_000)
    walk.now += 25 * MINUTE
    behind(walk, 1, 0, status="Synced")
    return tuple(event for event in walk.events if event.kind == Kind.CAUGHT_UP)


def _cutover_ready() -> tuple[Event, ...]:
    walk = in_sync()
    for _ in range(3):
        behind(walk, 2, 0, status="Synced")
    return last(walk, Kind.CUTOVER_READY)


def _cutover_not_ready() -> tuple[Event, ...]:
    walk = in_sync()
    for _ in range(3):
        behind(walk, 2, 0, status="Synced")
    walk.now += HOUR
    for _ in range(3):
        behind(walk, 40, 12_000_000)
    return tuple(event for event in walk.events if event.kind == Kind.CUTOVER_NOT_READY)


def _slow_load(task: TaskRef = ORDERS, policy: Policy | None = None) -> Walk:
    """A full load of one percent in ten minutes."""
    walk = Walk(task=task, policy=policy or Policy(), runs_each_minute=True)
    walk.check("Created")
    for percent in range(1, 9):
        walk.check(loading(percent), after=10 * MINUTE)
        if any(event.kind == Kind.OVERDUE for event in walk.events):
            break
    return walk


def _overdue_run() -> tuple[Event, ...]:
    return last(_slow_load(policy=Policy(max_run_hours=1)), Kind.OVERDUE)


def _overdue_deadline() -> tuple[Event, ...]:
    return last(_slow_load(replace(ORDERS, deadline=NOON + 8 * HOUR)), Kind.OVERDUE)


def _overdue_missed() -> tuple[Event, ...]:
    walk = Walk(task=replace(ORDERS, deadline=NOON + HOUR))
    walk.check(loading(0, status="Dumping"), after=HOUR)
    walk.check(loading(0, status="Dumping"))
    return tuple(event for event in walk.events if event.kind == Kind.OVERDUE)


def _overdue_logs() -> tuple[Event, ...]:
    return last(_slow_load(policy=Policy(source_log_retention_hours=12)), Kind.OVERDUE)


def _in_time() -> tuple[Event, ...]:
    walk = _slow_load(policy=Policy(source_log_retention_hours=12))
    walk.check(syncing(4))
    return last(walk, Kind.RECOVERED)


def _logs_outlived() -> tuple[Event, ...]:
    walk = _slow_load(policy=Policy(source_log_retention_hours=12))
    walk.now += 14 * HOUR
    walk.check(syncing(4))
    return tuple(event for event in walk.events if event.kind == Kind.RECOVERED)


def _limit_moved() -> tuple[Event, ...]:
    walk = _slow_load(policy=Policy(max_run_hours=1))
    walk.policy = Policy(max_run_hours=48)
    walk.check(loading(9))
    return tuple(event for event in walk.events if event.kind == Kind.RECOVERED)


def _reset() -> tuple[Event, ...]:
    walk = in_sync()
    walk.checks(["Created", loading(0, status="Dumping")])
    return last(walk, Kind.RESET)


def _backwards() -> tuple[Event, ...]:
    walk = in_sync()
    walk.check(syncing(4_120))
    return last(walk, Kind.RESET)


def _missing() -> tuple[Event, ...]:
    walk = in_sync()
    return gone(walk.state, walk.task, walk.now).events


def _expiring() -> tuple[Event, ...]:
    walk = in_sync()
    listed = Listed(name="orders-db", type="transfer", expires_at=walk.now + 2 * DAY, renewed=False)
    walk.state = replace(walk.state, listed=listed)
    walk.check(syncing(91_780_000))
    return last(walk, Kind.EXPIRING)


def _blind_for_an_hour() -> tuple[Event, ...]:
    walk = in_sync().checks([TIMEOUT] * 62)
    return last(walk, Kind.REMINDER)


def _blind_all_for_an_hour() -> tuple[Event, ...]:
    began = outage_event(TIMEOUT, 3)
    event = replace(
        began,
        id=f"{began.id}/reminder",
        kind=Kind.REMINDER,
        action=Action.UPDATE,
        severity=Severity.CRITICAL,
        time=began.since + HOUR,
        incident_critical=True,
        reminder=1,
    )
    return (event,)


def _deleted_after_finish() -> tuple[Event, ...]:
    walk = on_the_way()
    walk.check(loading(100, status="Done"), after=DAY)
    gone_for_good = NoAnswer(
        cause="RetCode 7001",
        reason="UCloud answered RetCode 7001 (task does not exist)",
        quote="task does not exist",
    )
    walk.checks([gone_for_good] * 3)
    return last(walk, Kind.UNREACHABLE)


def _reachable_and_failed() -> tuple[Event, ...]:
    walk = in_sync().checks([TIMEOUT] * 9)
    walk.check(Observation(status="Failed", failed_message=TOO_MANY))
    return tuple(event for event in walk.events if event.kind == Kind.REACHABLE)


def _test_before_the_first_run() -> tuple[Event, ...]:
    return (monitor_event(Kind.TEST, "first", NOON, roll_call=RollCall(watched=2, outcomes={})),)


def _metrics_refused() -> tuple[Event, ...]:
    change = outage.degraded("metrics", refused(299, "no permission"), Policy(), NOON)
    return (change.event,) if change.event else ()


def _metrics_back() -> tuple[Event, ...]:
    change = outage.degraded("metrics", refused(299, "no permission"), Policy(), NOON)
    assert isinstance(change.after, Outage)
    (over,) = outage.ended([change.after], [], NOON + 2 * HOUR)
    return (over.event,) if over.event else ()


def _calls(*, open_one: bool = False, unheard: bool = False) -> RollCall:
    lasting = OpenIncident(task=ORDERS, aspect="health", status="Failed", since=NOON - HOUR)
    return RollCall(
        watched=12,
        outcomes={"loading": 2, "syncing": 9, **({"failed": 1} if open_one else {"finished": 1})},
        open=(lasting,) if open_one else (),
        soon=(Coming(task=ORDERS, what="load", at=NOON + 5 * HOUR),),
        subscribers={"alerts": 2, "chat": 1, "events": 1, "pager": 0 if unheard else 1},
        ran_at=NOON - MINUTE,
    )


def _roll_call(**how: bool) -> tuple[Event, ...]:
    return (monitor_event(Kind.ROLL_CALL, "first/1f3a", NOON, roll_call=_calls(**how)),)


def _silence(kind: Kind) -> tuple[Event, ...]:
    silence = Silence(
        scope=ORDERS.key, since=NOON, until=NOON + 2 * HOUR, by="ada", why="switch-over of orders"
    )
    return (silence_event(kind, silence, NOON if kind is Kind.SILENCED else NOON + 2 * HOUR),)


def _held_back() -> tuple[Event, ...]:
    """Three tasks in a silence of two hours: one failed and lasts, one came and went, one finished."""
    lasts = in_sync()
    lasts.check(Observation(status="Failed", failed_message=TOO_MANY))
    over = in_sync(replace(ORDERS, task_id="udts-users", name="users-db"))
    over.check(Observation(status="Failed", failed_message=TOO_MANY), after=10 * MINUTE)
    over.checks(["Starting", syncing(1), syncing(2), syncing(3)])
    finished = on_the_way(replace(ORDERS, task_id="udts-cache", name="cache"))
    finished.check(loading(100, status="Done"))
    return (lasts.events[-1], over.events[-1], finished.events[-1])


def told_at_the_end_of_a_silence(events: Sequence[Event], language: Language) -> dict[Topic, Notification]:
    """As a run tells what a silence held back."""
    settings, now = SETTINGS[language], events[0].time + 2 * HOUR
    found = {}
    for topic in sorted(PEOPLE):
        members = notifications(events, [topic], settings)
        open_now = {events[0].incident_id}
        found[topic] = silence_end("-/monitor/digest/6a1f", members, open_now, topic, now, settings.display)
    return found


def told_late(events: Sequence[Event], language: Language) -> dict[Topic, Notification]:
    """As a run tells it after SNS was away for 47 minutes."""
    settings = SETTINGS[language]
    return {
        found.topic: on_time(found, found.time + 47 * MINUTE, settings.display)
        for found in notifications(events, Topic, settings)
    }


MORE_SCENES: tuple[Scene, ...] = (
    Scene(
        name="failed-incremental",
        title="failed in the incremental phase",
        meaning="The task goes on where it stopped, while the source keeps the logs it needs.",
        tell=_failed_incremental,
    ),
    Scene(
        name="reminder-too-late",
        title="reminder, after the source dropped its logs",
        meaning="Starting the task does not help any more.",
        tell=_failed_too_late,
    ),
    Scene(
        name="reminder-hanging",
        title="reminder of a task that hangs",
        meaning="Somebody started it again, and it neither runs nor fails.",
        tell=_hangs,
    ),
    Scene(
        name="retrying-in-vain",
        title="retrying in vain",
        meaning="The reason is known, and no retry can help.",
        tell=_retrying_in_vain,
    ),
    Scene(
        name="stopped-full-load",
        title="stopped during the full load",
        meaning="Nothing promises that a full load goes on half-way.",
        tell=_stopped_in_load,
    ),
    Scene(
        name="stopped-first-seen",
        title="stopped when first seen",
        meaning="Nobody saw when it was stopped, so the time to start it again is a limit.",
        tell=_stopped_when_first_seen,
    ),
    Scene(
        name="resume_deadline-over",
        title="resume_deadline, over",
        meaning="The time to start the task again has passed unseen.",
        tell=_stopped_too_late,
    ),
    Scene(
        name="stalled",
        meaning="The source is read or data remain, and nothing moves at the target.",
        tell=_stalled_sync,
    ),
    Scene(
        name="stalled-full-load",
        title="stalled during the full load",
        meaning="The same progress for STALLED_AFTER_MINUTES.",
        tell=_stalled_load,
    ),
    Scene(name="progressing", meaning="The task moves again.", tell=_progressing),
    Scene(
        name="delayed", meaning="The lag is above MAX_DELAY_SECONDS at three checks in a row.", tell=_delayed
    ),
    Scene(
        name="delayed-losing-ground",
        title="delayed, losing ground",
        meaning="The remaining data grew at three measurements in a row.",
        tell=_losing_ground,
    ),
    Scene(name="caught_up", meaning="The target keeps up again.", tell=_caught_up),
    Scene(
        name="cutover_ready",
        meaning="The target is level enough to switch over, by UCloud's own rule.",
        tell=_cutover_ready,
    ),
    Scene(name="cutover_not_ready", meaning="It is no longer so.", tell=_cutover_not_ready),
    Scene(
        name="overdue-run",
        title="overdue, MAX_RUN_HOURS",
        meaning="The task runs longer than MAX_RUN_HOURS.",
        tell=_overdue_run,
    ),
    Scene(
        name="overdue-deadline",
        title="overdue, deadline foreseen",
        meaning="The measured end passes the deadline given for the task.",
        tell=_overdue_deadline,
    ),
    Scene(
        name="overdue-deadline-missed",
        title="overdue, deadline missed",
        meaning="The deadline has passed.",
        tell=_overdue_missed,
    ),
    Scene(
        name="overdue-logs",
        title="overdue, source logs",
        meaning="The full load will outlive SOURCE_LOG_RETENTION_HOURS.",
        tell=_overdue_logs,
    ),
    Scene(
        name="recovered-in-time",
        title="recovered, full load in time",
        meaning="The full load ended before the source dropped its logs.",
        tell=_in_time,
    ),
    Scene(
        name="recovered-logs-outlived",
        title="recovered, after the source's logs",
        meaning="The full load ended, but later than the source keeps its logs.",
        tell=_logs_outlived,
    ),
    Scene(
        name="recovered-limit-moved",
        title="recovered, the limit was moved",
        meaning="Somebody gave the task more time.",
        tell=_limit_moved,
    ),
    Scene(
        name="reset-loads-again",
        title="reset, loads again",
        meaning="A task that was replicating loads in full again.",
        tell=_reset,
    ),
    Scene(
        name="reset-backwards",
        title="reset, position",
        meaning="The position moved backwards.",
        tell=_backwards,
    ),
    Scene(name="missing", meaning="A discovered task is gone from the list of its project.", tell=_missing),
    Scene(
        name="expiring",
        meaning="The time the task is paid for ends within three days, and it is not renewed.",
        tell=_expiring,
    ),
    Scene(
        name="reminder-unreachable",
        title="reminder, unreachable for an hour",
        meaning="Nobody sees a failure of this task: from now on it is critical.",
        tell=_blind_for_an_hour,
    ),
    Scene(
        name="reminder-unreachable-many",
        title="reminder, many tasks unreachable",
        meaning="The same, for one cause that concerns many tasks.",
        tell=_blind_all_for_an_hour,
    ),
    Scene(
        name="unreachable-finished",
        title="unreachable after its finish",
        meaning="UCloud does not know a task any more that had finished: it was deleted.",
        tell=_deleted_after_finish,
    ),
    Scene(
        name="reachable-failed",
        title="reachable, and failed meanwhile",
        meaning="The end of the time without an answer; the failure is told by itself.",
        tell=_reachable_and_failed,
    ),
    Scene(
        name="test-before-run",
        title="test, before the first run",
        meaning="Messages arrive; what is watched nobody knows yet.",
        tell=_test_before_the_first_run,
    ),
    Scene(
        name="unreachable-metrics",
        title="unreachable, metrics",
        meaning="Metrics cannot be read until somebody changes something; failures are still seen.",
        tell=_metrics_refused,
    ),
    Scene(
        name="reachable-metrics",
        title="reachable, metrics",
        meaning="They can be read again.",
        tell=_metrics_back,
    ),
    Scene(
        name="roll_call",
        meaning="After a deployment and weekly: what is watched and how it is.",
        tell=_roll_call,
    ),
    Scene(
        name="roll_call-open",
        title="roll_call, with an open incident",
        meaning="What is open was told before; here it is listed.",
        tell=lambda: _roll_call(open_one=True),
    ),
    Scene(
        name="roll_call-unheard",
        title="roll_call, a topic nobody gets",
        meaning="A topic that is on has no confirmed subscription.",
        tell=lambda: _roll_call(unheard=True),
    ),
    Scene(
        name="silenced",
        meaning="Somebody set or changed a silence. For programs: people asked for it.",
        tell=lambda: _silence(Kind.SILENCED),
    ),
    Scene(name="silence_ended", meaning="A silence is over.", tell=lambda: _silence(Kind.SILENCE_ENDED)),
    Scene(
        name="digest-silence-end",
        title="end of a silence",
        meaning="What a silence held back, in one message a topic: what is open now, and what came and went.",
        tell=_held_back,
        render=told_at_the_end_of_a_silence,
    ),
    Scene(
        name="failed-late",
        title="failed, sent late",
        meaning="SNS did not take it for 47 minutes: texts and cards say when all of it was so.",
        tell=_failed_incremental,
        render=told_late,
    ),
)
