"""A second opinion on what has to be told: the rules of the design, written again from the words.

It remembers as little as it can, knows no table and no lease, and is plain on purpose.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

MONITOR = "-/monitor"
HEALTHY = {"Created", "Checking", "Starting", "Started", "Dumping", "Loading", "Syncing", "Synced"}
FOR_GOOD = {"FailedUnrecoverable", "StoppedUnrecoverable"}
FAILED = {"Failed", *FOR_GOOD}
FINISHED = {"Done", "Success"}
WAITING = {"RetryPending", "Stopping"}
KNOWN = HEALTHY | FAILED | FINISHED | WAITING | {"Stopped"}
TOLD_JUST_NOW = timedelta(hours=1)
REMIND_AFTER = [timedelta(hours=4), *(timedelta(days=day) for day in range(1, 7))]


@dataclass(frozen=True)
class Said:
    """UCloud's answer: a word, and the counts of retries where it gives them."""

    word: str
    used: int | None = None
    allowed: int | None = None


@dataclass(frozen=True)
class Silent:
    """No answer, and why."""

    cause: str
    configuration: bool = False


@dataclass(frozen=True)
class Limits:
    """The thresholds of one task."""

    unreachable_after: int = 3
    recovered_after: int = 3
    stopped_grace: timedelta = timedelta(minutes=20)
    resume_within: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Told:
    """An event: ``chain`` is the same for a beginning and the end that belongs to it.

    ``again`` are all of a chain but its beginning.
    """

    kind: str
    task: str
    at: datetime
    chain: str = ""
    again: bool = False


@dataclass
class Incident:
    """From a failure until the task is healthy, finished or stopped."""

    since: datetime
    chain: str
    word: str = ""
    used: int | None = None
    healthy: int = 0
    reminded: int = 0


@dataclass
class Gap:
    """Checks in a row without an answer, told for the task alone or with others, or not yet."""

    since: datetime
    chain: str
    checks: int = 0
    cause: str = ""
    alone: bool = False
    shared: set[str] = field(default_factory=set)

    @property
    def causes(self) -> set[str]:
        """What it was told for."""
        return self.shared | ({self.cause} if self.alone else set())


@dataclass
class Task:
    """What is remembered of a task."""

    word: str = ""
    since: datetime | None = None
    incident: Incident | None = None
    gap: Gap | None = None
    stop_told: bool = False
    marks: int = 0
    words: set[str] = field(default_factory=set)


@dataclass
class Quiet:
    """A silence: what came up in it waits, for people."""

    since: datetime
    until: datetime

    def covers(self, told: Told, scope: str) -> bool:
        """It came up in this time and belongs to the scope."""
        return scope in {"all", told.task} and self.since <= told.at < self.until


@dataclass(frozen=True)
class Late:
    """A run that another one came between.

    Attributes:
        view: what it knew when it began.
        began: when that was.
        overtaken: tasks that the other run changed; its own word about them does not count.
    """

    view: dict[str, Task]
    began: datetime
    overtaken: frozenset[str] = frozenset()


