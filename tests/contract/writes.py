"""What tests write into a store: a failure, an outage, a silence, each with its event."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.walk import NOON, ORDERS, Walk, failed
from tests.world import World
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import SEVERITIES, Event, Kind, event_id
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.outage import Outage, OutageChange, Unreached, decide, ended
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.roll_call import RollCall
from udts_monitor.decision.state import TaskState, Unanswered
from udts_monitor.outbox.notification import Notification
from udts_monitor.outbox.pending import Claim
from udts_monitor.outbox.silence import Silence
from udts_monitor.run.ports import Storage
from udts_monitor.run.render import notifications
from udts_monitor.task import MONITOR

CLAIM = Claim(owner="run-1", until=NOON + timedelta(minutes=1))
LATER = Claim(owner="run-2", until=NOON + timedelta(minutes=3))
SETTINGS = World().parts()[1]


def rendered(*events: Event) -> tuple[Notification, ...]:
    """Events rendered for both topics."""
    return notifications(events, SETTINGS.topics, SETTINGS)


def messages(assessment: Assessment) -> tuple[Notification, ...]:
    """The notifications of a change, for both topics."""
    return rendered(*assessment.events)


def fail(store: Storage, walk: Walk | None = None) -> Assessment:
    """Save a first failure."""
    assessment = (walk or Walk()).check(failed(0, 3, "boom"))
    assert store.save(assessment, messages(assessment), CLAIM)
    return assessment


def event_of(kind: Kind, *, seconds: int = 0) -> Event:
    """An event of the monitor itself, some time after noon."""
    now = NOON + timedelta(seconds=seconds)
    identity = event_id(MONITOR.key, f"{now:%H%M%S}", kind)
    call = RollCall(watched=1, outcomes={}) if kind is Kind.ROLL_CALL else None
    severity = SEVERITIES[kind]
    return Event(id=identity, kind=kind, severity=severity, time=now, task=MONITOR, since=now, roll_call=call)


def opened(policy: Policy | None = None, cause: str = "RetCode 294", *, now: datetime = NOON) -> OutageChange:
    """The beginning of an outage: a refusal concerns all tasks, though it shows at one."""
    answer = NoAnswer(cause=cause, reason="address refused", configuration=True)
    alone = Unreached(task=ORDERS, before=TaskState.unseen(NOON), answer=answer, policy=Policy())
    (change,) = decide([alone], {}, (), policy or Policy(), now).changes
    return change


def open_outage(store: Storage, policy: Policy | None = None, cause: str = "RetCode 294") -> Outage:
    """Save its beginning, with its event and both notifications; the outage."""
    change = opened(policy, cause)
    assert change.after
    assert change.event
    through = (policy or Policy()).lets_through(Kind.UNREACHABLE)
    assert store.save_outage(change, rendered(change.event) if through else (), CLAIM)
    return change.after


def remind(outage: Outage, now: datetime) -> OutageChange:
    """It lasts, and its only task is still out of reach."""
    cause = outage.cause
    gap = Unanswered(since=NOON, checks=0, cause=cause, told_cause=cause, shared=True, named=True)
    before = replace(TaskState.unseen(NOON), unanswered=gap)
    answer = NoAnswer(cause=cause, reason=outage.reason, configuration=True)
    member = Unreached(task=ORDERS, before=before, answer=answer, policy=Policy())
    (change,) = decide([member], {}, [outage], Policy(), now).changes
    return change


def close(outage: Outage) -> OutageChange:
    """No task belongs to it any more."""
    (change,) = ended([outage], [], NOON + timedelta(hours=2))
    return change


def silence(scope: str = "all", minutes: int = 5) -> Silence:
    """A silence somebody asked for at noon."""
    return Silence(scope=scope, since=NOON, until=NOON + timedelta(minutes=minutes), by="ada", why="move")


def save_silence(store: Storage, wanted: Silence) -> None:
    """Set it, and say so."""
    event = event_of(Kind.SILENCED)
    store.save_silence(wanted, event, rendered(event), CLAIM)
