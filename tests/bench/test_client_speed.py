"""Speed as ratios, measured side by side in one run: our client against UCloud's official SDK."""

import logging
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from local.simulator import Simulator, simulator_running
from tests.ucloud.asking import TASK, Asking, one_task, sdk

CHECKS = 60
ROUNDS = 3


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time of this process for some work; the simulator runs in it as well, for both sides."""
    began = time.process_time()
    work()
    return time.process_time() - began


def wall_seconds(work: Callable[[], object]) -> float:
    """The time on the clock for some work."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def ratio(ours: Callable[[], object], theirs: Callable[[], object], measure: Callable[..., float]) -> float:
    """The median of ours / theirs over some rounds, each measured one after the other."""
    ours(), theirs()
    return statistics.median(measure(ours) / measure(theirs) for _ in range(ROUNDS))


def checks(simulator: Simulator, threads: int) -> Callable[[], None]:
    """So many checks by our client, so many at a time."""
    asking = Asking(simulator.url, connections=threads)

    def work() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: asking.observed(), range(CHECKS)))

    return work


def test_a_check_costs_less_processor_time_than_the_official_sdk_s() -> None:
    """CPU is money at 0.15 processors: the kept connection has to pay, the simulator's own share included."""
    with simulator_running(one_task("Synced")) as simulator:
        official = sdk(simulator)
        # Its log of every request is a choice of its own, not the price of a check.
        logging.getLogger("ucloud").setLevel(logging.WARNING)

        def theirs() -> None:
            for _ in range(CHECKS):
                official.get_udts_task_status({"TaskId": TASK.task_id})

        assert ratio(checks(simulator, threads=1), theirs, cpu_seconds) < 0.9


def test_checks_side_by_side_take_a_fraction_of_checks_in_a_row() -> None:
    """At 20 ms latency sixteen checks at a time are at least four times as fast as one at a time."""
    with simulator_running(one_task("Synced")) as simulator:
        simulator.inject(latency_seconds=0.02)
        assert ratio(checks(simulator, threads=16), checks(simulator, threads=1), wall_seconds) < 0.25
