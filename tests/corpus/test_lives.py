"""The corpus is what it says: repeatable, of every variety, and its truth agrees with what was lived."""

import os
import subprocess
import sys
from functools import cache
from itertools import pairwise

import pytest

from local.template import PROJECT
from tests.corpus.life import KINDS, Life, Window
from tests.corpus.lives import PLANS, life
from tests.corpus.plan import Plan
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.status import OUTCOMES, Outcome, outcome_of

# What issue and design name; each in more than one life.
VARIETIES = (
    *("mysql", "redis", "mongodb", "integration"),
    *("full", "incremental", "full+incremental", "two-way"),
    *("idle", "slow", "steady", "bursty", "daily", "week-long", "idle source ages"),
    *("load: steady", "load: slowing", "load: tables", "wrong estimate"),
    *("jitter", "NoChecks", "counters stand still", "jumping percents", "ClockOff"),
    *("late metrics", "NoMetrics", "Lie", "no metrics at all"),
    *("spikes", "frozen", "nothing remains", "nothing is written"),
    *("seldom checked", "what it repeats"),
    *("Hang", "Slow", "Fail", "Stop", "Reset", "NoAnswers", "healthy"),
)
ENDS = {"progressing": "stalled", "caught_up": "delayed", "reachable": "unreachable"}
WARNINGS = frozenset(KINDS) - {
    "finished",
    "cutover_ready",
    "progressing",
    "caught_up",
    "recovered",
    "reachable",
}


# What holds for each life is seen of thirty in `make test`, of the others in `make soak`.
EACH = [
    pytest.param(plan, id=plan.name, marks=[pytest.mark.soak] if place % 9 else [])
    for place, plan in enumerate(PLANS)
]


@pytest.fixture(scope="module", params=EACH)
def plan(request: pytest.FixtureRequest) -> Plan:
    """Each plan of the corpus."""
    assert isinstance(request.param, Plan)
    return request.param


@pytest.fixture(scope="module")
def lived(plan: Plan) -> Life:
    """Its life."""
    return life(plan)


def windows(lived: Life, *kinds: str) -> list[Window]:
    """What is expected of these kinds, in order."""
    found = [window for window in lived.expected if window.kind in kinds]
    return sorted(found, key=lambda window: window.earliest)


def observed(lived: Life) -> dict[int, Observation]:
    """What each answered check saw, by minute."""
    return {check.minute: check.answer for check in lived.checks if isinstance(check.answer, Observation)}


# --- The corpus -----------------------------------------------------------------------------------


def test_there_are_at_least_a_hundred_lives_of_different_names() -> None:
    """The name is the seed: two of a name would be one life."""
    assert len({plan.name for plan in PLANS}) == len(PLANS) >= 100


@cache
def short_lives() -> list[Life]:
    """All lives of less than a week; making them takes a while."""
    return [life(plan) for plan in PLANS if plan.minutes < 2000]


def test_every_variety_is_lived_more_than_once() -> None:
    """So that no rule is tuned to one life."""
    short = short_lives()
    long = [plan for plan in PLANS if plan.minutes >= 2000]
    counts = {name: sum(name in lived.varieties for lived in short) for name in VARIETIES}
    assert len(long) >= 2
    assert {name for name, count in counts.items() if count < 2} == {"week-long"}


def test_every_kind_is_expected_more_than_once_and_false_somewhere() -> None:
    """A kind that is never expected cannot be missed, one that may always be told is never false."""
    short = short_lives()
    assert {kind for kind in KINDS if sum(bool(windows(lived, kind)) for lived in short) < 2} == set()
    for kind in KINDS:
        assert sum(any(lived.false_minutes(kind)) for lived in short) > len(short) / 2


