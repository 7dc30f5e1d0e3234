"""A second opinion on what has to be told: the table of events of the design, written again from its words.

It remembers as little as it can, knows no table and no lease, and is plain on purpose. Figures (progress,
lag, position) are beyond it: tests/unit walks through the aspects that live on them.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

PREPARING = {"Created", "Checking", "Starting", "Started"}
RUNNING = {"Dumping", "Loading", "Syncing", "Synced"}
FOR_GOOD = {"FailedUnrecoverable", "StoppedUnrecoverable"}
FAILED = {"Failed", *FOR_GOOD}
FINISHED = {"Done", "Success"}
WAITING = {"RetryPending", "Stopping"}
MEANINGS = (PREPARING, RUNNING - {"Syncing", "Synced"}, {"Syncing", "Synced"}, FAILED, FINISHED, WAITING)
KNOWN = PREPARING | RUNNING | FAILED | FINISHED | WAITING | {"Stopped"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = [day * DAY for day in range(1, 7)]
REMIND_OF_A_FAILURE = [4 * HOUR, *DAILY]
REMIND_OF_NO_ANSWER = [HOUR, *DAILY]


@dataclass(frozen=True)
class Said:
    """UCloud's answer: a word, the counts of retries where it gives them, and whether it gives a reason."""

    word: str
    used: int | None = None
    allowed: int | None = None
    reason: bool = False


@dataclass(frozen=True)
class Silent:
    """No answer, and why."""

    cause: str
    configuration: bool = False


@dataclass(frozen=True)
class Limits:
    """The thresholds of one task, as people set them."""

    unreachable_after_checks: float = 3
    recovered_after_checks: float = 3
    stopped_grace_minutes: float = 20
    resume_within_days: float = 7


@dataclass
class Trouble:
    """An incident of a task's health."""

    failed: bool = False
    for_good: bool = False
    used: int | None = None
    reason: bool = False
    critical_since: datetime | None = None
    reminded: int = 0
    running: int = 0
    stop: datetime | None = None
    resume_until: datetime | None = None
    marks: int = 0


@dataclass
class Gap:
    """The time without an answer: told for the task alone or as one of many, or not yet."""

    since: datetime
    checks: int = 0
    cause: str = ""
    told: str = ""
    shared: bool = False
    named: bool = False
    reminded: int | None = None


@dataclass
class Task:
    """What is remembered of a task; ``meant`` is its latest known word, ``since`` the beginning of that.

    ``full_load`` says that it was loading when it last ran: started again, it begins anew, at any time.
    """

    word: str = ""
    meant: str = ""
    full_load: bool = False
    since: datetime | None = None
    seen: datetime | None = None
    trouble: Trouble | None = None
    gap: Gap | None = None
    words: set[str] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=lambda: {"failed": 0, "finished": 0})


@dataclass
class Outage:
    """One cause for several tasks."""

    since: datetime
    told_at: datetime
    reminded: int


@dataclass
class View:
    """What a run reads when it begins."""

    began: datetime
    tasks: dict[str, Task] = field(default_factory=dict)
    outages: dict[str, Outage] = field(default_factory=dict)
    ran_at: datetime | None = None


type Unreached = dict[str, tuple[Silent, Gap]]


