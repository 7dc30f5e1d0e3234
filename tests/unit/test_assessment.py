"""The decision: the design's table of sequences, and the rules between its lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.walk import MINUTE, NOON, ORDERS, Answer, Walk, X, failed, told
from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.assess import assess
from udts_monitor.decision.event import Action, Kind, Severity
from udts_monitor.decision.lifecycle import MAX_UNKNOWN_WORDS
from udts_monitor.decision.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.rule import Aspect, CheckContext, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import OUTCOMES, Outcome, outcome_of
from udts_monitor.task import TaskRef

REFUSED = NoAnswer(cause="RetCode 294", reason="address refused", configuration=True)


def case(sentence: str, answers: list[Answer], *events: str) -> object:
    """A row of the table; its id is a sentence."""
    return pytest.param(answers, list(events), id=sentence)


TABLE = [
    case("a full load that finishes", ["Dumping", "Loading", "Done"], "finished"),
    case("a failure is told once", ["Dumping", "Failed", "Failed"], "failed"),
    case("a failure at first sight is told", ["Failed"], "failed"),
    case("a finish at first sight is told", ["Done"], "finished"),
    case("a healthy task at first sight is not", ["Syncing"]),
    case("level and behind in turn is silent", ["Syncing", "Synced", "Syncing", "Synced"]),
    case(
        "a failure and its recovery",
        ["Syncing", "Failed", "Starting", "Syncing", "Syncing", "Syncing"],
        "failed",
        "recovered",
    ),
    case(
        "a failed automatic retry belongs to the incident",
        ["Syncing", failed(0, 3), "RetryPending", failed(1, 3)],
        "failed",
    ),
    case("the last retry failed", [failed(2, 3), "RetryPending", failed(3, 3)], "failed", "failed"),
    case("a failure becomes final", ["Failed", "FailedUnrecoverable"], "failed", "failed"),
    case("a restart that finishes", ["Failed", "Starting", "Dumping", "Done"], "failed", "finished"),
    case("a restart by hand that fails", ["Failed", "Starting", "Failed"], "failed", "failed"),
    case("two words for one finish", ["Loading", "Success", "Done"], "finished"),
    case("finished twice", ["Done", "Starting", "Dumping", "Done"], "finished", "finished"),
    case("two checks without an answer", ["Syncing", X, X, "Syncing"]),
    case("three without", ["Syncing", X, X, X, "Syncing"], "unreachable", "reachable"),
    case("out of reach, then failed", ["Syncing", X, X, X, "Failed"], "unreachable", "reachable", "failed"),
    case("a long stop", ["Syncing", "Stopping", *["Stopped"] * 21], "stopped"),
    case("a short stop", ["Syncing", "Stopped", "Starting", "Syncing"]),
    case("a retry that works", ["Syncing", "RetryPending", *["Syncing"] * 3], "retrying", "recovered"),
    case("a retry that fails", ["Syncing", "RetryPending", failed(1, 3)], "retrying", "failed"),
    case("out of reach for an hour", ["Syncing", *[X] * 61], "unreachable", "reminder"),
    case(
        "a long stop that ends",
        ["Syncing", *["Stopped"] * 21, "Starting", *["Syncing"] * 3],
        "stopped",
        "recovered",
    ),
    case(
        "a stop does not end an incident",
        ["Failed", "Stopped", "Starting", *["Syncing"] * 3],
        "failed",
        "recovered",
    ),
    case(
        "a long stop within an incident",
        ["Failed", *["Stopped"] * 21, "Starting", *["Syncing"] * 3],
        "failed",
        "stopped",
        "recovered",
    ),
    case("preparing is no recovery", ["Failed", "Starting", "Checking", "Checking", "Checking"], "failed"),
    case("finished, an unknown word, finished", ["Done", "Archiving", "Done"], "finished", "unknown_status"),
    case("failed, an unknown word, failed", ["Failed", "Odd", "Failed"], "failed", "unknown_status"),
    case("a new word", ["Syncing", "Frobnicating", "Frobnicating", "Syncing"], "unknown_status"),
    # Between the lines of the table.
    case("an unrecoverable failure that calms down", ["FailedUnrecoverable", "Failed"], "failed"),
    case("a stop that became final", ["Stopped", "StoppedUnrecoverable"], "failed"),
    case("no answer while failed", ["Failed", X, "Failed"], "failed"),
    case("out of reach while failed", ["Failed", X, X, X, X, "Failed"], "failed", "unreachable", "reachable"),
    case(
        "retries fail one after the other",
        [failed(0, 3), failed(1, 3), failed(2, 3), failed(3, 3), failed(3, 3)],
        "failed",
        "failed",
    ),
    case(
        "a retry that ends for good",
        [
            failed(0, 3),
            "RetryPending",
            Observation(status="FailedUnrecoverable", retries_used=1, retries_allowed=3),
        ],
        "failed",
        "failed",
    ),
    case("a retry without counts is the service's own", ["Failed", "RetryPending", "Failed"], "failed"),
    case(
        "a retry that seemed to work belongs to the incident",
        [failed(0, 3), "RetryPending", "Syncing", "Syncing", failed(1, 3)],
        "failed",
    ),
    case(
        "a failure after the recovery is a new one",
        [failed(0, 3), "RetryPending", "Syncing", "Syncing", "Syncing", failed(1, 3)],
        "failed",
        "recovered",
        "failed",
    ),
    case(
        "restarted after the retries were used up",
        [failed(3, 3), "Starting", failed(0, 3)],
        "failed",
        "failed",
    ),
    case(
        "healthy in a row means in a row",
        ["Failed", "Starting", "Syncing", "RetryPending", "Syncing", "Syncing"],
        "failed",
    ),
    case(
        "a check without an answer does not count against the row",
        ["Failed", "Syncing", X, "Syncing", X, "Starting", "Syncing"],
        "failed",
        "recovered",
    ),
    case("told out of reach once", [X, X, X, X, X, X, "Created"], "unreachable", "reachable"),
    case("each new word once", ["Foo", "Bar", "Foo", "Bar"], "unknown_status", "unknown_status"),
    case("a refused address at once", ["Syncing", REFUSED, REFUSED, REFUSED], "unreachable"),
    case(
        "a refused address while out of reach",
        [X, X, X, REFUSED, REFUSED, REFUSED, "Syncing"],
        "unreachable",
        "unreachable",
        "reachable",
        "reachable",
    ),
    case(
        "retries of one incident are news once",
        ["Syncing", "RetryPending", "RetryPending", "Syncing", "RetryPending", "Failed"],
        "retrying",
        "failed",
    ),
    case("a reason that comes late", ["Failed", failed(0, 0, "disk full"), "Failed"], "failed", "failed"),
    case(
        "for good, then not, then for good again",
        ["FailedUnrecoverable", "Failed", "FailedUnrecoverable"],
        "failed",
    ),
    case(
        "retries used up in an old incident are not a new one's",
        [failed(3, 3), *["Syncing"] * 3, "Failed", "Failed"],
        "failed",
        "recovered",
        "failed",
    ),
]


@pytest.mark.parametrize(("answers", "events"), TABLE)
def test_a_sequence_of_checks_tells(answers: list[Answer], events: list[str]) -> None:
    """Each row of the design's table, one check a minute, tells exactly these events in this order."""
    assert told(*answers) == events


