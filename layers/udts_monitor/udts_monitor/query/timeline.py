"""The statuses of a task over time, and the times in which nobody knew them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome, outcome_of
from udts_monitor.query.stored import HistoryPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in one status."""

    since: datetime
    until: datetime
    status: str

    @property
    def outcome(self) -> Outcome:
        """Our reading of the status."""
        return outcome_of(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A task's statuses in a time, oldest first, and over them the times in which nobody knew better."""

    since: datetime
    until: datetime
    spans: tuple[Span, ...]
    gaps: tuple[Gap, ...]


def timeline_of(
    state: TaskState, points: Sequence[HistoryPoint], since: datetime, now: datetime, unwatched: Sequence[Gap]
) -> Timeline:
    """What a task went through.

    Args:
        state: the latest state of the task.
        points: its history since then, oldest first.
        since: the beginning of the time that is asked for.
        now: its end.
        unwatched: the times in which the monitor did not run.
    """
    changes = [point for point in points if point.previous_status is not None]
    first = changes[0].previous_status or "" if changes else state.status
    marks = [(max(since, state.seen_at), first), *((point.at, point.status) for point in changes), (now, "")]
    spans = tuple(
        Span(since=start, until=end, status=status)
        for (start, status), (end, _) in pairwise(marks)
        if status and end > start
    )
    unseen = [Gap(since=point.unanswered_since, until=point.at) for point in points if point.unanswered_since]
    if state.unanswered:
        unseen.append(Gap(since=state.unanswered.since, until=now))
    gaps = (_within(gap, max(since, state.seen_at), now) for gap in (*unseen, *unwatched))
    kept = sorted((gap for gap in gaps if gap.until > gap.since), key=lambda gap: gap.since)
    return Timeline(since=since, until=now, spans=spans, gaps=tuple(kept))


def _within(gap: Gap, since: datetime, until: datetime) -> Gap:
    return Gap(since=max(gap.since, since), until=min(gap.until, until))
