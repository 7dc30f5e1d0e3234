"""The plans of lives with trouble: hangs, delays, failures, stops, resets, silences and limits."""

from collections.abc import Iterator
from itertools import product

from tests.corpus.plan import (
    ENGINES,
    FOR_EVER,
    WEEK,
    Fail,
    Hang,
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


def _trouble_in_company() -> Iterator[Plan]:
    """What happens at the same time: metrics vanish in a hang, what a task repeats when it goes on."""
    for engine in ENGINES:
        yield Plan(
            name=f"{engine} hangs and its metrics vanish",
            engine=engine,
            mode="incremental",
            minutes=700,
            source=Source(pattern="steady"),
            happenings=(Hang(at=200, until=420), NoMetrics(at=320, until=400)),
        )
        yield Plan(
            name=f"{engine} repeats what it had done last",
            engine=engine,
            mode="incremental",
            minutes=700,
            source=Source(pattern="steady"),
            happenings=(Fail(at=150, until=190), Stop(at=400, until=460)),
            repeats_bytes=3_000_000,
        )


def _seldom_checked() -> Iterator[Plan]:
    """Every five minutes."""
    for engine in ENGINES:
        yield Plan(
            name=f"checked every five minutes, {engine} fails",
            engine=engine,
            mode="incremental",
            minutes=700,
            source=Source(pattern="steady"),
            happenings=(Fail(at=200, until=260),),
            every_minutes=5,
        )


PLANS: tuple[Plan, ...] = (
    *_hangs(),
    *_delays(),
    *_failures(),
    *_stops(),
    *_resets(),
    *_silences(),
    *_limits(),
    *_trouble_in_company(),
    *_seldom_checked(),
)
