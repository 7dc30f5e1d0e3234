"""The promises, checked on a life that is over: what UCloud said, what was saved, and what subscribers got.

It knows no rule of the monitor: not when something is told, only what may not be untold, told twice, told
of what is not so, or left without an end.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from udts_monitor.decision.event import Action, Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.outbox.notification import Notification
from udts_monitor.task import MONITOR, TaskRef

RUNNING = {"Dumping", "Loading", "Syncing", "Synced"}
FAILED = {"Failed", "FailedUnrecoverable", "StoppedUnrecoverable"}
FINISHED = {"Done", "Success"}
UNKNOWN = {"Frobnicating", "Pondering"}
# Messages that SNS takes in one call.
_IN_A_CALL = 10
# Whoever is unseen for so long, over so many runs, is named by then: see the row of `unreachable`.
UNSEEN, UNSEEN_RUNS = timedelta(hours=2, minutes=10), 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a check saw."""

    at: datetime
    answer: Observation | NoAnswer

    @property
    def word(self) -> str:
        """The status, empty without an answer."""
        return self.answer.status if isinstance(self.answer, Observation) else ""


@dataclass(slots=True, kw_only=True)
class Ran:
    """A run, or a command.

    Attributes:
        tasks: keys of those it watched, by id.
        topics: those that were on.
        observed: by task id.
        named: ids of the tasks that its log says could not be processed; ``monitor`` for several at once.
        crossed: another one ran meanwhile.
        told: how many events had been saved when it ended.
    """

    began: datetime
    ended: datetime
    tasks: Mapping[str, str]
    policy: Policy
    topics: frozenset[str]
    observed: dict[str, list[Observed]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    red: bool = False
    killed: bool = False
    crossed: bool = False
    told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event that was saved.

    Attributes:
        born: its notifications by topic.
        run: that saved it.
    """

    event: Event
    born: Mapping[str, Notification]
    run: Ran


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A silence that somebody asked for."""

    scope: str
    since: datetime
    until: datetime


def _nobody() -> datetime:
    raise RuntimeError("a story has a clock")


@dataclass(slots=True, kw_only=True)
class Story:
    """All that happened and was said in a life.

    Attributes:
        kinds_off: kinds that were ever kept back.
        unheard: messages that were accepted without the monitor being told.
        faults: something of the table or a topic failed.
    """

    clock: Callable[[], datetime] = _nobody
    runs: list[Ran] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    kinds_off: set[str] = field(default_factory=set)
    unheard: int = 0
    faults: bool = False
    open: list[Ran] = field(default_factory=list)

    @property
    def current(self) -> Ran:
        """The run that is under way."""
        return self.open[-1]

    def begin(self, tasks: Iterable[TaskRef], policy: Policy, topics: Iterable[str]) -> None:
        """A run begins; one that is under way is crossed by it."""
        now = self.clock()
        keys = {task.task_id: task.key for task in tasks}
        on = frozenset(map(str, topics))
        ran = Ran(began=now, ended=now, tasks=keys, policy=policy, topics=on, crossed=bool(self.open))
        for outer in self.open:
            outer.crossed = True
        self.open.append(ran)

    def end(self) -> None:
        """The run that is under way is over."""
        ran = self.open.pop()
        ran.ended, ran.told = self.clock(), len(self.said)
        self.runs.append(ran)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A promise that was not kept, and what shows it."""

    promise: str
    shown: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.shown}"


def broken_promises(
    story: Story,
    accepted: Sequence[Notification],
    published: Mapping[str, Mapping[str, str]],
    withheld: Mapping[str, Mapping[str, str]],
    left: Iterable[str],
) -> list[Broken]:
    """What of the promises a life broke.

    Args:
        story: all that happened.
        accepted: what subscribers got, in order.
        published: marks by event id and topic.
        withheld: likewise.
        left: what should not be there any more once all works and all are well.
    """
    by_time = sorted(story.runs, key=lambda ran: ran.began)
    found: dict[str, Iterable[str]] = {
        "whatever is observed failed or finished is told or named in a red run": _untold(story, by_time),
        "nothing is said of a task that its state denies": _denied(story, by_time),
        "nothing is told twice": _twice(story, by_time),
        "whatever began ends, once, and only what began": _not_in_turn(story, by_time),
        "nobody is unseen and unnamed": _unnamed(story, by_time),
        "what was saved reaches each topic": _undelivered(story, accepted, published, withheld),
        "a message comes once": _repeated(story, accepted),
        "in the end all is quiet": left,
    }
    return [Broken(promise=promise, shown=shown) for promise, all_ in found.items() for shown in all_]


def _untold(story: Story, runs: Sequence[Ran]) -> Iterator[str]:
    """After a run the reader knows of each failure and finish that it saw, or the log names the task."""
    for ran in runs:
        if ran.killed:
            continue
        for task, seen in ran.observed.items():
            if task in ran.named or not seen:
                continue
            word, told = seen[-1].word, _of(story.said[: ran.told], task)
            if word in FAILED and not _is_known_failed(told, story, task, ran):
                yield f"{task} was {word} at {seen[-1].at:%H:%M:%S.%f}"
            if word in FINISHED:
                before = _last_seen_otherwise(runs, task, ran)
                if not any(said.event.kind == "finished" and said.event.time >= before for said in told):
                    yield f"{task} was {word} at {seen[-1].at:%H:%M:%S.%f}"


def _of(said: Iterable[Said], task: str) -> list[Said]:
    return [one for one in said if one.event.task.task_id == task]


def _is_known_failed(told: Sequence[Said], story: Story, task: str, ran: Ran) -> bool:
    """The latest failure was told, and no end of it after that; nor did a run do without the task."""
    over = _left_at(story, task, ran)
    for said in reversed(told):
        if said.event.time < over:
            return False
        if said.event.kind == "failed":
            return True
        ends = said.event.kind == "recovered" and said.event.aspect in {"health", ""}
        if (ends or said.event.kind == "finished") and not ran.crossed:
            return False
    return False


def _last_seen_otherwise(runs: Sequence[Ran], task: str, until: Ran) -> datetime:
    """When the task was last seen not finished, by a run that nothing befell."""
    moments = [
        seen.at
        for ran in runs
        if ran.began < until.began and not (ran.killed or ran.crossed or task in ran.named)
        for seen in ran.observed.get(task, ())
        if seen.word and seen.word not in FINISHED | UNKNOWN
    ]
    return max(moments, default=datetime.min.replace(tzinfo=until.began.tzinfo))


def _left_at(story: Story, task: str, until: Ran) -> datetime:
    """When a run last did without the task: its incidents are over then, silently."""
    without = [ran.began for ran in story.runs if ran.began < until.began and _without(ran, task)]
    return max(without, default=datetime.min.replace(tzinfo=until.began.tzinfo))


def _without(ran: Ran, task: str) -> bool:
    return bool(ran.tasks) and task not in ran.tasks


# What has to have been observed in the run that says so.
_NEEDS: Mapping[str, set[str]] = {
    "failed": FAILED,
    "finished": FINISHED,
    "recovered": RUNNING,
    "retrying": {"RetryPending"},
    "unknown_status": UNKNOWN,
}


def _denied(story: Story, runs: Sequence[Ran]) -> Iterator[str]:
    for said in story.said:
        event, task = said.event, said.event.task.task_id
        seen = [
            found
            for ran in runs
            if ran.began <= event.time and said.run.began <= ran.ended
            for found in ran.observed.get(task, ())
        ]
        words = {found.word for found in seen}
        needed = _NEEDS.get(event.kind)
        if needed and not (needed & words):
            yield f"{event.id}, and UCloud said {words}"
        if event.kind == "stopped" and not _meant(runs, task, event.time) & {"Stopped"}:
            yield f"{event.id}, and UCloud said {words}"
        if event.kind == "reminder" and event.aspect == "health":
            latest = _meant(runs, task, event.time)
            if latest <= RUNNING | FINISHED:
                yield f"{event.id}, and UCloud said {latest}"
        if event.task != MONITOR and event.kind == "unreachable" and "" not in words:
            yield f"{event.id}, and UCloud said {words}"
        if event.kind == "unreachable" and event.task == MONITOR:
            yield from _seen_though_named(runs, event)


def _seen_though_named(runs: Sequence[Ran], event: Event) -> Iterator[str]:
    for key in event.tasks:
        task = key.rpartition("/")[2]
        seen = [found for ran in runs for found in ran.observed.get(task, ()) if found.at <= event.time]
        crossed = any(ran.crossed and ran.began <= event.time <= ran.ended for ran in runs)
        if not crossed and (not seen or seen[-1].word):
            yield f"{event.id} names {task}, which answered"


def _meant(runs: Sequence[Ran], task: str, until: datetime) -> set[str]:
    """The latest word that is known, or those that may be."""
    possible = set[str]()
    for ran in runs:
        # What one of these saw may not have been saved, or saved after what a later one saw.
        unsure = ran.crossed or ran.killed or task in ran.named
        for found in ran.observed.get(task, ()):
            if found.at <= until and found.word and found.word not in UNKNOWN:
                possible = {*possible, found.word} if unsure else {found.word}
    return possible


def _twice(story: Story, runs: Sequence[Ran]) -> Iterator[str]:
    """Two events of a kind with nothing new between them."""
    latest: dict[tuple[str, str], Said] = {}
    for said in story.said:
        event, task = said.event, said.event.task.task_id
        if event.kind not in {"failed", "finished", "stopped", "retrying"}:
            continue
        before = latest.get((task, event.kind))
        latest[task, event.kind] = said
        if before is None or any(_without(ran, task) for ran in runs):
            continue
        # Of two that cross the one that began first may be the last to save.
        since = min(ran.began for ran in runs if ran.began <= before.run.began <= ran.ended)
        between = [
            found.answer
            for ran in runs
            for found in ran.observed.get(task, ())
            if since <= found.at <= event.time
        ]
        if len({_news(answer) for answer in between if _news(answer)}) == 1:
            yield f"{before.event.id} and {event.id}"


def _news(answer: Observation | NoAnswer) -> object:
    if isinstance(answer, NoAnswer) or answer.status in UNKNOWN:
        return None
    finished = answer.status in FINISHED
    return "finished" if finished else (answer.status, answer.failed_message, answer.retries_used)


def _not_in_turn(story: Story, runs: Sequence[Ran]) -> Iterator[str]:
    """An incident opens where none is open, and only an open one is updated or closed."""
    open_now: dict[tuple[str, str], Event] = {}
    for said in story.said:
        event = said.event
        about = event.task.task_id, event.cause if event.task == MONITOR else event.aspect
        known = open_now.get(about)
        match event.action:
            case Action.OPEN:
                if known and not _was_left(runs, known):
                    yield f"{event.id} opens while {known.incident_id} is open"
                open_now[about] = event
            case Action.UPDATE | Action.CLOSE if not known or event.incident_id != known.incident_id:
                which = known.incident_id if known else "nothing"
                yield f"{event.id} is of {event.incident_id}, and {which} is open"
            case Action.CLOSE:
                names = {found.incident_id for found in open_now.values()}
                yield from (
                    f"{event.id} closes {name}, which is not open"
                    for name in event.closes
                    if name not in names
                )
                open_now = {
                    place: found for place, found in open_now.items() if found.incident_id not in event.closes
                }
            case _:
                pass
    for (task, aspect), event in open_now.items():
        lasts = task == MONITOR.task_id or (task in runs[-1].tasks and aspect in {"health", "reachability"})
        if lasts and not _was_left(runs, event):
            yield f"{event.incident_id} has no end"


def _was_left(runs: Sequence[Ran], event: Event) -> bool:
    """A run did without the task meanwhile: its incident is over, silently."""
    task = event.task.task_id
    return task != MONITOR.task_id and any(ran.began > event.time and _without(ran, task) for ran in runs)


def _unnamed(story: Story, runs: Sequence[Ran]) -> Iterator[str]:
    """After a run that went well nobody is out of reach for hours without having been named."""
    if "unreachable" in story.kinds_off:
        return
    unseen: dict[str, list[Ran]] = {}
    for ran in runs:
        if ran.crossed or ran.killed or ran.red:
            continue
        unseen = {task: unseen.get(task, []) for task in ran.tasks}
        for task, seen in ran.observed.items():
            unseen[task] = [] if any(found.word for found in seen) else [*unseen[task], ran]
        for task, without in unseen.items():
            if without and _is_named(story.said[: ran.told], task):
                without.clear()
            if len(without) >= UNSEEN_RUNS and ran.began - without[0].began >= UNSEEN:
                yield f"{task} at {ran.began:%d %H:%M:%S}"
                return


def _is_named(said: Sequence[Said], task: str) -> bool:
    """The reader knows: of the task itself, or of an outage that names it and is not over."""
    over: set[str] = set()
    for one in reversed(said):
        event = one.event
        if event.kind == "reachable" and event.task == MONITOR:
            over.add(event.incident_id)
        named = event.task.task_id == task or any(key.rpartition("/")[2] == task for key in event.tasks)
        if named and event.kind in {"unreachable", "reminder"} and event.incident_id not in over:
            return True
        if event.task.task_id == task and event.kind == "reachable":
            return False
    return False


def _undelivered(
    story: Story,
    accepted: Sequence[Notification],
    published: Mapping[str, Mapping[str, str]],
    withheld: Mapping[str, Mapping[str, str]],
) -> Iterator[str]:
    alone = {(found.event_id, str(found.topic)) for found in accepted}
    digests = [found for found in accepted if found.kind == "digest"]
    for said in story.said:
        event = said.event
        for topic, born in said.born.items():
            marked = topic in published.get(event.id, {})
            if not marked and topic not in withheld.get(event.id, {}):
                yield f"{event.id} on {topic} is neither published nor withheld"
            elif not marked and not _may_be_withheld(story, said, topic):
                yield f"{event.id} on {topic} is withheld"
            in_digest = any(
                (found.topic == topic and event.task.task_id in found.body) or event.task.name in found.body
                for found in digests
                if found.topic == topic
            )
            if marked and (event.id, topic) not in alone and not in_digest:
                yield f"{event.id} on {topic} is marked, and nobody got it: {born.summary}"


def _may_be_withheld(story: Story, said: Said, topic: str) -> bool:
    """The topic was off once nobody held it any more, or a silence held it with later news of the task."""
    if any(topic not in ran.topics and ran.began > said.run.ended for ran in story.runs):
        return True
    key = said.event.task.key
    held = any(
        wish.scope in {"all", key} and wish.since <= said.event.time < wish.until for wish in story.wishes
    )
    place = story.said.index(said)
    followed = any(later.event.task.task_id == said.event.task.task_id for later in story.said[place + 1 :])
    return held and topic != "events" and followed


def _repeated(story: Story, accepted: Sequence[Notification]) -> Iterator[str]:
    """Only what died or was not answered on the way may come again, and then under the same id."""
    times = Counter((found.event_id, str(found.topic)) for found in accepted)
    repeats = sum(times.values()) - len(times)
    excused = _IN_A_CALL * sum(ran.killed for ran in story.runs) + story.unheard
    if repeats > excused and not story.faults:
        yield f"{[name for name, number in times.items() if number > 1]}"