class Oracle:
    """Says what ``runs`` have told to programs (``events``) and to people (``alerts``), by task."""

    def __init__(self) -> None:
        self.runs = 0
        self.tasks: dict[str, Task] = {}
        self.outages: dict[str, tuple[datetime, str]] = {}
        self._told_at: dict[str, datetime] = {}
        self._begun: set[str] = set()
        self.quiet: dict[str, Quiet] = {}
        self.events: dict[str, list[str]] = {}
        self.alerts: dict[str, list[str]] = {}
        self._waiting: list[Told] = []
        self._chains = 0

    def view(self) -> dict[str, Task]:
        """What a run that begins now knows."""
        return deepcopy(self.tasks)

    def run(
        self,
        seen: Mapping[str, Said | Silent],
        limits: Mapping[str, Limits],
        now: datetime,
        late: Late | None = None,
    ) -> None:
        """One run over the watched tasks.

        Args:
            seen: the answer of each watched task.
            limits: its thresholds.
            now: the time of the run.
            late: what it knew, where another run came between.
        """
        self.runs += 1
        late = late or Late(view=self.view(), began=now)
        view, overtaken = late.view, set(late.overtaken)
        told_for = {name: gap.causes for name, task in view.items() if name in seen and (gap := task.gap)}
        untold: dict[Silent, list[str]] = {}
        for name, answer in seen.items():
            task = view.setdefault(name, Task())
            if isinstance(answer, Said):
                before = task.incident
                told = list(self._hear(task, answer, limits[name], now))
                if name in overtaken and self._only_we_saw(told, before, self.tasks[name]):
                    overtaken.remove(name)
                    view[name] = self.tasks[name]
                    told = list(self._hear(view[name], answer, limits[name], now))
                self._tell(name, told, now, overtaken)
            elif self._misses(task, answer, limits[name], now):
                untold.setdefault(answer, []).append(name)
        for silent, names in untold.items():
            known = {name for name, causes in told_for.items() if silent.cause in causes and view[name].gap}
            gaps = {name: gap for name in names if (gap := view[name].gap)}
            self._unreachable(silent, gaps, gaps.keys() | known, now, overtaken)
        self.tasks |= {name: view[name] for name in seen if name not in overtaken}
        self._publish(now)
        self._end_outages(late.began, now, {name: view[name] for name in seen})
        # An outage whose end was told speaks for no task any more: one still out of reach is told anew.
        for name in seen.keys() - overtaken:
            if gap := view[name].gap:
                gap.shared &= self.outages.keys()
        self._publish(now)

    def _only_we_saw(self, told: list[tuple[str, str]], before: Incident | None, now: Task) -> bool:
        """A failure or a finish, and no run that came between has seen the same."""
        kinds = {kind for kind, _ in told}
        if "finished" in kinds:
            return now.word not in FINISHED
        opened = now.incident is not None and (before is None or before.chain != now.incident.chain)
        return "failed" in kinds and not opened

    def _hear(self, task: Task, said: Said, limits: Limits, now: datetime) -> Iterator[tuple[str, str]]:
        """What an answer tells, in the order of telling."""
        before = task.word
        if task.gap:
            if task.gap.alone:
                yield "reachable", task.gap.chain
            task.gap = None
        if said.word != before:
            task.word, task.since, task.stop_told, task.marks = said.word, now, False, 0
        if said.word in FAILED:
            if self._failure_is_news(task, before, said, now) and task.incident:
                yield "failed", task.incident.chain
        else:
            yield from _no_failure(task, before, limits, now)
            yield from _recovery(task, limits)
        if said.word not in KNOWN and said.word not in task.words:
            task.words.add(said.word)
            yield "unknown_status", ""
        yield from _what_lasts(task, limits, now)

    def _failure_is_news(self, task: Task, before: str, said: Said, now: datetime) -> bool:
        incident = task.incident
        if incident is None:
            task.incident = Incident(since=now, chain=self._chain(), word=said.word, used=said.used)
            return True
        grew = said.used is not None and said.used > (incident.used or 0)
        by_the_service = grew or (said.used is None and before == "RetryPending")
        last = grew and bool(said.allowed) and (said.used or 0) >= (said.allowed or 0)
        worse = said.word in FOR_GOOD and incident.word not in FOR_GOOD
        restarted = before not in FAILED and not by_the_service
        incident.word, incident.used, incident.healthy = said.word, said.used, 0
        return worse or last or restarted

    def _misses(self, task: Task, silent: Silent, limits: Limits, now: datetime) -> bool:
        """Count a check without an answer; whether it is to be told."""
        gap = task.gap = task.gap or Gap(since=now, chain=self._chain())
        told = gap.alone or bool(gap.shared)
        due = not told and gap.checks + 1 >= limits.unreachable_after
        if silent.configuration:
            due = silent.cause not in gap.shared
        if due or not told:
            gap.checks += 1
            gap.cause = silent.cause
        return due

    def _unreachable(
        self,
        silent: Silent,
        gaps: Mapping[str, Gap],
        concerned: Collection[str],
        now: datetime,
        overtaken: Collection[str],
    ) -> None:
        """One cause is one event, as soon as it concerns the monitor or a second watched task."""
        if silent.configuration or len(concerned) > 1:
            for gap in gaps.values():
                gap.shared.add(silent.cause)
            is_open = silent.cause in self.outages
            if not is_open:
                self.outages[silent.cause] = now, self._chain()
            if not is_open or now - self._told_at[silent.cause] > TOLD_JUST_NOW:
                self._told_at[silent.cause] = now
                self._tell(MONITOR, [("unreachable", self.outages[silent.cause][1])], now)
        else:
            for name, gap in gaps.items():
                gap.alone = True
                self._tell(name, [("unreachable", gap.chain)], now, overtaken)

    def _end_outages(self, began: datetime, now: datetime, view: Mapping[str, Task]) -> None:
        """Who thinks that one is over looks again, at what other runs know by now."""
        settled = {cause: chain for cause, (_, chain) in self.outages.items() if self._told_at[cause] < began}
        if settled.keys() <= _held_open(view.values()):
            return
        known = _held_open(self.tasks[name] for name in view if name in self.tasks)
        for cause in sorted(settled.keys() - known):
            del self.outages[cause]
            self._tell(MONITOR, [("reachable", settled[cause])], now)

    def _tell(
        self, task: str, kinds: list[tuple[str, str]], now: datetime, overtaken: Collection[str] = ()
    ) -> None:
        if task in overtaken:
            return
        for place, (kind, chain) in enumerate(kinds):
            again = chain in self._begun
            if kind in {"failed", "unreachable"}:
                self._begun.add(chain)
            told = Told(kind, task, now + timedelta(microseconds=place), chain, again)
            self.events.setdefault(task, []).append(kind)
            self._waiting.append(told)

    def _publish(self, now: datetime) -> None:
        """People hear what no silence holds; when one ends, at most the latest that still matters."""
        over = {scope: quiet for scope, quiet in self.quiet.items() if quiet.until <= now}
        active = {scope: quiet for scope, quiet in self.quiet.items() if quiet.until > now}
        ended = [told for told in self._waiting if _held(told, over) and not _held(told, active)]
        ways: dict[tuple[str, str], list[Told]] = {}
        for told in ended:
            # Outages of different causes are different matters.
            ways.setdefault(_matter(told), []).append(told)
        others = [told for told in self._waiting if not any(told is found for found in ended)]
        dropped = {id(told) for way in ways.values() for told in self._no_longer_matter(way, others)}
        left = [told for told in self._waiting if id(told) not in dropped]
        self._waiting = [told for told in left if _held(told, active)]
        for told in sorted((told for told in left if not _held(told, active)), key=lambda told: told.at):
            self.alerts.setdefault(told.task, []).append(told.kind)
        self.quiet = active

    def _no_longer_matter(self, way: list[Told], others: list[Told]) -> list[Told]:
        for latest in sorted(way, key=lambda told: told.at, reverse=True):
            if self._matters(latest, way, others):
                return [told for told in way if told is not latest]
        return way

    def _matters(self, told: Told, way: list[Told], others: list[Told]) -> bool:
        task = self.tasks.get(told.task, Task())
        # People are told of no end without its beginning.
        ends = {found.chain for found in others if found.kind in {"recovered", "reachable", "finished"}}
        if told.kind in {"failed", "unreachable"} and not told.again and told.chain in ends:
            return True
        match told.kind:
            case "failed" if not told.again and task.incident and task.incident.chain == told.chain:
                return True
            case "failed" | "reminder" | "retrying":
                return task.word in FAILED | WAITING
            case "resume_deadline":
                return task.word in FAILED | {"Stopped"}
            case "stopped":
                return task.word == "Stopped"
            case "finished" if task.word in FINISHED or not told.chain:
                return task.word in FINISHED
            case "unknown_status":
                return task.word not in KNOWN
            case "unreachable" if told.task == MONITOR:
                return any(told.chain == chain for _, chain in self.outages.values())
            case "unreachable":
                return task.gap is not None
            case _:  # An end: of what people were told before the silence.
                return not any(
                    begun.chain == told.chain and not begun.again
                    for begun in way
                    if begun.kind in {"failed", "unreachable"}
                )

    def _chain(self) -> str:
        self._chains += 1
        return f"chain {self._chains}"


