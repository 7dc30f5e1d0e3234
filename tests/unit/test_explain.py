"""Explanations: what each rule waits for, and what was told where."""

from datetime import timedelta

import pytest

from tests.walk import MINUTE, NOON, ORDERS, Answer, Walk, X
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Observation, Progress
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Now, Wait
from udts_monitor.query.explain import sentence_of, waits_of
from udts_monitor.query.overview import overview
from udts_monitor.query.stored import HistoryEvent, LastRun, Stored
from udts_monitor.query.told import Why, told

HOUR = timedelta(hours=1)


LOADING = Observation(status="Loading", progress=Progress(total_rows=100, moved_rows=5))


def waited_for(*answers: Answer, policy: Policy | None = None) -> list[str]:
    """What the rules wait for after these checks, a minute after the last."""
    walk = Walk(policy=policy or Policy())
    walk.checks(answers)
    run = LastRun(ran_at=walk.now, policy=walk.policy)
    seen = overview(Stored(states={ORDERS.key: walk.state}, last_run=run), walk.now)
    return [waiting.sentence for waiting in waits_of(seen.tasks[0], walk.now)]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["Syncing"], "failed at the next check that says the task failed"),
        (["Syncing"], "unreachable after 3 checks in a row without an answer"),
        (["Syncing", X, X], "unreachable at the next check without an answer"),
        (["Syncing", X, X, X], "reachable at the next check with an answer"),
        (["Syncing", "Stopped"], "stopped in 19 min unless the task is started again"),
        (["Failed"], "recovered after 3 checks in a row that say loading or syncing"),
        (["Failed", "Syncing", "Syncing"], "recovered at the next check that say loading or syncing"),
        (["Failed"], "reminder in 3 h 59 min unless it ends, or somebody acknowledges "),
        ([LOADING], "stalled in 59 min unless rows move"),
        (["Synced", "Syncing"], "delayed after 3 checks in a row with a delay above 300 s"),
        (["Synced"], "cutover_ready after 2 checks in a row that say it is level"),
        (["Synced"] * 3, "cutover_not_ready after 3 checks in a row that say it is behind"),
        (["Syncing", *["Stopped"] * 22], "resume_deadline in 3 d 11 h unless the task is started again"),
    ],
)
def test_each_rule_says_what_it_waits_for(answers: list[Answer], said: str) -> None:
    """With the time or the number of checks that is left."""
    assert [sentence for sentence in waited_for(*answers) if sentence.startswith(said)], waited_for(*answers)


def test_an_hour_that_is_set_is_waited_for() -> None:
    """Until the task is finished."""
    said = waited_for("Syncing", policy=Policy(max_run_hours=2))
    assert "overdue in 1 h 59 min unless it gets there before" in said


def test_what_notify_on_leaves_out_is_waited_for_and_told_nobody() -> None:
    """It says so beside it."""
    said = waited_for("Syncing", policy=Policy(kinds=frozenset({"finished"})))
    assert all("NOTIFY_ON leaves it out" in sentence for sentence in said)


def test_what_is_due_is_told_at_the_next_check() -> None:
    """No time is negative."""
    assert sentence_of(Wait(kind="stopped", at=NOON), NOON + HOUR) == "stopped at the next check"


def test_what_is_waited_for_happens_then_and_not_before() -> None:
    """The rules' words and their deeds agree: a stop is told in the very minute that is named."""
    walk = Walk().checks(["Syncing", *["Stopped"] * 3])
    (stop,) = [
        wait
        for aspect in ASPECTS
        for wait in aspect.waits(walk.state, _now(walk))
        if wait.kind == Kind.STOPPED
    ]
    assert stop.at
    while walk.now < stop.at:
        walk.check("Stopped")
    assert walk.told == []
    walk.check("Stopped")
    assert walk.told == ["stopped"]


def _now(walk: Walk) -> Now:
    return Now(task=walk.task, policy=walk.policy, now=walk.now)


def event(**more: object) -> HistoryEvent:
    """A failure, as the history keeps it."""
    values: dict[str, object] = {
        "at": NOON,
        "event_id": "a",
        "kind": "failed",
        "severity": "critical",
        "summary": "it failed",
    }
    return HistoryEvent(**{**values, **more})  # type: ignore[arg-type]


def test_what_became_of_an_event_is_said_topic_by_topic() -> None:
    """Told, withheld, or kept back by NOTIFY_ON; nothing is said of a topic it was not meant for."""
    empty = overview(Stored(states={}), NOON)
    said = told(event(published_at={"events": NOON}, withheld_at={"alerts": NOON + MINUTE}), empty)
    assert [(one.topic, one.at, one.why) for one in said] == [
        ("alerts", NOON + MINUTE, Why.WITHHELD),
        ("events", NOON, None),
    ]
    assert told(event(), empty) == ()
    run = LastRun(ran_at=NOON, policy=Policy(kinds=frozenset({"finished"})))
    assert [one.why for one in told(event(), overview(Stored(states={}, last_run=run), NOON))] == [
        Why.KEPT_BACK
    ]
