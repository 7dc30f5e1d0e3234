"""Save what was decided: at once, again where another run was faster, and later where the table was not able.

An observation exists only here until it is saved: UCloud may show another status at the next check.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.state import TaskState
from udts_monitor.errors import StoreError
from udts_monitor.run.ports import Ports
from udts_monitor.run.render import notifications
from udts_monitor.run.settings import SERVICE, Limits, RunSettings
from udts_monitor.text import truncate

_REASON_LIMIT = 300
_PAUSE_SECONDS = 1.0
# What no later check shows again.
_MUST_REPORT = frozenset({Kind.FAILED, Kind.FINISHED})

logger = Logger(service=SERVICE, child=True)

type Reassess = Callable[[TaskState], Assessment]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaved:
    assessment: Assessment
    reassess: Reassess | None
    error: StoreError

    @property
    def weight(self) -> int:
        """Failures and finishes first, then what else is told, then the rest."""
        kinds = {event.kind for event in self.assessment.events}
        return 0 if kinds & _MUST_REPORT else 1 if kinds else 2


class Saver:
    """Saves the assessments of one run; safe to use from many threads at once."""

    def __init__(self, ports: Ports, settings: RunSettings, limits: Limits) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._lock = threading.Lock()
        # By task, in the order of what happened: what came later builds on what came before it.
        self._unsaved: dict[str, list[_Unsaved]] = {}
        # An attempt that would not be over in time is not begun: a table that hangs takes its timeouts.
        self._slowest = 0.0
        self.events: list[Event] = []

    def save(self, assessment: Assessment, reassess: Reassess | None = None) -> TaskState:
        """Save a change with its notifications, now or, where the table is not able, in ``retry``.

        Args:
            assessment: what a check led to.
            reassess: assesses the same observation on another stored state, None where there is none.

        Returns:
            The task's state as this run knows it now.
        """
        if not assessment.changed:
            return assessment.after
        ahead = self._unsaved.get(assessment.task.key)
        if ahead:
            return self._put_off(assessment, reassess, ahead[0].error)
        began = time.monotonic()
        try:
            return self._save(assessment, reassess)
        except StoreError as error:
            if not error.transient:
                raise
            self._slowest = max(self._slowest, time.monotonic() - began)
            return self._put_off(assessment, reassess, error)

    def retry(self) -> list[tuple[str, StoreError]]:
        """Save what could not be saved yet, weightiest first, until there is no time left.

        Returns:
            What is lost: the task's key and why.
        """
        lost = []
        while self._unsaved and self._seconds_left() > 0:
            waiting, self._unsaved = self._unsaved, {}
            for key, unsaved in sorted(waiting.items(), key=lambda each: min(one.weight for one in each[1])):
                if self._seconds_left() > 0:
                    lost += [(key, error) for error in self._save_again(unsaved)]
                else:
                    self._unsaved[key] = unsaved
            if self._unsaved:
                pause = _PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
                time.sleep(max(0.0, min(self._seconds_left(), pause)))
        return lost + [(key, unsaved[0].error) for key, unsaved in self._unsaved.items()]

    def _save_again(self, unsaved: Iterable[_Unsaved]) -> Iterator[StoreError]:
        for one in unsaved:
            try:
                self.save(one.assessment, one.reassess)
            except StoreError as error:
                yield error

    def _put_off(self, assessment: Assessment, reassess: Reassess | None, error: StoreError) -> TaskState:
        with self._lock:
            unsaved = _Unsaved(assessment=assessment, reassess=reassess, error=error)
            self._unsaved.setdefault(assessment.task.key, []).append(unsaved)
        return assessment.after

    def _seconds_left(self) -> float:
        return self._limits.save_until - self._slowest - time.monotonic()

    def note(self, events: Iterable[Event]) -> None:
        """Events that were saved."""
        with self._lock:
            self.events += events

    def _save(self, assessment: Assessment, reassess: Reassess | None) -> TaskState:
        messages = notifications(assessment.events, self._settings.topics, self._settings)
        if self._ports.store.save(assessment, messages, self._limits.claim):
            _log_change(assessment)
            self.note(assessment.events)
            return assessment.after
        logger.info("another run was faster", task=assessment.task.key)
        stored = self._stored_without(assessment)
        if stored is None or reassess is None:
            return assessment.after
        again = reassess(stored)
        return self._save(again, reassess) if again.changed else again.after

    def _stored_without(self, lost: Assessment) -> TaskState | None:
        """The stored state, when it does not know of a failure or a finish that we saw; otherwise None.

        The other run's answer may be from just before it, or from just after a restart: then nobody but us
        has seen it.
        """
        kinds = {event.kind for event in lost.events} & _MUST_REPORT
        if lost.before.version and not kinds:
            return None
        stored = self._ports.store.load_state(lost.task.key)
        if stored is None:
            # Moved meanwhile to where the configuration names it now: nobody else knows what we saw.
            return TaskState.unseen(lost.at) if kinds else None
        known = lost.before
        untold = (Kind.FAILED in kinds and stored.failures_told == known.failures_told) or (
            Kind.FINISHED in kinds and stored.finishes_told == known.finishes_told
        )
        return stored if untold else None


def _log_change(assessment: Assessment) -> None:
    before, after = assessment.before, assessment.after
    logger.info(
        "task changed",
        task=assessment.task.key,
        previous_status=before.status,
        status=after.status,
        version=after.version,
        events=[str(event.kind) for event in assessment.events],
        reason=truncate(
            "; ".join(event.reason for event in assessment.events if event.reason), _REASON_LIMIT
        ),
    )


def log_no_answer(key: str, answer: NoAnswer) -> None:
    """A check without an answer, as the log says it."""
    logger.warning(
        "no answer", task=key, cause=answer.cause, reason=answer.reason, request_uuid=answer.request_uuid
    )
