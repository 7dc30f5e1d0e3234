"""Speed as ratios, side by side in one run: our client, UCloud's official SDK, bare pooled requests."""

import logging
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from local.simulator import Simulator, simulator_running
from tests.bench.answering import answering_process
from tests.ucloud.asking import KEYS, TASK, Asking, one_task, sdk
from udts_monitor.adapters.task_status import status_request
from udts_monitor.adapters.ucloud import signed
from udts_monitor.task import TaskRef

CHECKS = 60
ROUNDS = 5
# Beyond the 512 patterns that Python's re keeps: each task has a signature of its own.
TASKS = [TaskRef(task_id=f"udts-{number}", project_id="org-a") for number in range(600)]


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


def test_a_check_costs_little_more_processor_time_than_a_bare_pooled_request() -> None:
    """Limits, redaction and tolerant reading for at most a third more than signing, posting, and JSON."""
    with answering_process() as url, requests.Session() as session:
        session.trust_env = False
        asking = Asking(url, connections=1)

        def ours() -> None:
            for task in TASKS:
                asking.observed(task)

        def bare() -> None:
            for task in TASKS:
                answer = session.post(url, data=signed(status_request(task), KEYS), timeout=10).json()
                assert answer["Data"]["Status"] == "Loading"

        measured = ratio(ours, bare, cpu_seconds)
    print(f"processor time of a check: {measured:.2f} of a bare pooled request")  # noqa: T201 - the figure
    assert measured < 1.35
