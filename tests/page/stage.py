"""Tables for the pages to show: lives of tasks, played through the real core, and what of them is stored."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.walk import MINUTE, NOON, Answer, Walk, X
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import Lag, NoAnswer, Observation, Position, Progress
from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import TaskState
from udts_monitor.messages.display import ENGLISH
from udts_monitor.messages.report import sentence
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Pending
from udts_monitor.outbox.silence import Silence
from udts_monitor.page.web import Request, Response, respond
from udts_monitor.query.answers import Answers
from udts_monitor.query.stored import History, HistoryEvent, HistoryPoint, LastRun, Stored
from udts_monitor.task import TaskRef

STEP = 5 * MINUTE
DAY = timedelta(days=1)
BLIND = NoAnswer(cause="HTTP 503", reason="UCloud answers HTTP 503 (Service Unavailable)")
CONNECTIONS = "Error 1040: Too many connections"

type Life = Iterable[Answer]


@dataclass
class MemoryTable:
    """What the reader would read, from memory."""

    now_stored: Stored
    kept: dict[str, History] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    late: timedelta = timedelta(seconds=12)

    def stored(self) -> Stored:
        """The port."""
        return self.now_stored

    def history(self, key: str, since: object, now: object, *, samples: bool = True) -> History:
        """The port."""
        del now
        self.asked.append(key)
        found = self.kept.get(key, History(since=NOON))
        assert not isinstance(since, str)
        shown = [
            point
            for point in found.points
            if point.at >= since and (samples or point.previous_status is not None or point.unanswered_since)  # type: ignore[operator]
        ]
        events = tuple(event for event in found.events if event.at >= since)  # type: ignore[operator]
        return History(since=since, points=tuple(shown), events=events)  # type: ignore[arg-type]

    def histories(
        self, keys: Iterable[str], since: object, now: object, *, samples: bool = False
    ) -> dict[str, History]:
        """The port."""
        return {key: self.history(key, since, now, samples=samples) for key in keys}

    def answers(self) -> Answers:
        """Questions to it, asked at the last moment it knows."""
        run = self.now_stored.last_run
        return Answers(self, run.ran_at + self.late if run else NOON)


def asked(table: MemoryTable, path: str = "/", **query: str) -> Response:
    """What a reader of the page gets."""
    request = Request(path=path, query=query, address="https://status.example.com/")
    return respond(request, table.answers(), "udts-monitor, 123456789012, ap-east-1", "urn:x", None)


def kept(event: Event) -> HistoryEvent:
    """An event as the history keeps it, told where everything is."""
    told = event.time + timedelta(seconds=1)
    return HistoryEvent(
        at=event.time,
        event_id=event.id,
        kind=event.kind,
        severity=event.severity,
        summary=sentence(event, ENGLISH),
        status=event.status,
        since=event.since,
        cause=event.cause,
        reason=event.reason,
        aspect=event.aspect,
        incident_id=event.incident_id,
        incident_action=event.action,
        incident_since=event.incident_since,
        closes=event.closes,
        tasks=event.tasks,
        published_at={str(topic): told for topic in Topic},
    )


def point_of(found: Assessment) -> HistoryPoint:
    """A transition or a sample as the history keeps it."""
    after, gap = found.after, found.before.unanswered
    return HistoryPoint(
        at=found.at,
        status=after.status,
        previous_status=found.before.status if found.transition else None,
        reason=after.failed_message,
        progress=after.progress,
        position=after.position,
        lag=after.lag,
        measured_end=after.measured_end,
        retries_used=after.retries_used,
        retries_allowed=after.retries_allowed,
        unanswered_since=gap.since if gap and gap.since < found.at else None,
    )


def lived(task: TaskRef, answers: list[Answer], *, every: timedelta = STEP) -> tuple[TaskState, History]:
    """A task after these answers, the last of them at noon, and what is kept of its way."""
    began = NOON - every * (len(answers) - 1)
    walk = Walk(task=task, now=began, state=TaskState.unseen(began))
    points, events = [], []
    for answer in answers:
        found = walk.check(measured(answer, walk.now), after=every)
        if found.transition or found.sample:
            points.append(point_of(found))
        events += [kept(event) for event in found.events]
    return walk.state, History(since=began, points=tuple(points), events=tuple(events))


def table(
    lives: dict[TaskRef, list[Answer]],
    *,
    silences: tuple[Silence, ...] = (),
    pending: tuple[Pending, ...] = (),
    run: LastRun | None = None,
) -> MemoryTable:
    """A table with these lives."""
    found = {task: lived(task, answers) for task, answers in lives.items()}
    last = run or LastRun(
        ran_at=NOON,
        previous_run_at=NOON - MINUTE,
        seconds=0.84,
        checked=len(lives),
        no_answer=sum(isinstance(answers[-1], NoAnswer) for answers in lives.values()),
        subscribers={"alerts": 2, "chat": 1, "events": 0},
        subscribers_at=NOON - 20 * MINUTE,
        topics=("alerts", "chat", "events"),
        language="en",
        timezone="UTC",
    )
    states = {task.key: state for task, (state, _) in found.items()}
    stored = Stored(states=states, silences=silences, pending=pending, last_run=last)
    return MemoryTable(stored, {task.key: history for task, (_, history) in found.items()})


def measured(answer: Answer, now: datetime) -> Answer:
    """The answer, with figures that were measured now."""
    if isinstance(answer, Observation) and answer.lag:
        return replace(answer, lag=replace(answer.lag, measured_at=now))
    return answer


def named(name: str, **more: str) -> TaskRef:
    """A task."""
    identity = more.pop("task_id", f"udts-{name.partition('-')[0]}")
    return TaskRef(task_id=identity, name=name, **more)  # type: ignore[arg-type]


def loading(share: float, rows: int = 48_200_000, rate: float = 8_600) -> Observation:
    """Loading, so much of it done."""
    moved = round(rows * share)
    progress = Progress(total_rows=rows, moved_rows=moved, percent=round(share * 100, 2))
    lag = Lag(measured_at=NOON, written_rows_per_second=rate, read_rows_per_second=rate * 1.03)
    return Observation(status="Loading", progress=progress, lag=lag)


def syncing(
    delay: float, remaining: float, *, status: str = "Syncing", rate: float = 1_200, place: int = 0
) -> Observation:
    """Replicating, so far behind."""
    lag = Lag(
        measured_at=NOON,
        delay_seconds=round(delay, 1),
        remaining_bytes=round(remaining),
        read_rows_per_second=round(rate * 1.04),
        written_rows_per_second=round(rate),
    )
    return Observation(
        status=status, lag=lag, position=Position(binlog_name="mysql-bin.004211", binlog_pos=place)
    )


def wave(number: int, shape: Callable[[int], Answer]) -> list[Answer]:
    """So many answers, each from its place."""
    return [shape(place) for place in range(number)]


def losing_ground() -> list[Answer]:
    """Level for hours, then a source that writes faster than the target can."""
    calm = wave(200, lambda n: syncing(8 + 4 * math.sin(n / 9), 2e6 + 1e6 * math.sin(n / 7), place=n * 977))
    rising = wave(
        60,
        lambda n: syncing(15 + n * n / 9, 6e6 + n * n * 1.1e6, rate=1_200 + 22 * n, place=200_000 + n * 977),
    )
    level: list[Answer] = [syncing(0, 0, status="Synced")] * 20
    return [*level, *calm, *rising]


def mixed() -> MemoryTable:
    """Seven tasks, three of them in need of somebody; a silence, and messages that wait."""
    level: list[Answer] = [syncing(0, 0, status="Synced", place=0)]
    gap: list[Answer] = [X] * 14
    swings: list[Answer] = [
        syncing(1, 4e5, status="Synced" if n // 24 % 2 else "Syncing", place=n * 977) for n in range(276)
    ]
    failed = Observation(status="Failed", failed_message=CONNECTIONS, retries_used=3, retries_allowed=3)
    lives: dict[TaskRef, list[Answer]] = {
        named("users-db", owner="dba-east", runbook="https://wiki.example.com/udts/users"): [
            *level * 120, *swings[:100], failed, *["Syncing"] * 6, failed, failed,
        ],
        named("reports-db"): [*level * 60, *swings[:180], *gap, *swings[180:210], BLIND, BLIND, BLIND, BLIND],
        named("archive-db", owner="lena"): [*level * 60, *["Stopped"] * 200],
        named("orders-db", task_id="udts-ixdp441", owner="dba-east"): [
            *["Starting"] * 2, *["Dumping"] * 10,
            *wave(60, lambda n: loading(0.02 + n * 0.0102, rate=8_600 + 700 * math.sin(n / 3))),
        ],
        named("billing-db"): losing_ground(),
        named("session-cache", task_id="udts-sess", owner="web"): [*swings],
        named("mail-db"): [
            *["Dumping"] * 12, *wave(50, lambda n: loading(0.02 * (n + 1), rows=61_000_000)), *["Done"] * 90,
        ],
    }  # fmt: skip
    silence = Silence(
        scope="-/udts-archive",
        since=NOON - 60 * MINUTE,
        until=NOON + 180 * MINUTE,
        by="lena",
        why="moving the archive",
    )
    return table(lives, silences=(silence,), pending=(waiting("-/udts-archive", "resume_deadline"),))


def waiting(key: str, kind: str, attempts: int = 0) -> Pending:
    """A notification on the alerts topic that waits."""
    notification = Notification(
        event_id=f"{key}/v9/{kind}",
        kind=kind,
        task_key=key,
        topic=Topic.ALERTS,
        time=NOON - 10 * MINUTE,
        severity="warning",  # type: ignore[arg-type]
        summary="archive-db (udts-archive) is still Stopped, 5 d 2 h left to resume.",
        subject="",
        body="",
        attributes={},
    )
    return Pending(
        notification=notification,
        sk="",
        history=("", ""),
        lease_owner="run",
        lease_until=NOON + MINUTE,
        attempts=attempts,
    )


def empty() -> MemoryTable:
    """Before the first run."""
    return MemoryTable(Stored(states={}))


def healthy() -> MemoryTable:
    """Four tasks, and nothing to do."""
    lives: dict[TaskRef, list[Answer]] = {
        named("orders-db", task_id="udts-ixdp441", owner="dba-east"): [
            *["Dumping"] * 20, *wave(120, lambda n: loading(0.005 * (n + 1))),
        ],
        named("users-db"): wave(288, lambda n: syncing(2 + math.sin(n / 5), 4e5, place=n)),
        named("session-cache", task_id="udts-sess", owner="web"): [
            syncing(0, 0, status="Synced" if n // 30 % 2 else "Syncing", place=n) for n in range(288)
        ],
        named("mail-db"): [*["Loading"] * 60, *["Done"] * 120],
    }  # fmt: skip
    return table(lives)


def stale() -> MemoryTable:
    """The monitor has not run for a while, and its last run had errors; it had stood still before."""
    found = mixed()
    run = found.now_stored.last_run
    assert run
    gap = Gap(since=NOON - timedelta(hours=9), until=NOON - timedelta(hours=8))
    late = replace(
        run,
        ran_at=NOON - 23 * MINUTE,
        previous_run_at=NOON - 24 * MINUTE,
        errors=("-/udts-users: The table could not be used to write a transaction: throttled",),
        gaps=(gap,),
    )
    found.now_stored, found.late = replace(found.now_stored, last_run=late), 23 * MINUTE
    return found


def many(number: int = 200) -> MemoryTable:
    """So many tasks: most are well, a tenth needs somebody."""
    failed = Observation(status="Failed", failed_message=CONNECTIONS, retries_used=1, retries_allowed=3)
    kinds: list[list[Answer]] = [
        [syncing(n / 9, 4e5, status="Synced" if n // 7 % 2 else "Syncing") for n in range(96)],
        wave(96, lambda n: loading(0.008 * (n + 1))),
        wave(96, lambda n: syncing(2, 9e5, place=n)),
        [*["Loading"] * 30, *["Done"] * 66],
        wave(96, lambda n: syncing(3, 8e5, place=n)),
        [*["Syncing"] * 90, *[failed] * 3],
        wave(96, lambda n: syncing(4, 7e5, place=n)),
        [*["Syncing"] * 80, *["Stopped"] * 16],
        wave(96, lambda n: loading(0.006 * (n + 1))),
        [*["Syncing"] * 80, *[BLIND] * 4],
    ]
    tenth = [0, 1, 2, 0, 4, 0, 1, 3, 6, 8, 2, 0, 1, 4, 6, 0, 2, 1, 5, 0, 0, 1, 2, 4, 6, 7, 0, 1, 9, 3]
    chosen = {
        TaskRef(task_id=f"udts-{n:04d}abc", name=f"warehouse-{n:03d}-db", owner="dba"): kinds[
            tenth[n % len(tenth)]
        ]
        for n in range(number)
    }
    return table(chosen)


TROUBLES = (
    "failed", "failed-for-good", "retries-used-up", "stopped", "stopped-long", "unseen", "never-answered",
    "retrying", "odd", "lagging", "losing-ground", "standing",
)  # fmt: skip


def in_trouble() -> MemoryTable:
    """Twelve tasks, each in a trouble of its own; one silent, one message that SNS does not take."""
    failed = Observation(status="Failed", failed_message=CONNECTIONS)
    level: list[Answer] = [syncing(0, 0, status="Synced", place=1)]
    behind = wave(12, lambda n: syncing(400 + 60 * n, 9e5, place=n * 977))
    standing: list[Answer] = [loading(0.4, rate=0)]
    lives: dict[str, list[Answer]] = {
        "failed": [*level * 40, failed],
        "failed-for-good": [*level * 40, "FailedUnrecoverable"],
        "retries-used-up": [*level * 40, replace(failed, retries_used=3, retries_allowed=3)],
        "stopped": [*level * 40, *["Stopped"] * 6],
        "stopped-long": [*level * 4, *["Stopped"] * 280],
        "unseen": [*level * 40, *[BLIND] * 4],
        "never-answered": [NoAnswer(cause="RetCode 160", reason="UCloud says: task not found (160)")] * 4,
        "retrying": [*level * 40, Observation(status="RetryPending", retries_used=1, retries_allowed=3)],
        "odd": [*level * 40, "Frobnicating"],
        "lagging": [*level * 40, *behind],
        "losing-ground": losing_ground(),
        "standing": [*standing, *standing * 20],
    }
    assert tuple(lives) == TROUBLES
    tasks = {named(name, task_id=f"udts-{name}", owner="dba-east"): life for name, life in lives.items()}
    hour = 60 * MINUTE
    silence = Silence(
        scope="-/udts-stopped-long", since=NOON - hour, until=NOON + hour, by="lena", why="moving the archive"
    )
    pending = (waiting("-/udts-stopped-long", "resume_deadline"), waiting("-/udts-odd", "unknown_status", 3))
    return table(tasks, silences=(silence,), pending=pending)