@pytest.mark.parametrize(
    ("policy", "answers", "events"),
    [
        (Policy(stopped_grace_minutes=0), ["Syncing", "Stopped"], ["stopped"]),
        (Policy(recovered_after_checks=0), ["Failed", "Starting", "Syncing"], ["failed", "recovered"]),
        (Policy(unreachable_after_checks=0), ["Syncing", X], ["unreachable"]),
    ],
    ids=["stopped", "recovered", "unreachable"],
)
def test_a_threshold_of_0_means_at_once(policy: Policy, answers: list[Answer], events: list[str]) -> None:
    """0 is not "never": the first check decides."""
    assert told(*answers, policy=policy) == events


def test_a_stop_is_told_when_its_grace_is_over_and_not_a_check_earlier() -> None:
    """The grace runs from the first check that saw Stopped, not from Stopping."""
    walk = Walk().checks(["Syncing", "Stopping", "Stopping"])
    stopped_at = walk.now
    while not walk.events:
        walk.check("Stopped")
    assert walk.events[0].time - stopped_at == timedelta(minutes=20, microseconds=1)
    assert walk.events[0].since == stopped_at
    assert walk.events[0].resume_until == stopped_at + timedelta(days=7)


def test_a_second_stop_is_told_again() -> None:
    """The flag belongs to the stop, not to the task."""
    policy = Policy(stopped_grace_minutes=0)
    assert told("Stopped", "Starting", "Stopped", policy=policy) == ["stopped", "stopped"]