class Oracle:
    """Says what ``runs`` have told, by task and, of the monitor itself, by cause."""

    def __init__(self) -> None:
        self.runs = 0
        self.events: dict[str, list[str]] = {}
        self.tasks: dict[str, Task] = {}
        self._outages: dict[str, Outage] = {}
        self._ran_at: datetime | None = None

    def view(self, began: datetime) -> View:
        """What a run that begins now knows."""
        return deepcopy(View(began, self.tasks, self._outages, self._ran_at))

    def run(
        self,
        seen: Mapping[str, Said | Silent],
        limits: Mapping[str, Limits],
        now: datetime,
        late: View | None = None,
        overtaken: Collection[str] = (),
    ) -> None:
        """One run over the watched tasks.

        Args:
            seen: the answer of each watched task.
            limits: its thresholds.
            now: the time of the run.
            late: what it knew, where another run came between.
            overtaken: tasks that the other run changed; this one's own word about them counts only where it
                alone saw a failure or a finish.
        """
        self.runs += 1
        view = late or self.view(now)
        counts = set(seen) - set(overtaken)
        unreached: Unreached = {}
        for name, answer in seen.items():
            task = view.tasks.setdefault(name, Task())
            if isinstance(answer, Silent):
                unreached[name] = answer, _counted(task, answer, view.outages, now)
                continue
            before = dict(task.told)
            told = list(_hear(task, answer, limits[name], now, view.ran_at))
            if name in overtaken and any(
                kind in told and self.tasks[name].told[kind] == before[kind] for kind in before
            ):
                counts.add(name)
                task = view.tasks[name] = deepcopy(self.tasks[name])
                told = list(_hear(task, answer, limits[name], now, view.ran_at))
            self._tell(name, told if name in counts else [])
        alone = self._shared(unreached, view, limits, now)
        for name in unreached:
            told = list(_miss(view.tasks[name], limits[name], now, told_now=name in alone))
            self._tell(name, told if name in counts else [])
        self.tasks |= {name: view.tasks[name] for name in counts}
        self._end_outages(seen, view)
        for name in self.tasks.keys() - seen.keys():
            # No longer watched: its incidents end silently.
            self.tasks[name].gap = self.tasks[name].trouble = None
        self._ran_at = view.began

    def _shared(
        self, unreached: Unreached, view: View, limits: Mapping[str, Limits], now: datetime
    ) -> set[str]:
        """Tell what keeps several tasks from answering as one; the tasks that are to be told alone."""
        due: dict[Silent, list[Gap]] = {}
        for name, (silent, gap) in unreached.items():
            enough = silent.configuration or gap.checks >= limits[name].unreachable_after_checks
            if gap.told != silent.cause and enough:
                due.setdefault(silent, []).append(gap)
        known = dict(view.outages)
        alone: set[str] = set()
        for silent, gaps in due.items():
            for gap in gaps:
                gap.told, gap.checks, gap.shared, gap.named = silent.cause, 0, silent.cause in known, False
        for silent, gaps in due.items():
            members = _members(silent.cause, view, limits)
            if silent.configuration or len(members) > 1:
                first = min(gap.since for gap in gaps)
                among = [unreached[name][1] for name in members & unreached.keys()]
                self._open(silent.cause, first, among, view, now)
            elif silent.cause not in known:
                alone |= members
        for cause, outage in known.items():
            self._tell_again(cause, outage, view, limits, unreached, now)
        return alone

    def _open(self, cause: str, since: datetime, gaps: list[Gap], view: View, now: datetime) -> None:
        if cause not in view.outages:
            opened = Outage(since, now, _passed(REMIND_OF_NO_ANSWER, now - since))
            self._change(cause, None, opened, "unreachable", view)
            _name(gaps)

    def _tell_again(  # noqa: PLR0913, PLR0917 - all that a run knows
        self,
        cause: str,
        outage: Outage,
        view: View,
        watched: Collection[str],
        unreached: Unreached,
        now: datetime,
    ) -> None:
        """Remind of it; or name those who joined since it was told."""
        members = _members(cause, view, watched)
        passed = _passed(REMIND_OF_NO_ANSWER, now - outage.since)
        joined = [unreached[name][1] for name in members & unreached.keys() if not unreached[name][1].named]
        if members and passed > outage.reminded:
            self._change(cause, outage, Outage(outage.since, now, passed), "reminder", view)
            _name(joined)
        elif joined and now - outage.told_at >= HOUR:
            self._change(cause, outage, replace(outage, told_at=now), "unreachable", view)
            _name(joined)

    def _end_outages(self, watched: Collection[str], view: View) -> None:
        """Who thinks that one is over looks again, at what other runs know by now."""

        def over(tasks: Mapping[str, Task]) -> set[str]:
            gaps = [task.gap for name, task in tasks.items() if name in watched]
            return view.outages.keys() - {gap.told for gap in gaps if gap}

        for cause in over(self.tasks) if over(view.tasks) else ():
            self._change(cause, view.outages[cause], None, "reachable", view)

    def _change(self, cause: str, before: Outage | None, after: Outage | None, kind: str, view: View) -> None:
        """An outage begins, is told again or ends, unless another run has changed it meanwhile."""
        if self._outages.get(cause) != before:
            return
        for known in (self._outages, view.outages):
            known.pop(cause, None)
            if after:
                known[cause] = after
        self._tell(cause, [kind])

    def _tell(self, about: str, kinds: list[str]) -> None:
        if kinds:
            self.events.setdefault(about, []).extend(kinds)


def _hear(
    task: Task, said: Said, limits: Limits, now: datetime, previous_run: datetime | None
) -> Iterator[str]:
    """What an answer tells, in the order of telling."""
    gap, before = task.gap, task.meant
    if gap:
        if gap.reminded is not None:
            yield "reachable"
        task.gap = None
    first = not task.word
    task.word = said.word
    if said.word in KNOWN and said.word != before:
        task.meant = said.word
        loading = said.word in {"Dumping", "Loading"}
        task.full_load = loading or (task.full_load and said.word not in RUNNING and before not in FINISHED)
        if _meaning(said.word) != _meaning(before):
            task.since = now
            task.seen = None if first else gap.since if gap else previous_run
    if said.word in FAILED and _failure_is_news(task, before, said, now):
        task.told["failed"] += 1
        yield "failed"
    yield from _stop(task, limits, now)
    if said.word == "RetryPending" and not task.trouble:
        task.trouble = Trouble()
        yield "retrying"
    yield from _recovery(task, said.word, limits)
    yield from _resume_deadline(task, limits, now)
    if said.word in FINISHED and before not in FINISHED:
        task.trouble = None
        task.told["finished"] += 1
        yield "finished"
    if said.word not in KNOWN and said.word not in task.words:
        task.words.add(said.word)
        yield "unknown_status"
    yield from _remind(task, now)


