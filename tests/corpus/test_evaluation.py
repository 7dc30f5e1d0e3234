"""The targets, by the corpus: nothing missed, nothing critical that is false, an end known half-way."""

from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context

import pytest

from tests.corpus.evaluation import Evaluation, evaluated
from tests.corpus.life import KINDS, Life
from tests.corpus.lives import PLANS, life
from tests.corpus.plan import Plan
from tests.corpus.replay import Replay, Replayed, rows_of, task_of
from tests.proof.figures import note
from tests.world import World
from udts_monitor.decision.observation import Observation
from udts_monitor.outbox.notification import Topic

SHORT = tuple(plan for plan in PLANS if plan.minutes < 2000)
# Every ninth: of every sort of trouble and every engine some.
FEW = SHORT[::9]


def replayed(plan: Plan) -> tuple[Life, Replayed]:
    """A life and what the core tells of it."""
    lived = life(plan)
    return lived, Replay(lived).run()


def assert_targets(found: Evaluation) -> None:
    """What the monitor promises of what it tells."""
    assert found.false_critical == []
    assert found.scores["failed"].missed == found.scores["finished"].missed == []
    assert found.scores["failed"].false == found.scores["finished"].false == []
    assert found.false_warnings[0] <= 1, found.false_warnings
    assert max(found.errors(steady=True)) <= 0.15
    assert found.costly == []


@pytest.fixture(scope="module")
def few() -> Evaluation:
    """Of a few lives."""
    return evaluated(map(replayed, FEW))


def test_a_few_lives_keep_the_targets(few: Evaluation) -> None:
    """No missed failure or finish, no false critical, a false warning a task and month, 15 % half-way."""
    assert_targets(few)


def test_a_few_lives_have_a_bit_of_most_kinds(few: Evaluation) -> None:
    """So that the targets are about something."""
    rare = {kind for kind in KINDS if not few.scores[kind].true}
    assert rare <= {"overdue", "reset", "resume_deadline", "retrying"}
    assert len(few.errors(steady=True)) >= 3


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_all_lives_keep_the_targets() -> None:
    """And what comes of them is kept for docs/proofs.md."""
    with get_context("spawn").Pool(2) as pool:
        found = evaluated(pool.imap_unordered(replayed, PLANS))
    print(found.table())  # noqa: T201 - make corpus shows it
    errors = found.errors(steady=True)
    note(
        "corpus",
        {
            "lives": found.lives,
            "months": round(found.minutes / 43_200, 1),
            "checks": found.checks,
            "written": found.written,
            "table": found.table().splitlines(),
            "false": {kind: score.false for kind, score in found.scores.items() if score.false},
            "missed": {kind: score.missed for kind, score in found.scores.items() if score.missed},
            "costly": found.costly,
            "false_critical": found.false_critical,
            "most_false_warnings": found.false_warnings,
            "steady": {"loads": len(errors), "median": errors[len(errors) // 2], "most": errors[-1]},
            "others": found.errors(steady=False),
            "service": sorted(abs(each.service) for each in found.estimates if each.service is not None),
        },
    )
    assert_targets(found)


def through_runs(lived: Life) -> Iterator[tuple[str, str]]:
    """What whole runs with all their parts tell of a life: kind and time of each event."""
    world = World((), topics=(Topic.EVENTS,))
    task = task_of(lived)
    world.tasks = [task]
    rows = rows_of(lived)
    for check in lived.checks:
        world.clock.now = check.at
        world.ucloud.answers[task.task_id] = check.answer
        world.insights.lag = {task.key: check.lag} if check.lag else {}
        world.insights.rows[task.task_id] = tuple(row for row in rows if row.at <= check.at)
        for event in world.run(forward=timedelta(0)).events:
            yield str(event.kind), event.time.isoformat()


IN_RUNS = tuple(plan for plan in SHORT if plan.minutes <= 700)[::8]


@pytest.mark.parametrize("plan", IN_RUNS, ids=lambda plan: plan.name)
def test_whole_runs_tell_what_the_core_decides(plan: Plan) -> None:
    """Saved, read again, the history asked for and the metrics joined: the same events at the same times."""
    lived, found = replayed(plan)
    core = [(str(told.event.kind), told.event.time.isoformat()) for told in found.told]
    if any(not isinstance(check.answer, Observation) for check in lived.checks):
        core = [(kind, time) for kind, time in core if kind not in {"unreachable", "reachable", "reminder"}]
        assert [one for one in through_runs(lived) if one[0] in dict(core)] == core
    else:
        assert list(through_runs(lived)) == core
