"""AWS at its worst: every operation throttled, broken, cut off or in conflict, once and for whole runs."""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from tests.proof.conftest import Environments
from tests.proof.environment import HEAR_ALL, USUAL_SECONDS, Environment
from tests.proof.figures import note
from tests.proof.log_checks import badly_said, errors, grave
from tests.proof.operations import NEWS, OPERATIONS, USUAL, begun, end_leases, healthy, news
from tests.proof.proxy import Call, Fault
from tests.proof.scenario import judge, set_step
from udts_monitor.outbox.notification import Topic

_STAGES_AT_ONCE = 12
KILLED = "killed"
# One call without an answer costs its timeout, four seconds, and an attempt more.
_ONE_TIMEOUT_SECONDS = 20.0

SAVE, PUBLISH = OPERATIONS["save"].call, OPERATIONS["publish"].call

THROTTLED = Fault(error="ThrottlingException")
AWAY = Fault(error="ServiceUnavailable", status=503)
CUT_OFF = Fault()
FAULTS = {
    "throttled": THROTTLED,
    "broken": Fault(error="InternalServerError", status=500),
    "cut off": CUT_OFF,
    "hangs": Fault(hang=True),
    # A transaction is refused as a whole; the reasons say for which of its parts.
    "conflict": Fault(error="TransactionCanceledException", reasons=("None", "TransactionConflict")),
    # What a single write is told that meets a transaction.
    "conflict of a write": Fault(error="TransactionConflictException"),
    "away": AWAY,
    "executed, answer lost": Fault(executed=True),
    "partly throttled": Fault(error="TransactionCanceledException", reasons=("ThrottlingError", "None")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault at an operation."""

    operation: str
    fault: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.fault}"

    @property
    def makes_sense(self) -> bool:
        """Only a write can be in conflict with a transaction."""
        kind = OPERATIONS[self.operation].call.split()[0]
        if FAULTS[self.fault].reasons:
            return kind == "TransactWriteItems"
        return self.fault != "conflict of a write" or kind == "UpdateItem"

    @property
    def quick(self) -> bool:
        """Nearly all faults of what nearly every run does, of the rest those that differ most."""
        different = {"hangs", "conflict", "conflict of a write"}
        return self.fault in different or (self.operation in USUAL and self.fault != "away")


def _cases(operations: Iterable[str], faults: Iterable[str]) -> list[Case]:
    chosen = list(faults)
    cases = (Case(operation=operation, fault=fault) for operation in operations for fault in chosen)
    return [case for case in cases if case.makes_sense]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a run with a fault, and of those after it.

    Attributes:
        error: of that run.
        said: how many lines its log has above INFO.
        badly_said: what is wrong with them.
        seconds: it took.
        late: it took longer than it was given.
        struck: calls that suffered the fault.
        lost: what was not told, or stands wrongly in the table.
        repeated: what was told once more.
        out_of_order: topics that heard a task's second news before its first.
    """

    error: str
    said: int
    badly_said: list[str]
    seconds: float
    late: bool
    struck: int
    lost: list[str]
    repeated: list[str]
    out_of_order: list[str]


def _try(environments: Environments, case: Case, *, count: int | None) -> Tried:
    operation, fault = OPERATIONS[case.operation], FAULTS[case.fault]
    scene = operation.scene
    with environments(tasks=scene.scenario.tasks, **scene.variables) as environment:
        scene.before(environment)
        environment.proxy.rule(operation.call, fault, count=count, skip=operation.skip)
        given = USUAL_SECONDS if fault.hang else scene.seconds
        began = time.monotonic()
        ended = environment.run(seconds=given)
        seconds = time.monotonic() - began
        environment.proxy.clear()
        environment.ucloud.clear_faults()
        scene.after(environment)
        if environment.waiting():
            end_leases(environment)
            environment.runs_until_quiet()
        verdict = judge(environment, scene.scenario)
        return Tried(
            error=KILLED if ended.killed else ended.error,
            said=len(grave(ended)),
            badly_said=badly_said(ended),
            seconds=seconds,
            late=seconds > given,
            struck=sum(record.fault is fault for record in environment.proxy.records),
            lost=sorted({*verdict.lost, *verdict.wrong}),
            repeated=verdict.repeated,
            out_of_order=[topic for topic in environment.topics if not _in_order(environment, topic)],
        )


def _in_order(environment: Environment, topic: Topic) -> bool:
    """A message may come twice, but none after one of later news of the same task."""
    told = [
        message.attributes["event"]
        for message in environment.messages(topic)
        if message.attributes["task_id"] == "udts-a" and message.attributes["event"] in {"failed", "finished"}
    ]
    return told == sorted(told)


def _try_all(environments: Environments, cases: Sequence[Case], *, count: int | None) -> dict[Case, Tried]:
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        tried = pool.map(lambda case: _try(environments, case, count=count), cases)
        return dict(zip(cases, tried, strict=True))


def _wrong(tried: Tried) -> dict[str, object]:
    """What may not be, whatever the fault."""
    found: dict[str, object] = {
        "late": tried.late,
        "not struck": not tried.struck,
        "killed": tried.error == KILLED,
        "badly said": tried.badly_said,
        "lost": tried.lost,
        "out of order": tried.out_of_order,
    }
    return {name: value for name, value in found.items() if value}


def _hold_once(results: dict[Case, Tried]) -> None:
    assert {str(case): wrong for case, tried in results.items() if (wrong := _wrong(tried))} == {}
    for case, tried in results.items():
        assert tried.struck == 1, (str(case), tried)
        if FAULTS[case.fault].hang:
            assert tried.seconds < _ONE_TIMEOUT_SECONDS, (str(case), tried)
        # Nobody can know that SNS accepted a message whose answer was lost: it goes out again.
        unheard = case == Case(operation="publish", fault="executed, answer lost")
        assert tried.repeated == (["-/udts-a/v2/failed on alerts"] if unheard else []), (str(case), tried)
        # There the message itself is refused.
        if case.operation != "mark failed":
            assert tried.error == "", (str(case), tried)


def _note(proof: str, results: dict[Case, Tried]) -> None:
    hanging = [tried.seconds for case, tried in results.items() if FAULTS[case.fault].hang]
    note(
        proof,
        {
            "cases": len(results),
            "operations": len({case.operation for case in results}),
            "lost": sum(len(tried.lost) for tried in results.values()),
            "repeated": sum(len(tried.repeated) for tried in results.values()),
            "red runs": {str(case): tried.error for case, tried in results.items() if tried.error},
            "longest run that hangs": round(max(hanging, default=0), 1),
        },
    )


ONCE = _cases(OPERATIONS, FAULTS)
LASTING = _cases(OPERATIONS, ["throttled", "broken", "cut off", "hangs"])
QUICK_LASTING = _cases(USUAL, ["broken"])


def test_a_fault_that_passes_is_nobody_s_business(environments: Environments) -> None:
    """Each likely fault once at each operation: that very run succeeds, and all is told once and in order."""
    results = _try_all(environments, [case for case in ONCE if case.quick], count=1)
    _hold_once(results)
    _note("aws-faults-once", results)


@pytest.mark.soak
def test_a_rare_fault_that_passes_is_nobody_s_business(environments: Environments) -> None:
    """The same for the faults that are left."""
    results = _try_all(environments, [case for case in ONCE if not case.quick], count=1)
    _hold_once(results)
    _note("aws-faults-once-rare", results)


def _hold_lasting(results: dict[Case, Tried]) -> None:
    assert {str(case): wrong for case, tried in results.items() if (wrong := _wrong(tried))} == {}
    for case, tried in results.items():
        # Without these a run does what it can, and warns.
        done_without = case.operation in {"read keys", "count subscribers"}
        assert (tried.error == "", tried.said > 0) == (done_without, True), (str(case), tried)
        # What was accepted and could not be marked comes again, and nothing else does.
        again = ["-/udts-a/v2/failed on alerts"] if case.operation == "mark published" else []
        assert tried.repeated == again, (str(case), tried)


def test_a_fault_that_lasts_for_a_run_costs_that_run_only(environments: Environments) -> None:
    """Each operation of a usual run broken: the run ends in time, and all is told afterwards, in order."""
    results = _try_all(environments, QUICK_LASTING, count=None)
    _hold_lasting(results)
    _note("aws-faults-a-run", results)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_whatever_lasts_for_a_run_costs_that_run_only(environments: Environments) -> None:
    """Every operation throttled, broken, cut off and without any answer."""
    results = _try_all(environments, [case for case in LASTING if case not in QUICK_LASTING], count=None)
    _hold_lasting(results)
    _note("aws-faults-a-run-long", results)


@pytest.mark.soak
def test_a_run_that_neither_ucloud_nor_the_table_answers_ends_in_time(environments: Environments) -> None:
    """The checks take all the time they are given, and the last write what is kept back; nothing is lost."""
    others = [f"udts-{letter}" for letter in "cdef"]
    with environments(tasks=[*NEWS.tasks, *others], max_concurrency=1) as environment:
        begun(environment)
        environment.ucloud.inject(hang=True)
        environment.proxy.rule(OPERATIONS["write monitor"].call, FAULTS["hangs"])
        began = time.monotonic()
        ended = environment.run()
        seconds = time.monotonic() - began
        assert (ended.killed, "MONITOR RUN" in ended.error) == (False, True)
        assert seconds < USUAL_SECONDS
        environment.proxy.clear()
        environment.ucloud.clear_faults()
        news(environment)
        verdict = judge(environment, NEWS)
        assert (verdict.lost, verdict.repeated) == ([], [])
    note("aws-faults-nothing-answers", {"seconds": round(seconds, 1), "of": USUAL_SECONDS, "lost": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """An operation that fails for a whole run, and what that run has to say and do.

    Attributes:
        operation: the beginning of its name.
        error: what the run's error has to name.
        told: how many messages subscribers got from that run all the same.
        repeated: how many come again afterwards.
    """

    operation: str
    error: Sequence[str]
    told: int
    repeated: int = 0


def _lasting(topics: int) -> list[Lasting]:
    return [
        Lasting(operation="Query STATE", error=["StoreError", "STATE"], told=0),
        Lasting(operation=SAVE, error=["RunError", "-/udts-a"], told=topics),
        Lasting(operation="Query OUTBOX", error=["StoreError", "OUTBOX"], told=0),
        # One is accepted, and cannot be taken off the outbox; it would be the same with the next.
        Lasting(operation="TransactWriteItems mark", error=["StoreError"], told=1, repeated=1),
        Lasting(operation="UpdateItem MONITOR RUN", error=["StoreError", "MONITOR RUN"], told=2 * topics),
    ]


def _through(environments: Environments, lasting: Lasting) -> dict[str, Any]:
    with environments(tasks=NEWS.tasks) as environment:
        begun(environment)
        environment.proxy.rule(lasting.operation, THROTTLED)
        ended = environment.run()
        told = sum(len(environment.messages(topic)) for topic in environment.topics)
        environment.proxy.clear()
        news(environment)
        end_leases(environment)
        environment.runs_until_quiet()
        verdict = judge(environment, NEWS)
    return {
        "badly said": badly_said(ended),
        "unsaid": [word for word in [*lasting.error, "ThrottlingException"] if word not in ended.error],
        "told": told,
        "lost": verdict.lost + verdict.wrong,
        "repeated": len(verdict.repeated),
    }


def test_a_table_that_fails_for_a_whole_run_fails_the_run_loudly(environments: Environments) -> None:
    """The run's one error names what could not be done and why; the next runs make good for it."""
    cases = _lasting(len(HEAR_ALL))
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        results = list(pool.map(lambda case: _through(environments, case), cases))
    for case, result in zip(cases, results, strict=True):
        assert result == {
            "badly said": [],
            "unsaid": [],
            "told": case.told,
            "lost": [],
            "repeated": case.repeated,
        }, case
    lost = sum(len(result["lost"]) for result in results)
    repeated = sum(result["repeated"] for result in results)
    note("aws-faults-lasting", {"cases": len(cases), "lost": lost, "repeated": repeated})


def test_a_table_that_throttles_for_twenty_seconds_loses_nothing(environments: Environments) -> None:
    """Only one run sees the news, and saves them as soon as it can."""
    with environments(tasks=NEWS.tasks) as environment:
        begun(environment)
        environment.proxy.rule("TransactWriteItems save", THROTTLED)
        over = threading.Timer(20, environment.proxy.clear)
        over.start()
        began = time.monotonic()
        ended = environment.run()
        seconds = time.monotonic() - began
        over.join()
        assert ended.error == ""
        assert 20 <= seconds < USUAL_SECONDS
        set_step(environment, dict.fromkeys(NEWS.tasks, "Syncing"))
        healthy(environment)
        for topic in environment.topics:
            told = _told(environment, topic)
            assert told == [("udts-a", "failed"), ("udts-b", "finished")], topic
    note("aws-faults-twenty-seconds", {"seconds": round(seconds, 1), "of": USUAL_SECONDS, "lost": 0})


def _once(environments: Environments, operation: str) -> dict[str, set[str]]:
    """Only the run in which the operation is broken sees the news; what is wrong with what became of them."""
    with environments(tasks=NEWS.tasks) as environment:
        begun(environment)
        first = len(environment.proxy.records)
        environment.proxy.rule(OPERATIONS[operation].call, FAULTS["broken"])
        ended = environment.run()
        records = environment.proxy.records[first:]
        environment.proxy.clear()
        set_step(environment, dict.fromkeys(NEWS.tasks, "Syncing"))
        healthy(environment)
        end_leases(environment)
        environment.runs_until_quiet()
        told = {task for task, kind in _told(environment, Topic.EVENTS) if kind in {"failed", "finished"}}
    done = {record.call.name for record in records if record.status == HTTPStatus.OK}
    seen = {task for task in NEWS.tasks if f"GetUDTSTaskStatus {task}" in done}
    kept = {task for task in NEWS.tasks if f"TransactWriteItems save STATE -/{task}" in done}
    named = {task for task in NEWS.tasks if task in ended.error}
    found = {
        "kept and not told": kept - told,
        "told and not kept": told - kept,
        "seen, and neither told nor named": seen - told - named,
    }
    return {what: tasks for what, tasks in found.items() if tasks}


def test_what_one_run_saw_and_could_not_keep_is_named_by_it(environments: Environments) -> None:
    """UCloud says something else to the next run: what was saved is told; the rest is in the run's error."""
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        wrong = pool.map(lambda operation: _once(environments, operation), USUAL)
        assert {operation: found for operation, found in zip(USUAL, wrong, strict=True) if found} == {}
    note("aws-faults-seen-once", {"cases": len(USUAL)})


def _silence(environments: Environments, fault: str) -> tuple[str, list[str]]:
    until = datetime.now(UTC) + timedelta(hours=1)
    wish = {"command": "silence", "scope": "all", "by": "a person", "until": until.isoformat()}
    with environments() as environment:
        environment.proxy.rule("TransactWriteItems silence OUTBOX SILENCE#all", FAULTS[fault], count=1)
        ended = environment.run(event=wish)
        assert [record.fault for record in environment.proxy.records if record.fault] == [FAULTS[fault]]
        return ended.error, [found["scope"] for found in environment.items("OUTBOX")]


def test_a_silence_is_kept_whatever_fails_once(environments: Environments) -> None:
    """Nobody would notice that a wish was not heard."""
    faults = ["throttled", "broken", "cut off", "hangs", "executed, answer lost", "conflict"]
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        assert list(pool.map(lambda fault: _silence(environments, fault), faults)) == [("", ["all"])] * len(
            faults
        )


def test_one_task_that_cannot_be_saved_stops_no_other(environments: Environments) -> None:
    """Neither one that answers nor one that does not; the log says which in one line."""
    for answers, others in (
        ({"udts-a": "Failed", "udts-b": "Done"}, "finished"),
        ({"udts-a": {"fault": {"ret_code": 230}}, "udts-b": "Done"}, "finished"),
    ):
        with environments(tasks=["udts-a", "udts-b"]) as environment:
            environment.run()
            set_step(environment, answers)  # type: ignore[arg-type]
            # A check that tells nothing is saved without a transaction.
            for save in (SAVE, "PutItem STATE -/udts-a"):
                environment.proxy.rule(save, Fault(error="ValidationException"))
            ended = environment.run()
            assert ended.error.startswith("RunError: -/udts-a: The table could not be used"), ended.error
            assert "ValidationException" in ended.error
            (line,) = errors(ended)
            assert "-/udts-a" in line
            assert "ValidationException" in line
            told = [message.attributes["event"] for message in environment.messages(Topic.EVENTS)]
            assert told == [others], answers


def test_without_the_secret_the_tasks_are_out_of_reach_and_nothing_is_guessed(
    environments: Environments,
) -> None:
    """One message for all tasks and one warning a task with the cause; the end of it is told too."""
    with environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.proxy.rule("GetSecretValue", Fault(error="AccessDeniedException"))
        for _ in range(2):
            ended = environment.run()
            assert not ended.error
            warnings = ended.said("no answer")
            assert sorted(line["task"] for line in warnings) == ["-/udts-a", "-/udts-b"]
            assert {line["cause"] for line in warnings} == {"no keys"}
            assert all("AccessDeniedException" in line["reason"] for line in warnings)
        environment.proxy.clear()
        environment.runs_until_quiet()
        told = [message.attributes["event"] for message in environment.messages(Topic.EVENTS)]
        assert told == ["unreachable", "reachable"]


def test_a_deleted_topic_blocks_nobody_and_shows_everywhere(environments: Environments) -> None:
    """In the run's error, the log, the summary, the metrics, the outbox and the history."""
    with environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.run()
        environment.aws.client("sns").delete_topic(TopicArn=environment.topics[Topic.ALERTS])
        set_step(environment, {"udts-a": "Failed"})
        ended = environment.run()
        assert ended.error.startswith("RunError: -/udts-a/v2/failed was not accepted"), ended.error
        assert "NotFound" in ended.error
        (line,) = ended.said("not published")
        assert (line["task"], line["topic"], line["attempts"]) == ("-/udts-a", "alerts", 1)
        assert line["cause"] == "refused"
        assert "NotFound" in line["reason"]
        assert environment.topics[Topic.ALERTS] in line["reason"]
        assert len(errors(ended)) == 1
        # The others go on, also with the task's next events, and the run is not red while it waits.
        set_step(environment, {"udts-a": "Starting", "udts-b": "Done"})
        environment.run()
        waiting = environment.run()
        assert waiting.error == ""
        assert waiting.summary is not None
        assert waiting.summary["pending"] == 2
        (metrics,) = [line for line in waiting.log if "_aws" in line]
        assert metrics["Pending"] == [2.0]
        assert metrics["OldestPendingSeconds"][0] > 0
        for topic in set(environment.topics) - {Topic.ALERTS}:
            told = [message.attributes["event"] for message in environment.messages(topic)]
            assert told == ["failed", "finished"]
        outbox = environment.waiting()
        assert [(found["attempts"], found["permanent"]) for found in outbox] == [(1, True), (1, True)]
        assert all("NotFound" in found["last_error"] for found in outbox)
        (event,) = environment.history("udts-a", "event")
        assert set(event["published_at"]) == set(environment.topics) - {Topic.ALERTS}


def _to_alerts(call: Call) -> bool:
    return call.operation == "Publish" and call.request["TopicArn"].endswith(f"-{Topic.ALERTS}")


def _told(environment: Environment, topic: Topic) -> list[tuple[str, str]]:
    """Task and event of what a topic heard, one task after the other, each in the order of arrival."""
    told = [message.attributes for message in environment.messages(topic)]
    return [(found["task_id"], found["event"]) for found in sorted(told, key=lambda found: found["task_id"])]


@pytest.mark.parametrize(
    "fault", [AWAY, Fault(error="Throttled", status=429), CUT_OFF], ids=["503", "429", "cut"]
)
def test_a_topic_that_cannot_be_used_waits_alone(environments: Environments, fault: Fault) -> None:
    """Other topics go on; what it is to hear waits with its attempt and its error, and is told in order."""
    with environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.run()
        environment.proxy.rule(_to_alerts, fault)
        set_step(environment, NEWS.steps[1])
        assert environment.run().error
        set_step(environment, NEWS.steps[2])
        # Nothing is tried again within a minute.
        assert environment.run().error == ""
        assert environment.messages(Topic.ALERTS) == []
        all_news = [("udts-a", "failed"), ("udts-a", "finished"), ("udts-b", "finished")]
        for topic in set(environment.topics) - {Topic.ALERTS}:
            assert _told(environment, topic) == all_news
        # The first news of each task was tried; the second news of one waits for its first.
        tried = [found for found in environment.waiting() if found["attempts"]]
        assert [(found["attempts"], found["permanent"]) for found in tried] == [(1, False), (1, False)]
        assert all(found["last_error"] for found in tried)
        environment.proxy.clear()
        while environment.waiting():
            end_leases(environment)
            assert environment.run().error == ""
        assert _told(environment, Topic.ALERTS) == all_news


def test_a_notification_that_is_not_accepted_waits_alone(environments: Environments) -> None:
    """Another task is told on the same topic; the log and the outbox say why this one was not."""
    with environments(tasks=["udts-a", "udts-b"]) as environment:
        environment.run()
        set_step(environment, {"udts-a": "Failed", "udts-b": "Done"})
        environment.proxy.rule(PUBLISH, AWAY)
        ended = environment.run()
        assert ended.error.startswith("RunError: -/udts-a/v2/failed was not accepted"), ended.error
        (line,) = errors(ended)
        assert "-/udts-a" in line
        assert _told(environment, Topic.ALERTS) == [("udts-b", "finished")]
        (waiting,) = environment.waiting()
        assert (waiting["attempts"], waiting["permanent"]) == (1, False)
        assert "ServiceUnavailable" in waiting["last_error"]
        assert waiting["last_error"] in ended.error
