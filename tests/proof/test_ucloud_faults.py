"""UCloud at its worst: runs stay inside their time, take fair turns, tell once a cause, and guess nothing."""

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import count, islice
from pathlib import Path

import pytest

from local.simulator import Fault, Injection
from local.simulator.faults import ActiveFault
from local.simulator.strict import checked
from tests.proof.conftest import Environments
from tests.proof.faulty_ucloud import GRACE_SECONDS, faulty_ucloud, longest_gap, quiet
from tests.proof.figures import note
from tests.ucloud.servers import https_server, raw_server, trickles
from udts_monitor.decision.policy import Policy
from udts_monitor.outbox.notification import Topic

FAULTS: dict[str, Mapping[str, object]] = {
    "throttled": {"ret_code": 153},
    "wrong signature": {"ret_code": 171},
    "no permission": {"ret_code": 299},
    "bad parameter": {"ret_code": 230},
    "product error": {"ret_code": 70_001},
    "HTTP 503": {"http_status": 503},
    "HTTP 404": {"http_status": 404},
    "hangs": {"hang": True},
    "hangs up": {"close": True},
    "HTML": {"not_json": True},
    "no data": {"body": '{"RetCode": 0, "Action": "GetUDTSTaskStatusResponse", "Data": null}'},
    "status null": {"body": '{"RetCode": 0, "Data": {"Status": null}}'},
    "redirect": {"redirect_to": "http://127.0.0.1:9/"},
    "half an answer": {"truncated": True},
    "a byte a second": {"trickle": True},
    "100 MB": {"huge_megabytes": 100},
    "slow": {"latency_seconds": 3},
}
# Waiting does not help, so the first check tells it.
AT_ONCE = {"wrong signature", "no permission"}
RATES = (0.01, 0.5, 1.0)
_CONCURRENCY = 8


def _strikes(seed: int) -> bool:
    """Whether even the rarest fault strikes the very first call for a task that has no news of its own."""
    drawn = ActiveFault(Injection(fault=Fault(close=True), probability=min(RATES), seed=seed))
    return any(drawn.strikes("GetUDTSTaskStatus", f"udts-{number:03}") for number in range(2, 12))


# One in a hundred calls may well be none of a few dozen: the seeds are chosen so that it is at least one.
SEEDS = dict(zip(FAULTS, islice(filter(_strikes, count()), len(FAULTS)), strict=True))


@pytest.fixture(autouse=True)
def everything_is_logged() -> Iterator[None]:
    """The keys are looked for at DEBUG as well."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)


def test_every_fault_of_the_simulator_is_tried() -> None:
    """A way to misbehave that the simulator learns has to come into the table above."""
    tried = {checked(Fault, fault).name for fault in FAULTS.values()}
    # The message goes with a RetCode.
    assert tried == {field.name for field in fields(Fault)} - {"message"}


def _through(fault: str, rate: float, *, tasks: int, runs: int, seconds: float) -> dict[str, object]:
    """Runs in the middle of which one task fails and one finishes; then everything works again."""
    with faulty_ucloud(tasks=tasks, max_concurrency=_CONCURRENCY) as made:
        made.run(seconds=20)
        made.ucloud.inject(**FAULTS[fault], probability=rate, seed=SEEDS[fault])
        for place in range(runs):
            if place == runs // 2:
                made.ucloud.set_status("udts-000", "Failed")
                made.ucloud.set_status("udts-001", "Done")
            made.run(seconds=seconds)
        outages, again, late = dict(made.outages), made.told_too_often(), made.longest_seconds
        struck = sum(call.fault is not None for call in made.ucloud.log().calls)
        quiet(made)
        news = Counter(event for event in made.told if event[0] not in {"unreachable", "reachable"})
        return {
            "struck": struck,
            "news": dict(news),
            "out of turn": made.told_out_of_turn(),
            "still open": sorted(made.world.store.outages),
            "outbox": len(made.world.store.outbox().pending),
            "outages": outages if rate == 1 else {},
            "told again": again if rate == 1 else [],
            "late": late > GRACE_SECONDS,
        }


def _everything(*, tasks: int, runs: int, seconds: float, at_once: int) -> dict[str, dict[str, object]]:
    # A UCloud that hangs is asked for one wave of tasks in a run, and a task is told after three checks.
    assert runs * _CONCURRENCY >= tasks * Policy().unreachable_after_checks
    cases = [(fault, rate) for fault in FAULTS for rate in RATES]
    with ThreadPoolExecutor(at_once) as pool:
        results = pool.map(lambda case: _through(*case, tasks=tasks, runs=runs, seconds=seconds), cases)
        return {
            f"{fault} at {rate:.0%}": result for (fault, rate), result in zip(cases, results, strict=True)
        }


def _hold(results: Mapping[str, Mapping[str, object]]) -> None:
    """What has to be true whatever goes wrong, and however often."""
    for case, result in results.items():
        assert result["struck"], case
        assert result["news"] == {("failed", "-/udts-000"): 1, ("finished", "-/udts-001"): 1}, case
        assert result["out of turn"] == [], case
        assert result["still open"] == [], case
        assert result["outbox"] == 0, case
        assert not result["late"], case
        if case.endswith(" 100%"):
            # A busy machine may add a cause of its own, a timeout; it too is told once.
            assert set(result["outages"].values()) == {1}, (case, result["outages"])  # type: ignore[attr-defined]
            assert result["told again"] == [], case


def _note(proof: str, results: Mapping[str, Mapping[str, object]], began: float) -> None:
    struck = {
        f"calls struck at {rate:.0%}": [
            result["struck"] for case, result in results.items() if case.endswith(f" at {rate:.0%}")
        ]
        for rate in RATES
    }
    note(proof, {"cases": len(results), **struck, "seconds": round(time.monotonic() - began, 1)})


def test_no_fault_is_taken_for_a_failure_or_a_finish(capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault at 1, 50 and 100 %: true news are told once, one message a cause, and its end."""
    began = time.monotonic()
    with capsys.disabled():
        results = _everything(tasks=12, runs=6, seconds=1.0, at_once=12)
    _hold(results)
    _note("ucloud-faults", results, began)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_fault_is_taken_for_a_failure_or_a_finish_in_long_runs() -> None:
    """The same promises with more tasks, more runs and more patience."""
    began = time.monotonic()
    results = _everything(tasks=24, runs=12, seconds=3.0, at_once=8)
    _hold(results)
    _note("ucloud-faults-long", results, began)


