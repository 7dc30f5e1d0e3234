"""The query side: what a stored state asks of a person, how long incidents lasted, when nobody looked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.walk import MINUTE, NOON, Answer, Walk, X, failed
from udts_monitor.decision.event import Action, Event, Kind
from udts_monitor.decision.incident import without_incidents
from udts_monitor.decision.observation import Lag, Observation, Progress
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.schedule import Gap, late_at, with_gap
from udts_monitor.decision.state import TaskState
from udts_monitor.outbox.silence import Silence
from udts_monitor.query.concern import Concern
from udts_monitor.query.incidents import incidents_of
from udts_monitor.query.overview import overview
from udts_monitor.query.stored import HistoryEvent, HistoryPoint, LastRun, Stored
from udts_monitor.query.timeline import timeline_of
from udts_monitor.task import TaskRef

STOPPED = ["Syncing", *["Stopped"] * 22]
STANDING = Observation(status="Loading", progress=Progress(percent=5))
SYNCED = ["Syncing", *["Synced"] * 4]


def walked(*answers: Answer, name: str = "orders-db", policy: Policy | None = None) -> Walk:
    """A task of this name after these answers, a minute apart."""
    task = TaskRef(task_id=f"udts-{name}", name=name)
    return Walk(task=task, policy=policy or Policy()).checks(answers)


def stored(*walks: Walk, **more: object) -> Stored:
    """A table with these tasks."""
    states = {walk.task.key: walk.state for walk in walks}
    return replace(Stored(states=states), **more)  # type: ignore[arg-type]


def event_seen(event: Event) -> HistoryEvent:
    """An event as the history keeps it."""
    return HistoryEvent(
        at=event.time,
        event_id=event.id,
        kind=event.kind,
        severity=event.severity,
        summary=event.reason,
        since=event.since,
        aspect=event.aspect,
        incident_id=event.incident_id,
        incident_action=event.action,
        incident_since=event.incident_since,
        closes=event.closes,
    )


@pytest.mark.parametrize(
    ("answers", "concern", "kind"),
    [
        (["Syncing"], Concern.RUNNING, None),
        (["Syncing", failed(0, 3)], Concern.ACT_NOW, Kind.FAILED),
        (["Syncing", failed(0, 3), X, X, X], Concern.ACT_NOW, Kind.FAILED),
        (STOPPED, Concern.ACT_BY, Kind.STOPPED),
        (["Syncing", "Stopped"], Concern.RUNNING, None),
        (["Syncing", X, X], Concern.RUNNING, Kind.UNREACHABLE),
        (["Syncing", X, X, X], Concern.UNSEEN, Kind.UNREACHABLE),
        ([X], Concern.UNSEEN, Kind.UNREACHABLE),
        (["Syncing", "RetryPending"], Concern.LOOK, Kind.RETRYING),
        (["Syncing", "Frobnicating"], Concern.LOOK, Kind.UNKNOWN_STATUS),
        ([STANDING] * 62, Concern.LOOK, Kind.STALLED),
        (SYNCED, Concern.READY, Kind.CUTOVER_READY),
        (["Loading", "Done"], Concern.FINISHED, Kind.FINISHED),
    ],
)
def test_a_state_asks_for_what_a_person_would_do(
    answers: list[Answer], concern: Concern, kind: Kind | None
) -> None:
    """And says it in the words of the message that would be told now."""
    walk = walked(*answers)
    (view,) = overview(stored(walk), walk.now).tasks
    assert (view.concern, view.event and view.event.kind) == (concern, kind)


def test_a_task_that_lags_behind_is_to_be_looked_at() -> None:
    """The status word says nothing of it."""
    late = Observation(status="Syncing", lag=Lag(measured_at=NOON + timedelta(minutes=5), delay_seconds=900))
    (view,) = overview(stored(walked(*SYNCED, *[late] * 4)), NOON).tasks
    assert (view.concern, view.event and view.event.kind) == (Concern.LOOK, Kind.DELAYED)


def test_the_worst_task_stands_first_and_those_no_longer_watched_are_left_out() -> None:
    """Of those to act on by a time, the one whose time ends first."""
    lives: dict[str, list[Answer]] = {
        "well": ["Syncing"],
        "done": ["Loading", "Done"],
        "ready": [*SYNCED],
        "unseen": ["Syncing", X, X, X],
        "stopped": [*STOPPED],
        "failed": ["Syncing", failed(0, 3)],
        "retry": ["Syncing", "RetryPending"],
    }
    walks = [walked(*answers, name=name) for name, answers in lives.items()]
    soon = walked(*STOPPED, name="soon", policy=Policy())
    soon.state = replace(soon.state, task=replace(soon.task, thresholds={"resume_within_days": 1}))
    gone = walked("Syncing", failed(0, 3), name="gone")
    gone.state = without_incidents(gone.state)
    shown = overview(stored(*walks, soon, gone), NOON)
    names = [view.task.name for view in shown.tasks]
    assert names == ["failed", "soon", "stopped", "unseen", "retry", "well", "ready", "done"]
    assert shown.needing_somebody == 5


def test_a_changed_name_owner_or_threshold_reaches_the_table_with_the_next_check() -> None:
    """Whoever only reads the table sees the task as it is configured now, for one write."""
    walk = walked("Syncing", "Syncing")
    walk.task = replace(walk.task, owner="lena")
    assert walk.check("Syncing").changed
    assert walk.state.task == walk.task
    assert not walk.check("Syncing").changed


def test_why_there_is_no_answer_is_kept_with_the_state() -> None:
    """Its first sentence, so that one that differs from check to check costs no write."""
    walk = walked("Syncing", X, replace(X, reason="UCloud did not answer in time, again"))
    assert walk.state.unanswered
    assert walk.state.unanswered.reason == X.reason
    other = replace(X, cause="http_503", reason="UCloud answers HTTP 503")
    walk.check(other)
    assert walk.state.unanswered.reason == other.reason


def test_a_silence_says_which_tasks_it_matches() -> None:
    """And each task which silences hold its messages back; one that is over matches nothing."""
    silence = Silence(scope="-/udts-a", since=NOON, until=NOON + timedelta(hours=1), by="ada")
    walks = [walked("Syncing", name=name) for name in "ab"]
    shown = overview(stored(*walks, silences=(silence,)), NOON)
    assert [view.tasks for view in shown.silences] == [("-/udts-a",)]
    assert {view.task.name: view.silences for view in shown.tasks} == {"a": (silence,), "b": ()}
    assert overview(stored(*walks, silences=(silence,)), silence.until).silences == ()


def test_the_last_run_is_late_after_three_intervals_and_never_before_three_minutes() -> None:
    """The interval is that of the last two runs: nobody tells it."""
    assert late_at(NOON, None) == NOON + 3 * MINUTE
    assert late_at(NOON, NOON - timedelta(seconds=5)) == NOON + 3 * MINUTE
    assert late_at(NOON, NOON - timedelta(hours=1)) == NOON + timedelta(hours=3)
    run = LastRun(ran_at=NOON, previous_run_at=NOON - MINUTE)
    assert not overview(stored(last_run=run), NOON + 2 * MINUTE).is_late
    assert overview(stored(last_run=run), NOON + 3 * MINUTE).is_late
    assert overview(stored(), NOON).is_late


def test_a_time_without_a_run_is_kept_by_the_run_that_ends_it() -> None:
    """The latest twenty of them."""
    gap = Gap(since=NOON, until=NOON + timedelta(hours=1))
    assert with_gap((), NOON, NOON - MINUTE, gap.until) == (gap,)
    assert with_gap((), NOON, NOON - MINUTE, NOON + 2 * MINUTE) == ()
    assert with_gap((), None, None, NOON) == ()
    assert len(with_gap([gap] * 20, NOON, NOON - MINUTE, gap.until)) == 20


def test_an_incident_lasts_from_its_beginning_to_its_end() -> None:
    """Failed at the second check, recovered at the fifth."""
    walk = walked("Syncing", failed(0, 3, "boom"), "Syncing", "Syncing", "Syncing")
    (incident,) = incidents_of(walk.task.key, map(event_seen, walk.events), (), walk.now)
    assert (incident.kinds, incident.severity) == (("failed", "recovered"), "critical")
    assert incident.lasted is not None
    assert round(incident.lasted / MINUTE) == 3
    assert not incident.is_open


def test_an_open_incident_lasts_until_now_and_one_that_ended_without_a_word_has_no_length() -> None:
    """Only the state knows which of the two it is."""
    walk = walked("Syncing", failed(0, 3, "boom"))
    events = list(map(event_seen, walk.events))
    identity = events[0].incident_id
    (incident,) = incidents_of(walk.task.key, events, [identity], NOON + timedelta(hours=2))
    assert incident.is_open
    assert incident.lasted == timedelta(hours=2) - MINUTE
    (ended,) = incidents_of(walk.task.key, events, [], NOON + timedelta(hours=2))
    assert (ended.is_open, ended.ended_at, ended.lasted) == (False, None, None)


def test_a_finish_ends_every_incident_that_was_open() -> None:
    """Its event belongs to one of them, and closes them all."""
    end = HistoryEvent(
        at=NOON,
        event_id="f",
        kind="finished",
        severity="info",
        summary="",
        incident_id="a",
        incident_action=Action.CLOSE,
        closes=("a", "b"),
    )
    begins = [
        replace(
            end, at=NOON - MINUTE, kind="delayed", incident_id=name, incident_action=Action.OPEN, closes=()
        )
        for name in "ab"
    ]
    assert [one.ended_at for one in incidents_of("k", [*begins, end], (), NOON)] == [NOON, NOON]


def test_a_timeline_shows_each_status_for_as_long_as_it_held() -> None:
    """What was before the first change is known from that change."""
    state = replace(TaskState.unseen(NOON - timedelta(days=3)), status="Synced")
    points = [HistoryPoint(at=NOON + 5 * MINUTE, status="Synced", previous_status="Syncing")]
    line = timeline_of(state, points, NOON, NOON + 10 * MINUTE, ())
    assert [(span.status, (span.until - span.since) / MINUTE) for span in line.spans] == [
        ("Syncing", 5),
        ("Synced", 5),
    ]
    (all_along,) = timeline_of(state, (), NOON, NOON + 10 * MINUTE, ()).spans
    assert (all_along.status, all_along.since) == ("Synced", NOON)


def test_a_timeline_begins_where_the_task_was_first_seen() -> None:
    """Nothing is known of it before."""
    state = replace(TaskState.unseen(NOON + 4 * MINUTE), status="Loading")
    points = [HistoryPoint(at=NOON + 4 * MINUTE, status="Loading", previous_status="")]
    (span,) = timeline_of(state, points, NOON, NOON + 10 * MINUTE, ()).spans
    assert span.since == NOON + 4 * MINUTE


def test_times_in_which_nobody_knew_are_gaps() -> None:
    """A time without an answer that is over, one that lasts, and one in which the monitor did not run."""
    over = walked("Syncing", *[X] * 6, "Syncing")
    points = [HistoryPoint(at=NOON + 7 * MINUTE, status="Syncing", unanswered_since=NOON + MINUTE)]
    line = timeline_of(over.state, points, NOON, NOON + 9 * MINUTE, ())
    assert line.gaps == (Gap(since=NOON + MINUTE, until=NOON + 7 * MINUTE),)
    lasts = walked("Syncing", X, X)
    line = timeline_of(lasts.state, (), NOON, NOON + 9 * MINUTE, ())
    assert line.gaps == (Gap(since=NOON + MINUTE, until=NOON + 9 * MINUTE),)
    paused = Gap(since=NOON - timedelta(hours=1), until=NOON + 2 * MINUTE)
    line = timeline_of(walked("Syncing").state, (), NOON, NOON + 9 * MINUTE, (paused,))
    assert line.gaps == (Gap(since=NOON, until=NOON + 2 * MINUTE),)


def test_the_end_of_a_long_time_without_an_answer_is_kept_in_the_history() -> None:
    """Of one as long as the distance of two samples; a blip of a minute is not worth a write."""
    assert walked("Syncing", *[X] * 6).check("Syncing").sample
    assert not walked("Syncing", X).check("Syncing").sample
