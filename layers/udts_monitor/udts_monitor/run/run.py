"""One run, straight through: read, check, decide and save, publish once, write once."""

import random
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from udts_monitor.decision.assess import Assessment, Missed, assess, gone
from udts_monitor.decision.incident import without_incidents
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import Unreached
from udts_monitor.decision.schedule import is_late
from udts_monitor.decision.state import Listed, TaskState
from udts_monitor.errors import MonitorError, StoreError
from udts_monitor.run.beside import BESIDE_SECONDS, Between, LagReader
from udts_monitor.run.checks import Checker, Checks
from udts_monitor.run.delivery import Delivery
from udts_monitor.run.discovery import discover, is_due
from udts_monitor.run.heartbeat import Heartbeat
from udts_monitor.run.outages import Outages
from udts_monitor.run.ports import MonitorItem, Ports
from udts_monitor.run.saving import Saver
from udts_monitor.run.settings import SERVICE, Limits, RunSettings
from udts_monitor.run.shards import Shard, ranges
from udts_monitor.run.summary import Published, Summary
from udts_monitor.task import MONITOR, NO_PROJECT, TaskRef, WatchList

logger = Logger(service=SERVICE, child=True)


class Run:
    """One run. It shares nothing with other runs but the table: several at once do no harm."""

    def __init__(self, ports: Ports, settings: RunSettings, limits: Limits) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._began = ports.clock()
        self._saver = Saver(ports, settings, limits)
        self._states: dict[str, TaskState] = {}
        self._monitor = MonitorItem()
        self._tasks: dict[str, TaskRef] = {}
        self._listed: Mapping[str, Listed] = {}
        self._listed_at: datetime | None = None
        self._subscribers: Mapping[str, int] | None = None
        self._shards = 0
        self._errors: list[str] = []

    def check_tasks(self, watch: WatchList) -> Summary:
        """Check the tasks, save what changed, publish what is to be told.

        Args:
            watch: what the configuration says.

        Raises:
            StoreError: the table cannot be used.
        """
        self._read()
        self._watch(watch)
        gap = is_late(self._monitor.ran_at, self._monitor.previous_run_at, self._began)
        self._shards = self._put_shards(after_gap=gap)
        checks = self._check(self._listed_anew() if self._shards else self._tasks.values(), after_gap=gap)
        with self._noted():
            self._close_outages()
        with self._noted():
            self._leave_unwatched()
        with self._noted():
            self._outages.note_degraded("metrics", self._lags.refused)
        self._save_again()
        with self._noted():
            self._call_the_roll()
        outbox = Delivery(self._ports, self._settings, self._limits).publish()
        return self._finish(checks, outbox)

    def check_shard(self, watch: WatchList, shard: Shard) -> Summary:
        """Check the watched tasks of a range; what concerns them all, or the monitor, is the scheduled run's.

        Args:
            watch: what the configuration says.
            shard: the range.

        Raises:
            StoreError: the table cannot be used.
        """
        self._read(shard)
        watched = discover(watch, self._states, self._ports.insights, self._limits.checks_until, due=False)
        self._tasks = {task.key: task for task in watched.tasks if shard.holds(task.key)}
        # The run that made the shard may have noted itself in the item by now. And from wherever a shard
        # begins, all its tasks have the same chance where time runs out: a cursor would be a write.
        cursor = random.choice([*self._tasks] or [""])  # noqa: S311 - fairness, no secret
        self._monitor = replace(self._monitor, ran_at=shard.previous_run_at, cursor=cursor)
        checks = self._check(self._tasks.values(), after_gap=shard.after_gap)
        self._save_again()
        outbox = Delivery(self._ports, self._settings, self._limits).publish()
        # What was not published is tried again by every run: that is no reason to check these tasks again.
        return replace(self._summary(checks, outbox), errors=tuple(self._errors))

    def _read(self, shard: Shard | None = None) -> None:
        # The states first: an outage that begins in between is then known, and tasks of it are not mistaken
        # for tasks of one that is over.
        store = self._ports.store
        self._states = store.load_states_between(shard.first, shard.last) if shard else store.load_states()
        self._monitor = store.load_monitor()
        for name, problem in self._monitor.unreadable.items() if shard is None else ():
            text = f"The attribute {name} of the item MONITOR/RUN is no outage, remove it: {problem}"
            self._note_error(MONITOR.key, StoreError(text, transient=False))
        parts = self._ports, self._settings, self._limits
        self._outages = Outages(*parts, self._saver, self._monitor.outages, whole=shard is None)
        self._heartbeat = Heartbeat(*parts, self._monitor, self._began)

    def _watch(self, watch: WatchList) -> None:
        """Find out which tasks to check; those that are gone from their list are left."""
        due = bool(watch.projects) and is_due(self._monitor.listed_at, self._began)
        deadline = min(time.monotonic() + BESIDE_SECONDS, self._limits.checks_until)
        watched = discover(watch, self._states, self._ports.insights, deadline, due=due)
        self._listed_at = self._began if due else self._monitor.listed_at
        self._tasks = {task.key: task for task in watched.tasks}
        self._listed = watched.listed
        self._take_states_along()
        for key, task in watched.gone.items():
            with self._noted():
                self._states[key] = self._saver.save(gone(self._states[key], task, self._ports.clock()))
        with self._noted():
            refused = next(iter(watched.refused.values()), None)
            if due or not watch.projects:
                self._outages.note_degraded("list", refused)

    def _put_shards(self, *, after_gap: bool) -> int:
        """Leave the tasks to shards, where there are more than one run is to check; how many shards."""
        queue, most = self._ports.queue, self._settings.shard_tasks
        if queue is None or len(self._tasks) <= most:
            return 0
        shards = [
            Shard(first=first, last=last, previous_run_at=self._monitor.ran_at, after_gap=after_gap)
            for first, last in ranges(self._tasks.keys(), most)
        ]
        for shard, why in queue.put(shards, self._limits.checks_until):
            about, reason = f"{shard.first} to {shard.last}", f"the queue did not take the shard: {why}"
            logger.error("shard not sent", task=about, cause="shard_queue", reason=reason)
            self._errors.append(f"{about}: {reason}")
        return len(shards)

    def _listed_anew(self) -> list[TaskRef]:
        """Tasks of which a list says what their state does not know: no shard can know it either."""
        return [
            self._tasks[key]
            for key, listed in self._listed.items()
            if key in self._tasks and (key not in self._states or self._states[key].listed != listed)
        ]

    def _check(self, tasks: Iterable[TaskRef], *, after_gap: bool) -> Checks:
        """Check these tasks, save what was seen, and decide what has no answer."""
        self._lags = LagReader(self._ports, self._tasks.values(), self._began, self._limits)
        self._between = Between(self._ports, self._limits, after_gap=after_gap)
        checker = Checker(
            self._ports.ucloud, self._limits, self._settings.max_concurrency, self._save_observation
        )
        checks = checker.check(in_turn(list(tasks), self._states, self._monitor.cursor))
        for task, error in checks.errors:
            self._note_error(task.key, error)
        with self._noted():
            self._save_unanswered(checks.unanswered)
        return checks

    def _save_again(self) -> None:
        for key, lost in self._saver.retry():
            self._note_error(key, lost)

    def _save_observation(self, task: TaskRef, seen: Observation) -> None:
        """Save what was seen, and before it what UCloud's own history says that nobody saw."""
        before = self._before(task)
        seen = replace(seen, lag=self._lags.lag_of(task.key))
        between = self._between.unseen(task, before, seen, self._ports.clock())
        for row in between.missed:
            past = Observation(status=row.status)
            before = self._saver.save(self._assess(task, past, before, at=row.at, seen_afterwards=True))
        seen = self._between.with_prechecks(task, before, seen)

        def reassess(stored: TaskState) -> Assessment:
            found = self._assess(task, seen, stored, entered_at=between.entered_at)
            more = self._between.of_created(task, seen, found)
            return found if more is seen else self._assess(task, more, stored)

        self._states[task.key] = self._saver.save(reassess(before), reassess)

    def _assess(  # noqa: PLR0913 - one check, and how it was come by
        self,
        task: TaskRef,
        answer: Observation | NoAnswer,
        before: TaskState,
        missed: Missed | None = None,
        *,
        at: datetime | None = None,
        seen_afterwards: bool = False,
        entered_at: datetime | None = None,
    ) -> Assessment:
        return assess(
            before,
            task,
            answer,
            self._settings.policy.for_task(task),
            at or self._ports.clock(),
            missed=missed,
            previous_run_at=self._monitor.ran_at,
            listed=self._listed.get(task.key),
            seen_afterwards=seen_afterwards,
            entered_at=entered_at,
        )

    def _before(self, task: TaskRef) -> TaskState:
        return self._states.get(task.key) or TaskState.unseen(self._began)

    def _take_states_along(self) -> None:
        """A task whose project is written otherwise now keeps its state, and with it what was told."""
        left = {key.partition("/")[2]: key for key in self._states if key not in self._tasks}
        for key, task in self._tasks.items():
            if key in self._states or task.task_id not in left:
                continue
            old = left[task.task_id]
            known = self._states.pop(old)
            # The version goes on: it makes the ids of events, and the old spelling may come back.
            before, after = replace(known, version=0), replace(known, version=known.version + 1)
            moved_from = old, known.version
            moved = Assessment(task=task, at=self._began, before=before, after=after, moved_from=moved_from)
            with self._noted():
                self._states[key] = self._saver.save(moved)

    def _save_unanswered(self, unanswered: Sequence[tuple[TaskRef, NoAnswer]]) -> None:
        """Decide what keeps several tasks from answering as one, then save the outages and the tasks."""
        policy = self._settings.policy
        unreached = [
            Unreached(task=task, before=self._before(task), answer=answer, policy=policy.for_task(task))
            for task, answer in unanswered
        ]
        missed = self._outages.decide(unreached, self._watched(self._states))
        assessments = [
            self._assess(found.task, found.answer, found.before, missed[found.task.key])
            for found in unreached
        ]
        with ThreadPoolExecutor(self._settings.max_concurrency) as pool:
            saves = {pool.submit(self._saver.save, found): found.task.key for found in assessments}
        for save, key in saves.items():
            error = save.exception()
            if error:
                self._note_error(key, error)
            else:
                self._states[key] = save.result()

    def _close_outages(self) -> None:
        def stored() -> Iterable[TaskState]:
            return self._watched(self._ports.store.load_states()).values()

        self._outages.close(self._watched(self._states).values(), stored)

    def _leave_unwatched(self) -> None:
        """A task that is no longer watched closes its incidents silently."""
        for key in self._states.keys() - self._tasks.keys():
            before = self._states[key]
            after = without_incidents(before)
            if after is not before:
                project, _, task_id = key.partition("/")
                task = TaskRef(task_id=task_id, project_id="" if project == NO_PROJECT else project)
                self._saver.save(Assessment(task=task, at=self._ports.clock(), before=before, after=after))

    def _watched(self, states: Mapping[str, TaskState]) -> dict[str, TaskState]:
        return {key: states[key] for key in self._tasks if key in states}

    def _call_the_roll(self) -> None:
        if not self._heartbeat.roll_call_is_due:
            return
        # Who listens is part of it.
        self._subscribers = self._count_subscribers(self._errors)
        known = self._monitor.subscribers if self._subscribers is None else self._subscribers
        self._heartbeat.tell_roll_call(list(self._tasks.values()), self._states, known, self._saver)

    def _count_subscribers(self, errors: Collection[str]) -> Mapping[str, int] | None:
        """None where they are not to be counted: an SNS that just failed would take the last seconds."""
        may_count = not errors and time.monotonic() < self._limits.checks_until
        return self._heartbeat.count_subscribers() if may_count else None

    def _finish(self, checks: Checks, outbox: Published) -> Summary:
        """Write the monitor's item, once."""
        subscribers = self._subscribers
        if subscribers is None:
            subscribers = self._count_subscribers((*self._errors, *outbox.errors))
        summary = replace(
            self._summary(checks, outbox),
            subscribers=self._monitor.subscribers if subscribers is None else subscribers,
        )
        self._heartbeat.write(
            summary,
            cursor=checks.skipped[0].key if checks.skipped else "",
            listed_at=self._listed_at,
            counted_now=subscribers is not None,
        )
        return summary

    def _summary(self, checks: Checks, outbox: Published) -> Summary:
        return Summary(
            checked=checks.number,
            no_answer=len(checks.unanswered),
            skipped=len(checks.skipped),
            shards=self._shards,
            events=tuple(self._saver.events),
            outbox=outbox,
            errors=(*self._errors, *outbox.errors),
        )

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What fails in here fails the run in the end; what waits to be published does not wait for it."""
        try:
            yield
        except StoreError as error:
            self._note_error(MONITOR.key, error)

    def _note_error(self, key: str, error: BaseException) -> None:
        known = isinstance(error, MonitorError)
        reason = str(error) if known else f"an unexpected {type(error).__name__}"
        cause = error.cause if isinstance(error, MonitorError) else "unexpected_error"
        # What has words of its own needs no stack.
        stack = None if known else error
        logger.error("task not processed", task=key, cause=cause, reason=reason, exc_info=stack)
        self._errors.append(f"{key}: {reason}")


def in_turn(tasks: Sequence[TaskRef], states: Mapping[str, Any], cursor: str) -> list[TaskRef]:
    """Tasks nobody has seen yet, then the others from where the last run that ran out of time left off."""
    unseen = [task for task in tasks if task.key not in states]
    seen = [task for task in tasks if task.key in states]
    first = next((place for place, task in enumerate(seen) if task.key == cursor), 0)
    return [*unseen, *seen[first:], *seen[:first]]