@pytest.mark.parametrize("tasks", [12, 13])
def test_a_slow_ucloud_shows_every_task_in_turn(tasks: int) -> None:
    """Every task is seen in as many runs as it takes to see all, by the checks that fit into a run.

    A check that the end of the run cut off says nothing about its task: it is first in the next run.
    """
    concurrency, waves = 4, 2
    fit = concurrency * waves
    bound = math.ceil(tasks / fit)
    # A machine too busy for two waves in the time of two and a half gets more time, and no wider bound.
    for latency in (0.3, 0.9, 2.7):
        with faulty_ucloud(tasks=tasks, max_concurrency=concurrency) as made:
            made.ucloud.inject(latency_seconds=latency)
            summaries = [made.run(seconds=(waves + 0.5) * latency) for _ in range(3 * bound)]
        fewest = min(map(len, made.seen))
        if fewest == fit and not any(summary.no_answer for summary in summaries):
            break
    assert fewest == fit, made.seen
    assert [(summary.no_answer, summary.skipped) for summary in summaries] == [(0, tasks - fit)] * 3 * bound
    gaps = {task.task_id: longest_gap(made.seen, task.task_id) for task in made.world.tasks}
    assert set().union(*made.seen) == set(gaps)
    assert max(gaps.values()) <= bound, gaps
    assert made.told == []
    figures = {"tasks": tasks, "seen a run": fewest, "bound": bound, "longest gap": max(gaps.values())}
    note(f"rotation-slow-{tasks}", {**figures, "latency seconds": latency})


def test_a_ucloud_that_hangs_is_asked_for_every_task_in_turn() -> None:
    """Even when no check ends before the run does: N runs are tasks through concurrency, rounded up."""
    tasks, concurrency = 30, 8
    bound = math.ceil(tasks / concurrency)
    with faulty_ucloud(tasks=tasks, max_concurrency=concurrency) as made:
        made.run(seconds=20)
        made.ucloud.inject(hang=True)
        for _ in range(4 * bound):
            made.run(seconds=0.4)
        gaps = {task.task_id: longest_gap(made.asked, task.task_id) for task in made.world.tasks}
        assert max(gaps.values()) <= bound, gaps
        assert made.told == [("unreachable", "timeout")]
        note("rotation-hanging", {"tasks": tasks, "bound": bound, "longest gap": max(gaps.values())})


def test_an_hour_s_outage_is_told_once_and_its_end_once() -> None:
    """Sixty runs without UCloud: a message after the third, one when it is back, no state written between."""
    with faulty_ucloud(tasks=10, max_concurrency=10, patient=False) as made:
        made.run(seconds=20)
        made.ucloud.inject(http_status=503)
        for _ in range(2):
            made.run(seconds=20)
        assert made.told == []
        made.run(seconds=20)
        assert made.told == [("unreachable", "HTTP 503")]
        states = dict(made.world.store.states)
        for _ in range(57):
            made.run(seconds=20)
        assert made.told == [("unreachable", "HTTP 503")]
        assert made.world.store.states == states
        made.ucloud.set_status("udts-000", "Failed")
        made.ucloud.clear_faults()
        made.run(seconds=20)
        back = [("failed", "-/udts-000"), ("reachable", "HTTP 503")]
        assert (made.told[0], sorted(made.told[1:])) == (("unreachable", "HTTP 503"), back)