def _no_failure(task: Task, before: str, limits: Limits, now: datetime) -> Iterator[tuple[str, str]]:
    if task.word in FINISHED:
        if before not in FINISHED:
            yield "finished", task.incident.chain if task.incident else ""
        task.incident = None
    elif task.word == "Stopped":
        task.incident = None
        if not task.stop_told and now - (task.since or now) >= limits.stopped_grace:
            task.stop_told = True
            yield "stopped", ""
    elif task.word == "RetryPending" and before != "RetryPending" and not task.incident:
        yield "retrying", ""


def _recovery(task: Task, limits: Limits) -> Iterator[tuple[str, str]]:
    if task.incident:
        healthy = task.word in HEALTHY
        task.incident.healthy = task.incident.healthy + 1 if healthy else 0
        if healthy and task.incident.healthy >= limits.recovered_after:
            yield "recovered", task.incident.chain
            task.incident = None


def _what_lasts(task: Task, limits: Limits, now: datetime) -> Iterator[tuple[str, str]]:
    since = task.since or now
    down = task.word in {"Stopped", *FAILED - FOR_GOOD}
    if down and limits.resume_within:
        marks = sum((now - since) / limits.resume_within >= share for share in (0.5, 0.8, 0.95))
        if marks > task.marks:
            task.marks = marks
            yield "resume_deadline", task.incident.chain if task.incident else ""
    incident = task.incident
    if incident and task.word not in HEALTHY:
        passed = sum(now - incident.since >= due for due in REMIND_AFTER)
        if passed > incident.reminded:
            incident.reminded = passed
            yield "reminder", incident.chain


def _matter(told: Told) -> tuple[str, str]:
    """Each outage, and whether a task can be reached, are matters of their own, and so is an unknown word."""
    if told.task == MONITOR:
        return told.task, told.chain
    return told.task, {"reachable": "reach", "unreachable": "reach", "unknown_status": "word"}.get(
        told.kind, ""
    )


def _held_open(tasks: Iterable[Task]) -> set[str]:
    return {cause for task in tasks if task.gap for cause in task.gap.shared}


def _held(told: Told, silences: Mapping[str, Quiet]) -> bool:
    return any(quiet.covers(told, scope) for scope, quiet in silences.items())


def with_own(limits: Limits, own: Mapping[str, float]) -> Limits:
    """The general thresholds with a task's own in their place."""
    changes: dict[str, object] = {
        "unreachable_after": own.get("unreachable_after_checks"),
        "recovered_after": own.get("recovered_after_checks"),
    }
    if "stopped_grace_minutes" in own:
        changes["stopped_grace"] = timedelta(minutes=own["stopped_grace_minutes"])
    if "resume_within_days" in own:
        changes["resume_within"] = timedelta(days=own["resume_within_days"])
    return replace(limits, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]