def test_a_life_is_the_same_in_every_process() -> None:
    """Whatever order Python gives its sets there."""
    script = (
        "from tests.corpus.lives import PLANS, life\n"
        "import hashlib\n"
        "lives = [life(plan) for plan in PLANS[::10] if plan.minutes < 2000]\n"
        "told = [(each.checks, each.expected, each.tolerated, each.history) for each in lives]\n"
        "print(hashlib.sha256(repr(told).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


# --- Each life ------------------------------------------------------------------------------------


def test_checks_are_in_order_and_show_what_the_service_can_say(lived: Life) -> None:
    """Words of the table, figures from zero, percents of a hundred, and metrics that are fresh."""
    assert all(before.minute < after.minute for before, after in pairwise(lived.checks))
    for check in lived.checks:
        if check.lag:
            assert 0 <= (check.at - check.lag.measured_at).total_seconds() <= 600
            assert (check.lag.remaining_bytes or 0) >= 0
            assert (check.lag.delay_seconds or 0) >= 0
    for answer in observed(lived).values():
        assert answer.status in OUTCOMES
        assert answer.progress is None or 0 <= (answer.progress.percent or 0) <= 100


def test_rows_and_positions_only_move_forwards(lived: Life) -> None:
    """But for a load that begins anew."""
    last_rows, last_position = -1.0, ("", -1.0)
    for answer in observed(lived).values():
        rows = answer.progress.moved_rows if answer.progress else None
        if answer.outcome != Outcome.LOADING:
            last_rows = -1.0
        elif rows is not None:
            assert rows >= last_rows
            last_rows = rows
        if answer.outcome != Outcome.SYNCING:
            # What was done last may be done once more.
            last_position = ("", -1.0)
        elif answer.position:
            position = (answer.position.binlog_name, float(answer.position.binlog_pos or 0))
            assert position >= last_position
            last_position = position


def test_windows_lie_in_the_life_and_never_two_of_a_kind_at_once(lived: Life) -> None:
    """Otherwise one event would be two expected ones."""
    for kind in KINDS:
        own = windows(lived, kind)
        assert all(0 <= window.earliest <= window.latest <= lived.minutes + 30 for window in own)
        assert all(before.latest < after.earliest for before, after in pairwise(own))
    assert {window.kind for window in (*lived.expected, *lived.tolerated)} <= set(KINDS)


def test_every_end_that_is_expected_follows_its_beginning(lived: Life) -> None:
    """Whatever is told to have begun is told to have ended, and nothing else is."""
    for end, begin in ENDS.items():
        begun = windows(lived, begin)
        ended = windows(lived, end)
        assert len(begun) - 1 <= len(ended) <= len(begun)
        assert all(one.earliest < other.latest for one, other in zip(begun, ended, strict=False))
    troubles = windows(lived, "failed", "retrying", "stopped", "overdue")
    assert all(
        any(trouble.earliest < back.earliest for trouble in troubles) for back in windows(lived, "recovered")
    )


def test_failures_and_finishes_are_expected_where_they_are_first_seen(lived: Life) -> None:
    """Each of them, and nowhere else: a missed one would be the worst there is."""
    seen: dict[str, list[int]] = {"failed": [], "finished": []}
    outcome = Outcome.PREPARING
    for minute, answer in observed(lived).items():
        if answer.outcome != outcome and answer.outcome in {Outcome.FAILED, Outcome.FINISHED}:
            seen[answer.outcome].append(minute)
        outcome = outcome_of(answer.status)
    for kind, minutes in seen.items():
        expected = [window for window in windows(lived, kind) if not window.seen_afterwards]
        assert len(expected) == len(minutes)
        for minute, window in zip(minutes, expected, strict=True):
            assert window.earliest <= minute <= window.latest <= minute + 3


def test_what_is_seen_afterwards_stands_in_the_history_and_in_no_check(lived: Life) -> None:
    """The history has every status with its time, the checks have not."""
    words = {"failed": "Failed", "retrying": "RetryPending"}
    for window in lived.expected:
        if window.seen_afterwards:
            assert words[window.kind] in {status for _, status in lived.history}
            assert words[window.kind] not in {answer.status for answer in observed(lived).values()}


def test_a_healthy_life_expects_no_warning(lived: Life) -> None:
    """But that a long burst delays the target, which is then not ready for the cut-over either."""
    if "healthy" in lived.varieties and not lived.deadline:
        warned = {window.kind for window in lived.expected if window.kind in WARNINGS}
        assert warned <= ({"delayed", "cutover_not_ready"} if "bursty" in lived.varieties else set())


def test_nothing_moved_for_an_hour_where_a_stall_is_expected(lived: Life) -> None:
    """By the service's own counters, so that it can be known."""
    for window in windows(lived, "stalled"):
        before, after = (observed(lived)[minute] for minute in (window.latest - 40, window.latest))
        assert (before.position, before.outcome) == (after.position, after.outcome)
        rows = [answer.progress.moved_rows for answer in (before, after) if answer.progress]
        assert len(set(rows)) <= 1


def test_the_target_was_behind_for_more_than_five_minutes_where_a_delay_is_expected(lived: Life) -> None:
    """By the service's own figures, so that it can be known; what they exaggerate is not expected."""
    shown = {check.minute: check.lag.delay_seconds or 0 for check in lived.checks if check.lag}
    for window in windows(lived, "delayed"):
        above = [minute for minute in range(window.earliest, window.latest + 1) if shown.get(minute, 0) > 300]
        assert len(above) >= 3
        assert not window.seen_afterwards


def test_an_unreachable_task_had_no_answer(lived: Life) -> None:
    """Three in a row, or one that says a person has to change something."""
    unanswered = {check.minute for check in lived.checks if isinstance(check.answer, NoAnswer)}
    for window in windows(lived, "unreachable"):
        assert window.earliest in unanswered
    if not windows(lived, "unreachable"):
        assert not any({minute, minute + 1, minute + 2} <= unanswered for minute in unanswered)


def test_false_minutes_are_all_but_the_windows(lived: Life) -> None:
    """The two ways to ask agree."""
    for kind in KINDS:
        false = {minute for stretch in lived.false_minutes(kind) for minute in stretch}
        probed = range(0, lived.minutes, 7)
        assert all(lived.is_false(kind, minute) == (minute in false) for minute in probed)


def test_a_load_that_ended_took_about_as_long_as_planned(plan: Plan, lived: Life) -> None:
    """A hang lengthens it by its own duration; a pace by its own share."""
    for load in lived.loads:
        if load.ended is not None and load.steady and plan.load:
            assert load.ended - load.began == pytest.approx(plan.load.minutes, rel=0.05)
