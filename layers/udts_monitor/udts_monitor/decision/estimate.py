"""When a full load will end, measured by ourselves, beside what the service says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from udts_monitor.decision.observation import Observation, Progress

# How far back the recent speed looks: what lasts days is not judged by half an hour.
RECENT = timedelta(minutes=30)
_RECENT_SHARE = 0.2
_POINTS_IN_RECENT = 6
# Less says nothing yet.
SHORTEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How much of the load was done at one moment, from 0 to 1."""

    at: datetime
    done: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """When the load will end.

    Attributes:
        earliest: at the faster of the recent and the whole load's speed.
        latest: at the slower of them.
        service: what UCloud says, None when it says nothing.
    """

    earliest: datetime
    latest: datetime
    service: datetime | None = None

    @property
    def middle(self) -> datetime:
        """Half-way between the two."""
        return self.earliest + (self.latest - self.earliest) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateScore:
    """How far off the estimates of half-way were, as a share of the time that was left then.

    Attributes:
        at: when the load was half done.
        ours: above 0 when the load took longer than we said.
        service: the same for UCloud's own estimate, None when it gave none.
    """

    at: datetime
    ours: float
    service: float | None = None


def done_of(progress: Progress | None) -> float | None:
    """The share of the load that is done, by rows or else by percent; None when nobody can say."""
    if progress is None:
        return None
    if progress.total_rows and progress.moved_rows is not None:
        return min(1.0, max(0.0, progress.moved_rows / progress.total_rows))
    return None if progress.percent is None else min(1.0, max(0.0, progress.percent / 100))


def with_point(points: Sequence[Point], point: Point) -> tuple[Point, ...]:
    """The first, the last from before the recent time, some of that time, and the new one."""
    first = points[0] if points else point
    recent = _recent(point.at - first.at)
    kept = [first]
    for known in points[1:]:
        far = known.at - kept[-1].at >= recent / _POINTS_IN_RECENT
        if point.at - known.at >= recent:
            kept = [first, known]
        elif far or known is points[-1]:
            kept.append(known)
    return tuple(dict.fromkeys([*kept, point]))


def measured_end(points: Sequence[Point], seen: Observation, now: datetime) -> Estimate | None:
    """By the recent and by the whole load's speed; None while it is too early or nothing moves."""
    done = done_of(seen.progress)
    if not points or done is None or now - points[0].at < SHORTEST:
        return None
    before_recent = [point for point in points if now - point.at >= _recent(now - points[0].at)]
    starts = {points[0], before_recent[-1] if before_recent else points[0]}
    ends = [
        now + (now - start.at) * ((1 - done) / (done - start.done)) for start in starts if done > start.done
    ]
    if not ends:
        return None
    return Estimate(earliest=min(ends), latest=max(ends), service=_service_end(seen.progress, now))


def _recent(elapsed: timedelta) -> timedelta:
    return max(RECENT, elapsed * _RECENT_SHARE)


def score(half_way: datetime, estimate: Estimate, ended: datetime) -> EstimateScore | None:
    """How far off an estimate of half-way was; None when the load ended at once."""
    left = ended - half_way
    if left <= timedelta(0):
        return None
    service = None if estimate.service is None else (ended - estimate.service) / left
    return EstimateScore(
        at=half_way,
        ours=round((ended - estimate.middle) / left, 3),
        service=None if service is None else round(service, 3),
    )


def _service_end(progress: Progress | None, now: datetime) -> datetime | None:
    if progress is None or not progress.total_seconds or progress.elapsed_seconds is None:
        return None
    left = float(progress.total_seconds) - float(progress.elapsed_seconds)
    # Beyond a year it is no estimate.
    return now + timedelta(seconds=max(0.0, left)) if left < timedelta(days=366).total_seconds() else None
