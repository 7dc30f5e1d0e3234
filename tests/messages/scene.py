"""What the scenes of the gallery are made of: walks of real checks through the real core."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests import walk as walks
from tests.walk import Walk
from udts_monitor.decision import outage
from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.decision.outage import Unreached
from udts_monitor.decision.policy import Policy
from udts_monitor.messages.display import Display, Origin
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.render import digest, digest_id, notifications
from udts_monitor.run.settings import RunSettings
from udts_monitor.task import TaskRef

ORIGIN = Origin(stack="udts-monitor", account="123456789012", region="ap-east-1", table="udts-Table-1A2B")
# The languages in which they are shown, each with a time zone its readers may have.
DISPLAYS: Mapping[Language, Display] = {
    Language.EN: Display(zone=ZoneInfo("UTC"), language=Language.EN, origin=ORIGIN),
    Language.ZH: Display(zone=ZoneInfo("Asia/Shanghai"), language=Language.ZH, origin=ORIGIN),
}
SETTINGS: Mapping[Language, RunSettings] = {
    language: RunSettings(
        policy=Policy(), topics=tuple(Topic), display=display, max_concurrency=1, digest_above=5
    )
    for language, display in DISPLAYS.items()
}

ORDERS = replace(walks.ORDERS, owner="dba-east", runbook="https://wiki.example.com/orders-db")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROWS = 48_200_000
TOO_MANY = "Error 1040: Too many connections"
PURGED = (
    "Error 1236: The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master "
    "has purged binary logs containing GTIDs that the slave requires."
)
ODD = "worker 7 exited with code 3"
STACK = (
    "dump of `shop`.`orders` failed\n"
    "  at table writer: unexpected packet 0x00 from 10.9.3.17:3306 after 1,204,113 rows\n"
    "  at chunk 481 of 900, key range [19200000, 19240000)\n"
    "the chunk was tried 5 times, the last time 30 s ago"
)
TIMEOUT = NoAnswer(cause="timeout", reason="UCloud did not answer in time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One situation and what is told in it.

    Attributes:
        name: of its folder among the golden files; begins with the kind of event.
        title: for a reader who looks for it; without one the name says it.
        meaning: what it means and when it is told.
        tell: the events it leads to: one, or those that become a digest.
        render: how they are told, where it is not as a run tells what it has just seen.
    """

    name: str
    title: str = ""
    meaning: str
    tell: Callable[[], tuple[Event, ...]]
    render: Callable[[Sequence[Event], Language], dict[Topic, Notification]] | None = None

    def told(self, language: Language) -> dict[Topic, Notification]:
        """What each audience gets, rendered as a run renders it."""
        settings = SETTINGS[language]
        events = self.tell()
        if self.render:
            return self.render(events, language)
        if len(events) == 1:
            return {found.topic: found for found in notifications(events, Topic, settings)}
        topics = (Topic.ALERTS, Topic.PAGER, Topic.CHAT)
        members = {topic: notifications(events, [topic], settings) for topic in topics}
        return {
            topic: digest(digest_id(found), found, topic, events[-1].time, settings.display)
            for topic, found in members.items()
            if found
        }


def loading(percent: int, *, status: str = "Loading", minutes: int = 0) -> Observation:
    """A full load that has moved so much."""
    moved = ROWS * percent // 100
    progress = Progress(
        total_rows=ROWS, moved_rows=moved, percent=float(percent), elapsed_seconds=minutes * 60 or None
    )
    return Observation(status=status, progress=progress, retries_used=0, retries_allowed=0)


def syncing(position: int, status: str = "Syncing") -> Observation:
    """An incremental task that has come so far in the binlog."""
    return Observation(
        status=status,
        position=Position(binlog_name="mysql-bin.000412", binlog_pos=position),
        retries_used=0,
        retries_allowed=3,
    )


def on_the_way(task: TaskRef = ORDERS) -> Walk:
    """A task that has begun its full load and is well into it."""
    walk = Walk(task=task, runs_each_minute=True)
    walk.check("Created", after=2 * timedelta(minutes=1))
    walk.check(loading(0, status="Dumping"), after=34 * timedelta(minutes=1))
    walk.check(loading(0), after=HOUR)
    walk.check(loading(62, minutes=96))
    return walk


def in_sync(task: TaskRef = ORDERS) -> Walk:
    """A task that has been synchronising for a while."""
    walk = Walk(task=task, runs_each_minute=True)
    walk.check(syncing(88_120_004), after=3 * HOUR)
    walk.check(syncing(91_772_310))
    return walk


def last(walk: Walk, kind: Kind) -> tuple[Event, ...]:
    """The event the scene is about: the newest, of the kind it should be."""
    event = walk.events[-1]
    assert event.kind is kind, walk.told
    return (event,)


def refused(code: int, said: str) -> NoAnswer:
    """UCloud refuses until a person changes something."""
    reason = f"UCloud answered RetCode {code} ({said})"
    return NoAnswer(cause=f"RetCode {code}", reason=reason, quote=said, configuration=True)


def outage_event(answer: NoAnswer, checks: int) -> Event:
    """Twelve tasks that stop answering at the same time for the same cause."""
    walks = [in_sync(TaskRef(task_id=f"udts-{place:03}", project_id="org-hiny12")) for place in range(12)]
    now, policy = walks[0].now, walks[0].policy
    states = {walk.task.key: walk.state for walk in walks}
    for minute in range(checks):
        unreached = [
            Unreached(task=walk.task, before=states[walk.task.key], answer=answer, policy=policy)
            for walk in walks
        ]
        decision = outage.decide(unreached, states, (), policy, now + minute * timedelta(minutes=1))
        states = {key: replace(state, unanswered=decision.missed[key].gap) for key, state in states.items()}
    (change,) = decision.changes
    assert change.event
    return change.event
