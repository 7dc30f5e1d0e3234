"""The plans of healthy lives, and of those in which only checks, clocks and metrics are unwell."""

from collections.abc import Iterator

from tests.corpus.plan import (
    ENGINES,
    NEW,
    WEEK,
    ClockOff,
    Happening,
    Lie,
    Load,
    NoAnswers,
    NoChecks,
    NoMetrics,
    Plan,
    Source,
)


def _healthy_loads() -> Iterator[Plan]:
    for number, engine in enumerate(ENGINES):
        for pace in ("steady", "slowing", "tables"):
            yield Plan(
                name=f"full load, {engine}, {pace}",
                engine=engine,
                mode="full",
                minutes=680,
                load=Load(minutes=560, pace=pace),
                first_statuses=NEW,
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
                first_statuses=NEW,
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
            name=f"week-long load in whole percents without metrics, {engine}",
            engine=engine,
            mode="full",
            minutes=WEEK + 60,
            load=Load(minutes=WEEK - 600),
            whole_percents=True,
            metrics=False,
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


def _busy_sources() -> Iterator[Plan]:
    """Seconds of their writes are megabytes that are always on their way."""
    for engine in ENGINES:
        yield Plan(
            name=f"a busy source, {engine}",
            engine=engine,
            mode="incremental",
            minutes=1440,
            source=Source(pattern="steady", bytes_per_second=50_000_000),
        )


def _two_way_with_ages() -> Iterator[Plan]:
    """Never Synced, and the last change is old although nothing is missing."""
    for pattern in ("idle", "slow"):
        yield Plan(
            name=f"two-way, {pattern}, the last change is old",
            engine="mysql",
            mode="two-way",
            minutes=1440,
            source=Source(pattern=pattern),
            idle_ages=True,
        )


def _seldom_checked() -> Iterator[Plan]:
    """Every five minutes."""
    for engine in ENGINES:
        yield Plan(
            name=f"checked every five minutes, {engine}, a load",
            engine=engine,
            mode="full",
            minutes=680,
            load=Load(minutes=560),
            every_minutes=5,
        )
        yield Plan(
            name=f"checked every five minutes, {engine}, steady",
            engine=engine,
            mode="incremental",
            minutes=1440,
            source=Source(pattern="steady"),
            every_minutes=5,
        )


PLANS: tuple[Plan, ...] = (
    *_healthy_loads(),
    *_healthy_full_and_incremental(),
    *_healthy_incremental(),
    *_week_long(),
    *_hard_to_see(),
    *_metrics_that_mislead(),
    *_busy_sources(),
    *_two_way_with_ages(),
    *_seldom_checked(),
)
