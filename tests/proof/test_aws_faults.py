"""AWS at its worst: every operation throttled, broken, cut off or in conflict, once and for whole runs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.proof.conftest import Stages
from tests.proof.figures import note
from tests.proof.handlers import Ended
from tests.proof.proxy import Fault
from tests.proof.stage import Stage
from tests.proof.story import Story, judge, set_step
from udts_monitor.notification import Topic

_STAGES_AT_ONCE = 10
# As long as the waits between attempts allow, and so short that the leases of a run that failed end soon.
_SECONDS = 8.0

TWO_FAILURES = Story(
    steps=[{}, {"udts-a": "Failed", "udts-b": "Done"}],
    told=[("failed", "udts-a"), ("finished", "udts-b")],
    transitions={"udts-a": ["Syncing", "Failed"], "udts-b": ["Syncing", "Done"]},
    variables={},
)
SAVE = "TransactWriteItems save STATE -/udts-a"
MARK = "TransactWriteItems mark OUTBOX -/udts-a/failed alerts"
PUBLISH = "Publish failed alerts udts-a"
OPERATIONS = ["Query STATE", "GetSecretValue", SAVE, "Query OUTBOX", PUBLISH, MARK, "UpdateItem MONITOR RUN"]

THROTTLED = Fault(error="ThrottlingException")
BROKEN = Fault(error="InternalServerError", status=500)
AWAY = Fault(error="ServiceUnavailable", status=503)
CUT_OFF = Fault()
UNHEARD = Fault(executed=True)
# A transaction is refused as a whole; the reasons say for which of its parts.
CONFLICT = Fault(error="TransactionCanceledException", reasons=("None", "TransactionConflict"))
PART_THROTTLED = Fault(error="TransactionCanceledException", reasons=("ThrottlingError", "None"))
FAULTS = {
    "throttled": THROTTLED,
    "broken": BROKEN,
    "away": AWAY,
    "cut off": CUT_OFF,
    "executed, answer lost": UNHEARD,
    "conflict": CONFLICT,
    "partly throttled": PART_THROTTLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault at an operation."""

    operation: str
    fault: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.operation}"

    @property
    def makes_sense(self) -> bool:
        """Only a transaction can be in conflict."""
        return not FAULTS[self.fault].reasons or self.operation.startswith("TransactWriteItems")


ONCE = [
    case
    for operation in OPERATIONS
    for fault in FAULTS
    if (case := Case(operation=operation, fault=fault)).makes_sense
]


def _begun(stage: Stage) -> None:
    """Two healthy tasks, seen once; then both change."""
    first = stage.run()
    assert not first.error, first.error
    set_step(stage, TWO_FAILURES.steps[1])


def errors(ended: Ended) -> list[str]:
    """The log's lines of grave news: message, task and all that stands in them."""
    return [str(line) for line in ended.log if line.get("level") in ("ERROR", "CRITICAL")]


def _once(stages: Stages, case: Case) -> tuple[str, list[str], list[str]]:
    with stages(tasks=TWO_FAILURES.tasks) as stage:
        _begun(stage)
        stage.proxy.rule(case.operation, FAULTS[case.fault], count=1)
        ended = stage.run()
        stage.proxy.clear()
        stage.runs_until_quiet()
        verdict = judge(stage, TWO_FAILURES)
    return ended.error, verdict.lost + verdict.wrong, verdict.repeated


def test_a_fault_that_passes_is_nobody_s_business(stages: Stages) -> None:
    """Each fault once at each operation: that very run succeeds, and everything is told once.

    But for a message that SNS accepted without our hearing of it: nobody can know, so it goes out again.
    """
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        results = dict(zip(map(str, ONCE), pool.map(lambda case: _once(stages, case), ONCE), strict=True))
    twice = str(Case(operation=PUBLISH, fault="executed, answer lost"))
    expected: dict[str, tuple[str, list[str], list[str]]] = {str(case): ("", [], []) for case in ONCE}
    expected[twice] = ("", [], ["-/udts-a/v2/failed on alerts"])
    assert results == expected
    note("aws-faults-once", {"cases": len(ONCE), "lost": 0, "repeated": 1})


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
        Lasting(operation="UpdateItem MONITOR RUN", error=["StoreError", "heartbeat"], told=2 * topics),
    ]


def _through(stages: Stages, lasting: Lasting) -> dict[str, object]:
    with stages(tasks=TWO_FAILURES.tasks) as stage:
        _begun(stage)
        stage.proxy.rule(lasting.operation, THROTTLED)
        ended = stage.run(seconds=_SECONDS)
        told = sum(len(stage.messages(topic)) for topic in stage.topics)
        stage.proxy.clear()
        stage.runs_until_quiet()
        verdict = judge(stage, TWO_FAILURES)
    return {
        "unsaid": [word for word in [*lasting.error, "ThrottlingException"] if word not in ended.error],
        "told": told,
        "lost": verdict.lost + verdict.wrong,
        "repeated": len(verdict.repeated),
    }


