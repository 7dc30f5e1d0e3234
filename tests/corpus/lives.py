"""The corpus: synthetic lives of tasks, from seeds, each with what is true about it.

`life(plan)` lives a plan; `PLANS` are those of the corpus. Nothing here knows a rule of the monitor.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, product
from random import Random

from tests.corpus.befallen import ends, failures, hangs, lateness, resets, silences, stops
from tests.corpus.ledger import Ledger
from tests.corpus.levels import delays, readiness
from tests.corpus.life import Life, true_time
from tests.corpus.model import Minute, Model
from tests.corpus.plan import (
    FOR_EVER,
    ClockOff,
    Fail,
    Hang,
    Happening,
    Lie,
    Load,
    NoAnswers,
    NoChecks,
    NoMetrics,
    Plan,
    Reset,
    Slow,
    Source,
    Stop,
)
from tests.corpus.service import Service

ENGINES = ("mysql", "redis", "mongodb", "integration")
WEEK = 7 * 1440
_TRUTH = (failures, stops, silences, ends, resets, hangs, lateness, delays, readiness)
_NEW = ("Created", "Checking", "Starting", "Started")


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
        | ({"jitter"} if plan.jitter_seconds > 5 else set())
        | ({"wrong estimate"} if plan.estimate_factor != 1 else set())
        | ({"idle source ages"} if plan.idle_ages else set())
        | ({"healthy"} if not plan.of(Happening) and not plan.thresholds else set())
    )


# --- Healthy --------------------------------------------------------------------------------------


def _healthy_loads() -> Iterator[Plan]:
    for number, engine in enumerate(ENGINES):
        for pace in ("steady", "slowing", "tables"):
            yield Plan(
                name=f"full load, {engine}, {pace}",
                engine=engine,
                mode="full",
                minutes=680,
                load=Load(minutes=560, pace=pace),
                first_statuses=_NEW,
                last_status=("Done", "Success")[number % 2],
                refresh_minutes=(1, 5, 20)[number % 3],
                jumping_percents=pace == "tables",
                jitter_seconds=(5, 25)[number % 2],
                estimate_factor=(0.4, 1.0, 3.0, 1.5)[number],
            )


def _healthy_full_and_incremental() -> Iterator[Plan]:
    for number, engine in enumerate(ENGINES):
        for pattern in ("idle", "slow", "steady", "bursty"):
            yield Plan(
                name=f"full and incremental, {engine}, {pattern}",
                engine=engine,
                mode="full+incremental",
                minutes=900,
                source=Source(pattern=pattern),
                load=Load(minutes=300, pace=("steady", "tables")[number % 2]),
                first_statuses=_NEW,
                jitter_seconds=(25, 5)[number % 2],
                refresh_minutes=(10, 1)[number % 2],
            )


def _healthy_incremental() -> Iterator[Plan]:
    for engine in ENGINES:
        for pattern in ("idle", "slow", "steady", "bursty", "daily"):
            yield Plan(
                name=f"incremental, {engine}, {pattern}",
                engine=engine,
                mode="incremental",
                minutes=1440,
                source=Source(pattern=pattern),
                idle_ages=engine in {"mysql", "redis"} and pattern in {"idle", "slow"},
                metrics=not (engine == "integration" and pattern in {"idle", "daily"}),
            )
    for pattern in ("idle", "slow", "steady", "bursty"):
        for metrics in (True, False):
            yield Plan(
                name=f"two-way, {pattern}, {'with' if metrics else 'without'} metrics",
                engine="mysql",
                mode="two-way",
                minutes=1440,
                source=Source(pattern=pattern),
                metrics=metrics,
            )


def _week_long() -> Iterator[Plan]:
    for engine in ENGINES:
        yield Plan(
            name=f"week-long load, {engine}",
            engine=engine,
            mode="full",
            minutes=WEEK + 60,
            load=Load(minutes=WEEK - 600),
            whole_percents=engine == "redis",
            refresh_minutes=30 if engine == "mongodb" else 1,
            estimate_factor=1.7,
        )
        yield Plan(
            name=f"week-long source, {engine}",
            engine=engine,
            mode="incremental",
            minutes=WEEK,
            source=Source(pattern="daily"),
            metrics=engine != "integration",
        )


# --- What the checks and the metrics do to a healthy life -----------------------------------------


def _hard_to_see() -> Iterator[Plan]:
    gaps = (NoChecks(at=60, until=63), NoChecks(at=200, until=330))
    short = (NoAnswers(at=100, until=102), NoAnswers(at=300, until=301, cause="RetCode 153"))
    clocks = {
        "a clock ahead": (ClockOff(at=100, until=250, by_minutes=7),),
        "a clock behind": (ClockOff(at=100, until=250, by_minutes=-7),),
        "a clock far ahead": (ClockOff(at=100, until=103, by_minutes=45),),
    }
    troubles: dict[str, tuple[Happening, ...]] = {"gaps": gaps, "short silences": short, **clocks}
    for number, (name, happenings) in enumerate(troubles.items()):
        yield Plan(
            name=f"{name} in a load",
            engine=ENGINES[number % 4],
            mode="full",
            minutes=560,
            load=Load(minutes=500),
            happenings=happenings,
            refresh_minutes=(10, 1)[number % 2],
        )
        yield Plan(
            name=f"{name} while syncing",
            engine=ENGINES[(number + 1) % 4],
            mode="incremental",
            minutes=560,
            source=Source(pattern="steady"),
            happenings=happenings,
            jitter_seconds=20,
        )


def _metrics_that_mislead() -> Iterator[Plan]:
    misled: dict[str, tuple[Happening, ...]] = {
        "metrics vanish": (NoMetrics(at=200, until=260), NoMetrics(at=400, until=700)),
        "metrics spike": (Lie(at=100, about="spikes"),),
        "metrics are frozen": (Lie(at=400, until=700, about="frozen"),),
        "metrics say nothing is written": (Lie(at=50, about="nothing is written"),),
        "metrics say nothing remains": (Lie(at=0, about="nothing remains"),),
    }
    for engine in ("mysql", "redis", "integration"):
        for name, happenings in misled.items():
            yield Plan(
                name=f"{name}, {engine}",
                engine=engine,
                mode="full+incremental",
                minutes=900,
                source=Source(pattern="steady"),
                load=Load(minutes=240),
                happenings=happenings,
            )
    for late in (4, 8):
        for engine in ENGINES:
            yield Plan(
                name=f"metrics {late} minutes late, {engine}",
                engine=engine,
                mode="incremental",
                minutes=900,
                source=Source(pattern="bursty", burst_minutes=10 if engine == "mysql" else 2),
                metrics_late_minutes=late,
            )


# --- Trouble --------------------------------------------------------------------------------------


def _hangs() -> Iterator[Plan]:
    spans = {
        "for half an hour": (200, 230),
        "for an hour and a half": (200, 290),
        "for three hours": (150, 330),
        "for ever": (300, FOR_EVER),
    }
    for number, (engine, (name, (at, until))) in enumerate(product(ENGINES, spans.items())):
        hang = Hang(at=at + number, until=until, at_target=number % 3 != 0)
        yield Plan(
            name=f"a load of {engine} hangs {name}",
            engine=engine,
            mode="full",
            minutes=900,
            load=Load(minutes=450),
            happenings=(hang,),
            refresh_minutes=(1, 10, 5)[number % 3],
        )
        yield Plan(
            name=f"syncing {engine} hangs {name}",
            engine=engine,
            mode="incremental",
            minutes=900,
            source=Source(pattern=("steady", "daily")[number % 2]),
            happenings=(hang,),
        )
    yield Plan(
        name="syncing hangs without metrics",
        engine="mysql",
        mode="incremental",
        minutes=600,
        source=Source(pattern="steady"),
        happenings=(Hang(at=200, until=400),),
        metrics=False,
    )
    yield Plan(
        name="a two-way task hangs",
        engine="mysql",
        mode="two-way",
        minutes=600,
        source=Source(pattern="steady"),
        happenings=(Hang(at=200, until=400),),
    )


def _delays() -> Iterator[Plan]:
    for engine in ENGINES:
        for share in (0.2, 0.8):
            yield Plan(
                name=f"the target of {engine} takes {share:.0%} of the writes",
                engine=engine,
                mode="incremental",
                minutes=1000,
                source=Source(pattern="steady"),
                happenings=(Slow(at=200, until=440, share=share),),
            )
    yield Plan(
        name="bursts that take too long",
        engine="mysql",
        mode="incremental",
        minutes=1000,
        source=Source(pattern="bursty", burst_minutes=12),
    )


def _failures() -> Iterator[Plan]:
    ways: dict[str, Fail] = {
        "fails and is started again": Fail(at=200, until=230),
        "is retried": Fail(at=200, until=206, status="RetryPending"),
        "fails for good": Fail(at=200, status="FailedUnrecoverable"),
        "is stopped for good": Fail(at=200, status="StoppedUnrecoverable"),
    }
    for engine, (name, fail), mode in product(ENGINES, ways.items(), ("full", "incremental")):
        yield Plan(
            name=f"a task ({engine}, {mode}) {name}",
            engine=engine,
            mode=mode,
            minutes=800,
            source=Source(pattern="steady" if mode == "incremental" else "idle"),
            load=Load(minutes=400) if mode == "full" else None,
            happenings=(fail,),
        )
    for number, engine in enumerate(ENGINES):
        yield Plan(
            name=f"a failure nobody saw, {engine}",
            engine=engine,
            mode="incremental",
            minutes=400,
            source=Source(pattern="steady"),
            happenings=(NoChecks(at=195, until=205 + number), Fail(at=198, until=200)),
        )
        yield Plan(
            name=f"a failure that waits, {engine}",
            engine=engine,
            mode="incremental",
            minutes=1500,
            source=Source(pattern="steady"),
            happenings=(Fail(at=100),),
            thresholds={"source_log_retention_hours": 24},
        )


def _stops() -> Iterator[Plan]:
    lasts = [*product(ENGINES, ((10, 400), (60, 400), (600, 1000))), ("mysql", (WEEK, WEEK))]
    for engine, (minutes, of) in lasts:
        yield Plan(
            name=f"{engine} is stopped for {minutes} minutes",
            engine=engine,
            mode="incremental",
            minutes=of,
            source=Source(pattern="steady"),
            happenings=(Stop(at=100, until=100 + minutes),),
        )


def _resets() -> Iterator[Plan]:
    for engine in ENGINES:
        yield Plan(
            name=f"a reset, {engine}",
            engine=engine,
            mode="full+incremental",
            minutes=900,
            source=Source(pattern="steady"),
            load=Load(minutes=150),
            happenings=(Reset(at=400),),
            refresh_minutes=7,
        )
        yield Plan(
            name=f"a reset nobody saw, {engine}",
            engine=engine,
            mode="full+incremental",
            minutes=900,
            source=Source(pattern="steady"),
            load=Load(minutes=150),
            happenings=(NoChecks(at=395, until=425), Reset(at=400)),
        )


def _silences() -> Iterator[Plan]:
    causes = {
        "ten minutes": NoAnswers(at=100, until=110),
        "half a day": NoAnswers(at=100, until=820, cause="HTTP 503"),
        "a wrong key": NoAnswers(at=100, until=105, cause="RetCode 171", configuration=True),
        "to the end": NoAnswers(at=100, cause="connection"),
    }
    for engine, (name, silence) in product(ENGINES, causes.items()):
        yield Plan(
            name=f"no answer about {engine}: {name}",
            engine=engine,
            mode="full",
            minutes=1000,
            load=Load(minutes=600),
            happenings=(silence,),
        )


def _limits() -> Iterator[Plan]:
    for engine in ENGINES:
        for deadline, pace in product((300, 900), ("steady", "tables")):
            yield Plan(
                name=f"{engine}, a deadline of {deadline} minutes, {pace}",
                engine=engine,
                mode="full",
                minutes=660,
                load=Load(minutes=600, pace=pace),
                deadline_minute=deadline,
                # The service promises the opposite of what is true.
                estimate_factor=600 / deadline / 2,
            )
        for hours in (6, 30):
            yield Plan(
                name=f"{engine}, a load of 12 hours and a log of {hours}",
                engine=engine,
                mode="full+incremental",
                minutes=1000,
                source=Source(pattern="steady"),
                load=Load(minutes=720),
                thresholds={"source_log_retention_hours": hours},
            )
        for hours in (5, 12):
            yield Plan(
                name=f"{engine}, a load of 10 hours that may take {hours}",
                engine=engine,
                mode="full",
                minutes=660,
                load=Load(minutes=600),
                thresholds={"max_run_hours": hours},
            )


PLANS: tuple[Plan, ...] = (
    *_healthy_loads(),
    *_healthy_full_and_incremental(),
    *_healthy_incremental(),
    *_week_long(),
    *_hard_to_see(),
    *_metrics_that_mislead(),
    *_hangs(),
    *_delays(),
    *_failures(),
    *_stops(),
    *_resets(),
    *_silences(),
    *_limits(),
)