def test_two_hundred_tasks_throttled_by_half_are_all_seen(environments: Environments) -> None:
    """The real handler: inside its time, nearly every task seen in every run, only the unlucky told."""
    names = [f"udts-{number:03}" for number in range(200)]
    # Four attempts at even chances: one check in sixteen has no answer. Four deviations more are no bad luck.
    unlucky = len(names) * 0.5**4
    began = time.monotonic()
    with environments(tasks=names) as environment:
        environment.variables["UCLOUD_BASE_URL"] = environment.ucloud.url
        environment.ucloud.inject(ret_code=153, probability=0.5, seed=5)
        # Two that never get through, so that somebody is to be told of, and of all as one.
        for name in ("udts-007", "udts-107"):
            environment.ucloud.inject(ret_code=153, task_id=name)
        summaries, missing = [], []
        for _ in range(3):
            before = time.monotonic()
            ended = environment.run()
            assert time.monotonic() - before < 45
            assert not ended.error, ended.error
            assert ended.summary is not None
            summaries.append(ended.summary)
            missing.append({line["task"] for line in ended.said("no answer")})
            assert len(missing[-1]) == ended.summary["no_answer"] == len(ended.said("no answer"))
            assert 2 < len(missing[-1]) <= 2 + unlucky + 4 * math.sqrt(unlucky)
        assert sum(map(len, missing)) <= 3 * (2 + unlucky) + 4 * math.sqrt(3 * unlucky)
        assert [summary["checked"] for summary in summaries] == [200] * 3
        # Told are those that did not answer three times in a row, and nobody else.
        told = [summary["events"] for summary in summaries]
        assert told == [[], [], [{"kind": "unreachable", "task": "-/monitor"}]]
        (message,) = environment.messages(Topic.EVENTS)
        concerned = json.loads(message.text)["data"]["tasks"]
        assert concerned == sorted(missing[0] & missing[1] & missing[2])
        assert {"-/udts-007", "-/udts-107"} <= set(concerned)
        calls = environment.ucloud.log().per_action["GetUDTSTaskStatus"]
    note(
        "throttled-by-half",
        {
            "tasks": 200,
            "runs": 3,
            "calls a check": round(calls / 600, 2),
            "no answer": [summary["no_answer"] for summary in summaries],
            "told": len(concerned),
            "seconds a run": round((time.monotonic() - began) / 3, 1),
        },
    )


def _lines(environments: Environments, fault: str) -> dict[str, object]:
    with environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.variables["UCLOUD_BASE_URL"] = environment.ucloud.url
        environment.ucloud.inject(**FAULTS[fault], task_id="udts-a")
        ended = environment.run(seconds=3)
    grave = [line for line in ended.log if line.get("level") in {"WARNING", "ERROR", "CRITICAL"}]
    return {
        "lines": [(line["message"], line["task"]) for line in grave],
        "without a cause": [line for line in grave if not line["cause"] or not line["reason"]],
        "error": ended.error,
        "events": ended.summary["events"] if ended.summary else None,
    }


def test_every_fault_ends_in_one_line_with_the_task_and_the_cause(environments: Environments) -> None:
    """Read in the handler's log: one warning, nothing else to worry about, and the run succeeds."""
    with ThreadPoolExecutor(6) as pool:
        results = dict(zip(FAULTS, pool.map(lambda fault: _lines(environments, fault), FAULTS), strict=True))
    at_once = [{"kind": "unreachable", "task": "-/monitor"}]
    assert results == {
        fault: {
            "lines": [("no answer", "-/udts-a")],
            "without a cause": [],
            "error": "",
            "events": at_once if fault in AT_ONCE else [],
        }
        for fault in FAULTS
    }


def test_a_header_that_trickles_holds_no_run(environments: Environments) -> None:
    """A header byte now and then outlives every timeout; the run ends without the answer and says so."""
    with (
        raw_server(trickles(b"HTTP/1.1 200 OK\r\nX: ", every_seconds=0.5, times=60)) as server,
        environments() as environment,
    ):
        environment.variables["UCLOUD_BASE_URL"] = server.url
        ended = environment.run(seconds=5)
        assert not ended.error, ended.error
        (metrics,) = [line for line in ended.log if "_aws" in line]
        assert metrics["RunSeconds"][0] < 5
        (line,) = ended.said("no answer")
        assert (line["task"], line["cause"]) == ("-/udts-a", "timeout")


def test_a_wrong_certificate_is_told_at_once_and_once(environments: Environments, tmp_path: Path) -> None:
    """For all tasks one message, that says what to look at; nobody is asked behind it."""
    with https_server(tmp_path) as server, environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.variables["UCLOUD_BASE_URL"] = server.url
        summaries = [environment.run().summary for _ in range(3)]
        events = [[event["kind"] for event in summary["events"]] for summary in summaries if summary]
        assert events == [["unreachable"], [], []]
        assert server.requests == []