def test_a_table_that_fails_for_a_whole_run_fails_the_run_loudly(stages: Stages) -> None:
    """The run's one error names what could not be done and why; the next runs make good for it."""
    cases = _lasting(len(Topic))
    with ThreadPoolExecutor(_STAGES_AT_ONCE) as pool:
        results = list(pool.map(lambda case: _through(stages, case), cases))
    for case, result in zip(cases, results, strict=True):
        assert result == {"unsaid": [], "told": case.told, "lost": [], "repeated": case.repeated}, case
    note("aws-faults-lasting", {"cases": len(cases), "lost": 0, "repeated": sum(c.repeated for c in cases)})


def test_one_task_that_cannot_be_saved_stops_no_other(stages: Stages) -> None:
    """Neither one that answers nor one that does not; the log says which in one line."""
    for answers, others in (
        ({"udts-a": "Failed", "udts-b": "Done"}, "finished"),
        ({"udts-a": {"fault": {"ret_code": 230}}, "udts-b": "Done"}, "finished"),
    ):
        with stages(tasks=["udts-a", "udts-b"]) as stage:
            stage.run()
            set_step(stage, answers)  # type: ignore[arg-type]
            stage.proxy.rule(SAVE, Fault(error="ValidationException"))
            ended = stage.run()
            assert ended.error.startswith("RunError: -/udts-a: The table could not be used"), ended.error
            assert "ValidationException" in ended.error
            (line,) = errors(ended)
            assert "-/udts-a" in line
            assert "ValidationException" in line
            told = [message.attributes["event"] for message in stage.messages(Topic.EVENTS)]
            assert told == [others], answers


def test_without_the_secret_the_tasks_are_out_of_reach_and_nothing_is_guessed(stages: Stages) -> None:
    """One message for all tasks and one warning a task with the cause; the end of it is told too."""
    with stages(tasks=["udts-a", "udts-b"]) as stage:
        stage.proxy.rule("GetSecretValue", Fault(error="AccessDeniedException"))
        for _ in range(2):
            ended = stage.run()
            assert not ended.error
            warnings = ended.said("no answer")
            assert sorted(line["task"] for line in warnings) == ["-/udts-a", "-/udts-b"]
            assert {line["cause"] for line in warnings} == {"no keys"}
            assert all("AccessDeniedException" in line["reason"] for line in warnings)
        stage.proxy.clear()
        stage.runs_until_quiet()
        told = [message.attributes["event"] for message in stage.messages(Topic.EVENTS)]
        assert told == ["unreachable", "reachable"]


def test_a_deleted_topic_blocks_nobody_and_shows_everywhere(stages: Stages) -> None:
    """In the run's error, the log, the summary, the metrics, the outbox and the history."""
    with stages(tasks=["udts-a", "udts-b"]) as stage:
        stage.run()
        stage.aws.client("sns").delete_topic(TopicArn=stage.topics[Topic.ALERTS])
        set_step(stage, {"udts-a": "Failed"})
        ended = stage.run()
        assert ended.error.startswith("RunError: -/udts-a/v2/failed was not accepted"), ended.error
        assert "NotFound" in ended.error
        (line,) = ended.said("not published")
        assert (line["task"], line["topic"], line["attempts"]) == ("-/udts-a", "alerts", 1)
        assert "NotFound" in line["cause"]
        assert stage.topics[Topic.ALERTS] in line["cause"]
        assert len(errors(ended)) == 1
        # The others go on, also with the task's next events, and the run is not red while it waits.
        set_step(stage, {"udts-a": "Starting", "udts-b": "Done"})
        stage.run()
        waiting = stage.run()
        assert waiting.error == ""
        assert waiting.summary is not None
        assert waiting.summary["pending"] == 2
        (metrics,) = [line for line in waiting.log if "_aws" in line]
        assert metrics["Pending"] == [2.0]
        assert metrics["OldestPendingSeconds"][0] > 0
        for topic in set(stage.topics) - {Topic.ALERTS}:
            told = [message.attributes["event"] for message in stage.messages(topic)]
            assert told == ["failed", "finished"]
        outbox = stage.waiting()
        assert [(found["attempts"], found["permanent"]) for found in outbox] == [(1, True), (1, True)]
        assert all("NotFound" in found["last_error"] for found in outbox)
        (event,) = stage.history("udts-a", "event")
        assert set(event["published_at"]) == set(stage.topics) - {Topic.ALERTS}


@pytest.mark.parametrize(
    "fault", [AWAY, Fault(error="Throttled", status=429), CUT_OFF], ids=["503", "429", "cut"]
)
def test_a_topic_that_cannot_be_used_waits_alone(stages: Stages, fault: Fault) -> None:
    """Other topics and tasks go on; it waits with its attempt and its error, to be told in order."""
    with stages(tasks=["udts-a", "udts-b"]) as stage:
        stage.run()
        set_step(stage, {"udts-a": "Failed", "udts-b": "Done"})
        stage.proxy.rule(PUBLISH, fault)
        ended = stage.run()
        assert ended.error.startswith("RunError: -/udts-a/v2/failed was not accepted"), ended.error
        (line,) = errors(ended)
        assert "-/udts-a" in line
        assert [message.attributes["event"] for message in stage.messages(Topic.ALERTS)] == ["finished"]
        assert len(stage.messages(Topic.EVENTS)) == 2
        (waiting,) = stage.waiting()
        assert (waiting["attempts"], waiting["permanent"]) == (1, False)
        assert waiting["last_error"] in ended.error