def _miss(task: Task, limits: Limits, now: datetime, *, told_now: bool) -> Iterator[str]:
    """What a check without an answer tells of its task: also what only time brings."""
    gap = task.gap
    if gap and told_now:
        passed = _passed(REMIND_OF_NO_ANSWER, now - gap.since)
        gap.reminded = passed if gap.reminded is None else gap.reminded
        yield "unreachable"
    yield from _stop(task, limits, now)
    yield from _resume_deadline(task, limits, now)
    if gap and gap.reminded is not None and not gap.shared:
        passed = _passed(REMIND_OF_NO_ANSWER, now - gap.since)
        if passed > gap.reminded:
            gap.reminded = passed
            yield "reminder"
    yield from _remind(task, now)


def _failure_is_news(task: Task, before: str, said: Said, now: datetime) -> bool:
    """It is the first, or worse than the last, or a person restarted the task, or it says why at last."""
    trouble = task.trouble = task.trouble or Trouble()
    grew = said.used is not None and said.used > (trouble.used or 0)
    by_the_service = grew or (said.used is None and before == "RetryPending")
    restarted = before not in FAILED and not by_the_service
    last = grew and bool(said.allowed) and (said.used or 0) >= (said.allowed or 0)
    worse = said.word in FOR_GOOD and not trouble.for_good
    news = not trouble.failed or worse or last or restarted
    told = news or (said.reason and not trouble.reason)
    trouble.for_good = said.word in FOR_GOOD or (trouble.for_good and not restarted)
    trouble.reason = said.reason or (trouble.reason and not news)
    trouble.failed, trouble.used, trouble.running = True, said.used, 0
    if told:
        trouble.critical_since = trouble.critical_since or now
    return told


def _stop(task: Task, limits: Limits, now: datetime) -> Iterator[str]:
    since, grace = task.since, timedelta(minutes=limits.stopped_grace_minutes)
    if task.meant == "Stopped" and since and now - since >= grace:
        task.trouble = task.trouble or Trouble()
        if task.trouble.stop != since:
            task.trouble.stop = since
            yield "stopped"


def _recovery(task: Task, word: str, limits: Limits) -> Iterator[str]:
    """Preparing and unknown words neither count nor reset the count."""
    if task.trouble and word in KNOWN - PREPARING:
        task.trouble.running = task.trouble.running + 1 if word in RUNNING else 0
        if word in RUNNING and task.trouble.running >= limits.recovered_after_checks:
            task.trouble = None
            yield "recovered"


def _resume_deadline(task: Task, limits: Limits, now: datetime) -> Iterator[str]:
    """Counted from when the task was last seen well, where nobody looked for more than an hour."""
    trouble, since, within = task.trouble, task.since, limits.resume_within_days * DAY
    if task.meant != "Stopped" or task.full_load or not trouble or not since or not within:
        return
    down = task.seen if task.seen and since - task.seen > HOUR else since
    until = down + within
    if until != trouble.resume_until:
        trouble.resume_until, trouble.marks = until, 0
    marks = _passed([share * within for share in (0.5, 0.8, 0.95)], now - down)
    if marks > trouble.marks:
        trouble.marks = marks
        yield "resume_deadline"


def _remind(task: Task, now: datetime) -> Iterator[str]:
    """Of a critical incident of health that lasts; not of a task that runs again."""
    trouble = task.trouble
    if trouble and trouble.critical_since and task.meant not in RUNNING:
        passed = _passed(REMIND_OF_A_FAILURE, now - trouble.critical_since)
        if passed > trouble.reminded:
            trouble.reminded = passed
            yield "reminder"


def _counted(task: Task, silent: Silent, outages: Collection[str], now: datetime) -> Gap:
    """Until somebody was told any cause counts; afterwards another one counts its own checks in a row."""
    gap = task.gap = task.gap or Gap(since=now)
    if gap.shared and gap.told not in outages:
        # Its outage's end was told: the task is told anew.
        gap.told, gap.shared, gap.named = "", False, False
    if gap.told == silent.cause:
        gap.checks = 0
    elif gap.told and gap.cause != silent.cause:
        gap.checks = 1
    else:
        gap.checks += 1
    gap.cause = silent.cause
    return gap


def _name(gaps: list[Gap]) -> None:
    for gap in gaps:
        gap.shared = gap.named = True


def _members(cause: str, view: View, watched: Collection[str]) -> set[str]:
    """Whoever was told of this cause and has not answered since."""
    return {
        name for name, task in view.tasks.items() if name in watched and task.gap and task.gap.told == cause
    }


def _passed(dues: list[timedelta], time: timedelta) -> int:
    return sum(time >= due for due in dues)


def _meaning(word: str) -> set[str]:
    return next((words for words in MEANINGS if word in words), {word})
