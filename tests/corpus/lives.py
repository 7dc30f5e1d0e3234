"""The corpus: synthetic lives of tasks, from seeds, each with what is true about it.

`life(plan)` lives a plan; `PLANS` are those of the corpus. Nothing here knows a rule of the monitor.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from random import Random

from tests.corpus import healthy, troubled
from tests.corpus.befallen import ends, failures, hangs, lateness, resets, silences, stops
from tests.corpus.ledger import Ledger
from tests.corpus.levels import delays, readiness, unreadiness
from tests.corpus.life import Life, true_time
from tests.corpus.model import Minute, Model
from tests.corpus.plan import WEEK, Happening, Lie, Plan
from tests.corpus.service import Service

PLANS: tuple[Plan, ...] = (*healthy.PLANS, *troubled.PLANS)
_TRUTH = (failures, stops, silences, ends, resets, hangs, lateness, delays, readiness, unreadiness)


def life(plan: Plan) -> Life:
    """The life of a plan: the same one every time."""
    minutes = Model(plan, Random(f"{plan.name}/model")).live()  # noqa: S311 - repeatable on purpose
    checks = Service(plan, minutes, Random(f"{plan.name}/service")).checks()  # noqa: S311 - repeatable on purpose
    truth = Ledger(plan, minutes, checks)
    for find in _TRUTH:
        find(truth)
    return Life(
        name=plan.name,
        engine=plan.engine,
        mode=plan.mode,
        task_type="integration" if plan.engine == "integration" else "transfer",
        varieties=_varieties(plan),
        minutes=plan.minutes,
        thresholds=plan.thresholds,
        deadline=None if plan.deadline_minute is None else true_time(plan.deadline_minute),
        checks=tuple(checks),
        expected=tuple(truth.expected),
        tolerated=tuple(truth.tolerated),
        history=tuple(_history(minutes)),
        loads=truth.loads,
    )


def lives() -> Iterator[Life]:
    """All lives, one at a time: together they are long."""
    return map(life, PLANS)


def _history(minutes: list[Minute]) -> Iterator[tuple[datetime, str]]:
    for status, group in groupby(enumerate(minutes), key=lambda numbered: numbered[1].status):
        yield true_time(next(group)[0]), status


def _varieties(plan: Plan) -> frozenset[str]:
    """What was done to a life, in words."""
    named = {type(each).__name__ for each in plan.happenings} | {each.about for each in plan.of(Lie)}
    return frozenset(
        {plan.engine, plan.mode, plan.source.pattern, *named}
        | ({"week-long"} if plan.minutes >= WEEK else set())
        | ({f"load: {plan.load.pace}"} if plan.load else set())
        | ({"no metrics at all"} if not plan.metrics else set())
        | ({"late metrics"} if plan.metrics_late_minutes > 1 else set())
        | ({"counters stand still"} if plan.refresh_minutes > 1 or plan.whole_percents else set())
        | ({"jumping percents"} if plan.jumping_percents else set())
        | ({"seldom checked"} if plan.every_minutes > 1 else set())
        | ({"what it repeats"} if plan.repeats_bytes else set())
        | ({"jitter"} if plan.jitter_seconds > 5 else set())
        | ({"wrong estimate"} if plan.estimate_factor != 1 else set())
        | ({"idle source ages"} if plan.idle_ages else set())
        | ({"healthy"} if not plan.of(Happening) and not plan.thresholds else set())
    )