def test_a_task_may_set_its_own_thresholds() -> None:
    """The general thresholds apply where the task sets none."""
    task = TaskRef(task_id="udts-1", thresholds={"stopped_grace_minutes": 0, "unreachable_after_checks": 1})
    policy = Policy(recovered_after_checks=7).for_task(task)
    assert policy == Policy(stopped_grace_minutes=0, unreachable_after_checks=1, recovered_after_checks=7)


def test_an_unchanged_task_has_nothing_to_save() -> None:
    """The same answer twice leads to the very same state: no write."""
    walk = Walk()
    walk.check("Syncing")
    assert not walk.check("Syncing").changed


def test_a_task_out_of_reach_has_nothing_to_save_once_that_is_told() -> None:
    """An outage of hours costs no writes."""
    walk = Walk().checks(["Syncing", X, X, X])
    assert not walk.check(X).changed


def test_no_answer_never_changes_a_status() -> None:
    """Whatever was known stays known."""
    walk = Walk().checks(["Syncing"])
    known = walk.state
    walk.checks([X, X, X, REFUSED])
    assert (walk.state.status, walk.state.since) == (known.status, known.since)


def test_all_events_of_an_incident_share_its_id() -> None:
    """From the failure over its worsening to the recovery."""
    walk = Walk().checks(["Syncing", "Failed", "FailedUnrecoverable", *["Syncing"] * 3])
    assert walk.told == ["failed", "failed", "recovered"]
    assert {event.incident_id for event in walk.events} == {walk.events[0].id}
    assert {event.incident_since for event in walk.events} == {NOON + MINUTE}


def test_a_finish_says_which_incident_it_ends() -> None:
    """Finished after a failure is other news than finished."""
    walk = Walk().checks(["Failed", "Starting", "Done", "Starting", "Done"])
    assert [event.incident_id for event in walk.events] == [walk.events[0].id, walk.events[0].id, ""]


def test_only_a_stop_has_a_time_to_resume() -> None:
    """Seven days are documented of a paused task, and of no other."""
    walk = Walk(policy=Policy(stopped_grace_minutes=0)).checks(["Failed", "FailedUnrecoverable", "Stopped"])
    assert [event.resume_until for event in walk.events] == [
        None,
        None,
        walk.now + timedelta(days=7) - MINUTE,
    ]


def test_the_reason_is_ucloud_s_own() -> None:
    """Verbatim, where there is one; that retries are used up is told by their counts."""
    walk = Walk().checks([failed(0, 3, "Error 1236: purged"), "RetryPending", failed(3, 3)])
    assert [event.reason for event in walk.events] == ["Error 1236: purged", ""]


def test_a_reminder_knows_the_reason_although_the_task_waits_for_its_start_by_now() -> None:
    """One that has forgotten it would give other advice than the failure did."""
    walk = Walk()
    walk.check(failed(0, 0, "Error 1236: purged"), after=timedelta(hours=5))
    walk.check("Starting")
    assert [(event.kind, event.reason) for event in walk.events] == [
        (Kind.FAILED, "Error 1236: purged"),
        (Kind.REMINDER, "Error 1236: purged"),
    ]


def test_a_failure_tells_how_far_the_load_was() -> None:
    """A failed task no longer reports progress: the last known figures stay."""
    progress = Progress(total_rows=100, moved_rows=42)
    walk = Walk().checks([Observation(status="Loading", progress=progress), "Failed"])
    assert walk.events[0].progress == progress


def test_ids_are_deterministic_and_times_keep_the_order() -> None:
    """The same state and answer bring forth the same ids: a repeat after a crash is recognisable."""
    walk = Walk().checks(["Syncing", X, X, X])
    twice = [assess(walk.state, ORDERS, Observation(status="Failed"), Policy(), walk.now) for _ in range(2)]
    assert twice[0] == twice[1]
    first, second = twice[0].events
    assert (first.kind, second.kind) == ("reachable", "failed")
    assert first.id == f"{ORDERS.key}/v{walk.state.version + 1}/reachable"
    assert walk.now < first.time < second.time


