"""The questions that are asked of the table, whoever asks: each reads what it needs and no more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from udts_monitor.decision.schedule import Gap
from udts_monitor.query.data import plain_data
from udts_monitor.query.incidents import IncidentView, incidents_of
from udts_monitor.query.overview import Overview, TaskView, find, overview
from udts_monitor.query.stored import History, HistoryEvent, Stored
from udts_monitor.query.timeline import Timeline, timeline_of
from udts_monitor.task import MONITOR

# Histories that are read for one answer; each is a Query.
MOST_HISTORIES = 200


class Source(Protocol):
    """The table. Every method raises StoreError when it cannot be read."""

    def stored(self) -> Stored:
        """The present."""

    def history(self, key: str, since: datetime, now: datetime, *, samples: bool = True) -> History:
        """Of one task, or of the monitor itself."""

    def histories(
        self, keys: Iterable[str], since: datetime, now: datetime, *, samples: bool = False
    ) -> Mapping[str, History]:
        """Of several, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistory:
    """One task in a time."""

    view: TaskView
    history: History
    line: Timeline
    incidents: tuple[IncidentView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """The most urgent tasks, and the monitor itself, in a time.

    Attributes:
        lines: the statuses over time, by key.
        incidents: in no particular order.
        events: each with the key of its task, the monitor's own among them.
    """

    lines: Mapping[str, Timeline]
    incidents: tuple[IncidentView, ...]
    events: tuple[tuple[str, HistoryEvent], ...]


class Answers:
    """What one question is answered with; the present is read once.

    Args:
        source: the table.
        now: the moment of the question.
    """

    def __init__(self, source: Source, now: datetime) -> None:
        self._source = source
        self.now = now

    @cached_property
    def overview(self) -> Overview:
        """The present."""
        return overview(self._source.stored(), self.now)

    def views(self, wanted: str) -> tuple[TaskView, ...]:
        """The tasks that a key, an id or a name means."""
        return find(self.overview.tasks, wanted)

    def task(self, wanted: str, since: datetime) -> TaskHistory | None:
        """One task by key, id or name; None when there is none, or more than one of that name."""
        views = self.views(wanted)
        if len(views) != 1:
            return None
        (view,) = views
        history = self._source.history(view.task.key, since, self.now)
        return TaskHistory(
            view=view,
            history=history,
            line=self._line(view, history),
            incidents=self._incidents(view, history),
        )

    def histories(self, since: datetime) -> Histories:
        """Of the most urgent tasks, without samples, and of the monitor itself."""
        views = self.overview.tasks[:MOST_HISTORIES]
        keys = [view.task.key for view in views]
        found = self._source.histories([*keys, MONITOR.key], since, self.now)
        own = found[MONITOR.key].events
        outages = self.overview.last_run.outages if self.overview.last_run else ()
        incidents = [one for view in views for one in self._incidents(view, found[view.task.key])]
        incidents += incidents_of(MONITOR.key, own, [outage.id for outage in outages], self.now)
        return Histories(
            lines={view.task.key: self._line(view, found[view.task.key]) for view in views},
            incidents=tuple(incidents),
            events=tuple((key, event) for key, history in found.items() for event in history.events),
        )

    def _incidents(self, view: TaskView, history: History) -> tuple[IncidentView, ...]:
        open_now = [incident.id for incident in view.incidents.values()]
        return incidents_of(view.task.key, history.events, open_now, self.now)

    def _line(self, view: TaskView, history: History) -> Timeline:
        last = self.overview.last_run
        gaps = list(last.gaps) if last else []
        if last and self.overview.is_late:
            gaps.append(Gap(since=last.ran_at, until=self.now))
        return timeline_of(view.state, history.points, max(history.since, self._first_seen), self.now, gaps)

    @cached_property
    def _first_seen(self) -> datetime:
        """When the first of the tasks was seen: before it there is nothing to show of any of them."""
        return min((view.state.seen_at for view in self.overview.tasks), default=self.now)


def status_data(found: Overview) -> dict[str, Any]:
    """The present as JSON."""
    return {
        "now": plain_data(found.now),
        "watched": len(found.tasks),
        "needing_somebody": found.needing_somebody,
        "concerns": plain_data(found.concerns),
        "late": found.is_late,
        "late_at": plain_data(found.late_at),
        "last_run": plain_data(found.last_run),
        "tasks": [task_data(view) for view in found.tasks],
        "pending": plain_data(found.pending),
        "silences": plain_data(found.silences),
        "unreadable": plain_data(found.unreadable),
    }


def task_data(view: TaskView) -> dict[str, Any]:
    """One task as JSON."""
    task, state = view.task, view.state
    return {
        "key": task.key,
        "task_id": task.task_id,
        "project_id": task.project_id,
        "name": task.display_name,
        "type": task.type,
        "owner": task.owner,
        "runbook": task.runbook,
        "deadline": plain_data(task.deadline),
        "thresholds": plain_data(task.thresholds),
        "concern": str(view.concern),
        "status": state.status,
        "previous_status": state.previous_status,
        "outcome": plain_data(state.outcome),
        "since": plain_data(state.since),
        "reason": state.failed_message,
        "done": view.done,
        "progress": plain_data(state.progress),
        "position": plain_data(state.position),
        "lag": plain_data(state.lag),
        "measured_end": plain_data(view.measured_end),
        "retries_used": state.retries_used,
        "retries_allowed": state.retries_allowed,
        "resume_until": plain_data(view.resume_until),
        "unanswered": plain_data(state.unanswered),
        "incidents": plain_data(view.incidents),
        "silences": plain_data(view.silences),
    }


def history_data(found: TaskHistory) -> dict[str, Any]:
    """One task in a time as JSON."""
    return {
        "task": task_data(found.view),
        "since": plain_data(found.history.since),
        "points": plain_data(found.history.points),
        "events": plain_data(found.history.events),
        "spans": plain_data(found.line.spans),
        "gaps": plain_data(found.line.gaps),
        "incidents": plain_data(found.incidents),
    }