def test_a_failure_is_critical_and_a_finish_is_not() -> None:
    """Severity follows the kind."""
    assert [event.severity for event in Walk().checks(["Failed", "Done"]).events] == [
        Severity.CRITICAL,
        Severity.INFO,
    ]


def at_hours(status: str, hours: Iterable[float], policy: Policy | None = None) -> list[tuple[float, str]]:
    """What is told of a status that lasts, checked at these hours: hours and kind."""
    walk = Walk(policy=policy or Policy())
    for hour in hours:
        walk.now = NOON + timedelta(hours=hour)
        walk.check(status)
    return [((event.time - NOON) // MINUTE / 60, str(event.kind)) for event in walk.events]


def test_an_incident_that_lasts_is_told_again_seven_times_and_no_more() -> None:
    """After 4 hours, a day and then daily; after a week the last word was said."""
    told_at = at_hours("FailedUnrecoverable", range(24 * 20))
    assert told_at == [(0, "failed"), (4, "reminder"), *[(24 * day, "reminder") for day in range(1, 7)]]


def test_a_reminder_is_as_grave_as_its_incident_and_carries_its_id() -> None:
    """It is the same incident, with the same reason."""
    walk = Walk()
    walk.check(failed(0, 0, "disk full"), after=timedelta(hours=5))
    walk.check(failed(0, 0, "disk full"))
    failure, reminder = walk.events
    assert (reminder.severity, reminder.incident_id) == (Severity.CRITICAL, failure.id)
    assert reminder.reason == "disk full"


def test_a_monitor_that_was_away_reminds_once() -> None:
    """Five reminders missed are one message."""
    assert at_hours("FailedUnrecoverable", [0, 100, 101]) == [(0, "failed"), (100, "reminder")]


def test_a_task_that_runs_again_is_not_reminded_of() -> None:
    """It is about to count as recovered; one that hangs in its start is not."""
    walk = Walk()
    walk.check("Failed", after=timedelta(hours=5))
    walk.check("Syncing")
    assert walk.told == ["failed"]
    walk.check("Starting")
    assert walk.told == ["failed", "reminder"]


def test_the_time_to_resume_a_stop_runs_out_audibly() -> None:
    """At 50, 80 and 95 % of seven days, the last one critical."""
    walk = Walk()
    for _ in range(24 * 10):
        walk.check("Stopped", after=timedelta(hours=1))
    deadlines = [event for event in walk.events if event.kind == "resume_deadline"]
    assert [round((event.time - NOON) / timedelta(days=7), 2) for event in deadlines] == [0.5, 0.8, 0.95]
    assert [str(event.severity) for event in deadlines] == ["warning", "warning", "critical"]
    assert {event.resume_until for event in deadlines} == {NOON + timedelta(days=7)}


def test_the_time_to_resume_runs_out_audibly_although_nobody_can_see_the_task() -> None:
    """Deadlines come with every check, answered or not."""
    walk = Walk(policy=Policy(unreachable_after_checks=10_000))
    walk.check("Stopped")
    for _ in range(24 * 10):
        walk.check(X, after=timedelta(hours=1))
    assert walk.told == ["stopped", *["resume_deadline"] * 3]


def test_a_later_deadline_is_warned_of_anew() -> None:
    """The marks that were told belong to the deadline they were counted for."""
    walk = Walk()
    for _ in range(24 * 7):
        walk.check("Stopped", after=timedelta(hours=1))
    walk.policy = Policy(resume_within_days=14)
    for _ in range(24 * 7):
        walk.check("Stopped", after=timedelta(hours=1))
    assert walk.told.count("resume_deadline") == 6


def test_the_time_to_resume_counts_from_when_the_task_was_last_seen_well() -> None:
    """After a gap of six days nobody knows how much of the seven is left: one at the least."""
    walk = Walk(policy=Policy(stopped_grace_minutes=0)).checks(["Syncing"])
    gap_began = walk.now
    walk.check(X, after=timedelta(days=6))
    walk.check("Stopped")
    assert walk.events[-1].resume_until == gap_began + timedelta(days=7)
    assert not walk.events[-1].resume_at_most


def test_the_time_to_resume_of_a_task_first_seen_stopped_is_known_at_most() -> None:
    """It may have been stopped for days."""
    (event,) = Walk(policy=Policy(stopped_grace_minutes=0)).check("Stopped").events
    assert (event.resume_until, event.resume_at_most) == (NOON + timedelta(days=7), True)


def test_a_restart_winds_the_deadline_up_again() -> None:
    """The time runs from the latest stop."""
    walk = Walk()
    walk.check("Stopped", after=timedelta(days=4))
    walk.check("Stopped")
    walk.check("Syncing")
    walk.check("Stopped", after=timedelta(days=4))
    walk.check("Stopped")
    assert walk.told.count("resume_deadline") == 2


def test_zero_days_to_resume_means_no_deadline() -> None:
    """Who has no limit needs no countdown, and gets no date that has passed."""
    policy = Policy(resume_within_days=0)
    assert [kind for _, kind in at_hours("Stopped", range(500), policy)] == ["stopped"]


def test_a_finish_knows_the_whole_lifecycle() -> None:
    """Time in each outcome, failures on the way, and how long the task could not be seen."""
    walk = Walk().checks(["Starting", "Dumping", "Loading", X, X, "Loading", "Failed", "Starting", "Loading"])
    walk.check("Done")
    lifecycle = walk.events[-1].lifecycle
    assert lifecycle is not None
    assert lifecycle.started_at == NOON
    assert lifecycle.seconds == {"preparing": 120, "loading": 360, "failed": 60}
    assert (lifecycle.failures, lifecycle.unanswered_seconds) == (1, 120)


def test_a_task_that_is_loaded_again_after_its_finish_begins_a_new_lifecycle() -> None:
    """The second load is not blamed for the first."""
    walk = Walk().checks(["Failed", "Done", "Starting", "Dumping", "Done"])
    lifecycle = walk.events[-1].lifecycle
    assert lifecycle is not None
    assert (lifecycle.failures, lifecycle.started_at) == (0, NOON + 2 * MINUTE)


def test_endless_new_words_stop_being_told() -> None:
    """A service that invents words must fill neither the item nor the phone."""
    assert len(told(*[f"Word{number}" for number in range(MAX_UNKNOWN_WORDS + 5)])) == MAX_UNKNOWN_WORDS


def loading(rows: int) -> Observation:
    """Loading, so many rows moved."""
    return Observation(status="Loading", progress=Progress(moved_rows=rows))


def test_progress_is_sampled_at_most_every_five_minutes_and_only_when_it_moved() -> None:
    """Eleven minutes of loading leave the transition and two samples."""
    walk = Walk()
    sampled = [walk.check(loading(rows)).sample for rows in range(11)]
    assert sampled == [False] * 5 + [True] + [False] * 4 + [True]
    assert [walk.check(loading(10)).changed for _ in range(10)] == [False] * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What an aspect remembers that changes with every check."""

    checks: int = 0


def test_what_an_aspect_remembers_keeps_no_sample_waiting() -> None:
    """It is saved whenever it changes, and with it where the task was: the history still gets its points."""

    def counts(before: TaskState, after: TaskState, _at: CheckContext) -> RuleResult:
        return after.remembering("counter", Counted(checks=before.version)), ()

    walk = Walk(aspects=(*ASPECTS, Aspect(name="counter", judge=counts, memory=Counted)))
    assert sum(walk.check(loading(rows)).sample for rows in range(11)) == 2
    assert walk.state.version == 11


def test_a_moving_position_is_sampled_too() -> None:
    """Replication moves by position, not by rows."""
    walk = Walk()
    for place in range(6):
        found = walk.check(Observation(status="Syncing", position=Position(binlog_pos=place)))
    assert found.sample


ANSWERS = st.one_of(
    st.sampled_from(sorted(OUTCOMES)).map(lambda status: Observation(status=status)),
    st.builds(failed, st.integers(0, 3), st.just(3)),
    st.just(Observation(status="Frobnicating")),
    st.just(X),
    st.just(REFUSED),
)
SEQUENCES = st.lists(ANSWERS, max_size=40)


@given(SEQUENCES)
def test_every_entered_failure_and_finish_is_told(answers: list[Observation | NoAnswer]) -> None:
    """Promise 1: whatever comes between, entering Failed without an incident, or a finish, is told."""
    walk = Walk()
    for answer in answers:
        before, already = walk.state, len(walk.events)
        walk.check(answer)
        new = [str(event.kind) for event in walk.events[already:]]
        if isinstance(answer, Observation):
            entered = before.known_outcome is not outcome_of(answer.status)
            finished = entered and answer.outcome is Outcome.FINISHED
            opened = answer.outcome is Outcome.FAILED and "health" not in before.incidents
            assert ("finished" in new) == finished
            assert not opened or "failed" in new


@given(SEQUENCES, st.frozensets(st.sampled_from(sorted(Kind))))
def test_an_incident_is_opened_once_updated_while_open_and_closed_once(
    answers: list[Observation | NoAnswer], kinds: frozenset[str]
) -> None:
    """Promise 5, whatever NOTIFY_ON lets through: no update, reminder or end without its beginning."""
    walk = Walk(policy=Policy(kinds=kinds)).checks(answers)
    opened, closed = set[str](), set[str]()
    for event in walk.events:
        match event.action:
            case Action.OPEN:
                assert event.incident_id == event.id
                assert event.kind in kinds
                opened.add(event.incident_id)
            case Action.UPDATE:
                assert event.incident_id in opened - closed
            case Action.CLOSE:
                assert event.incident_id in event.closes
                assert set(event.closes) <= opened - closed
                closed |= set(event.closes)
            case Action.NONE:
                assert not event.incident_id
    still_open = {found.id for found in walk.state.incidents.values() if found.id}
    assert still_open | {outage.id for outage in walk.outages.values() if outage.begun} == opened - closed


@given(SEQUENCES)
def test_event_ids_never_repeat(answers: list[Observation | NoAnswer]) -> None:
    """An id names one event."""
    ids = [event.id for event in Walk().checks(answers).events]
    assert len(ids) == len(set(ids))


@given(SEQUENCES, ANSWERS)
def test_repeating_an_answer_tells_nothing_new(
    answers: list[Observation | NoAnswer], last: Observation | NoAnswer
) -> None:
    """A healthy system tells nothing twice: the same answer again and again falls silent."""
    walk = Walk().checks(answers)
    for _ in range(4):
        walk.check(last, after=timedelta(0))
    already = len(walk.events)
    assert not walk.check(last, after=timedelta(0)).changed
    assert len(walk.events) == already


def test_a_task_that_never_answered_has_no_outcome() -> None:
    """Unknown is a word we do not know; no word at all is something else."""
    assert TaskState.unseen(NOON).outcome is None


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(["Syncing", "RetryPending", failed(1, 3)], id="a retry that fails"),
        pytest.param(
            ["Failed", *["Stopped"] * 21, "Starting", *["Syncing"] * 3], id="a stop after a failure"
        ),
    ],
)
def test_what_the_table_calls_one_incident_is_one(answers: list[Answer]) -> None:
    """Opened once; what comes after updates or closes it."""
    walk = Walk().checks(answers)
    assert {event.incident_id for event in walk.events} == {walk.events[0].id}
    assert [event.action for event in walk.events].count(Action.OPEN) == 1


def test_what_the_table_says_of_a_failure_and_a_finish_is_in_their_events() -> None:
    """Retries used up, unrecoverable, after a failure; and who is out of sight for an hour is critical."""
    used_up = Walk().checks([failed(2, 3), "RetryPending", failed(3, 3)]).events
    assert [event.retries_exhausted for event in used_up] == [False, True]
    assert Walk().checks(["Failed", "FailedUnrecoverable"]).events[-1].status == "FailedUnrecoverable"
    finish = Walk().checks(["Failed", "Starting", "Dumping", "Done"]).events[-1]
    assert (finish.action, finish.aspect, finish.lifecycle and finish.lifecycle.failures) == (
        Action.CLOSE,
        "health",
        1,
    )
    out_of_sight = Walk().checks(["Syncing", *[X] * 61]).events
    assert [event.severity for event in out_of_sight] == [Severity.WARNING, Severity.CRITICAL]


def test_retries_that_were_used_up_belong_to_their_incident() -> None:
    """UCloud leaves the count out while it is 0: a failure of the next incident says nothing of retries."""
    walk = Walk().checks([failed(3, 3), *["Syncing"] * 3, "Failed"])
    assert walk.told == ["failed", "recovered", "failed"]
    assert [event.retries_exhausted for event in walk.events[::2]] == [True, False]
    assert walk.events[-1].retries_used is None
