"""Killed with SIGKILL at every call: no event is lost, and a repeat is one that cannot be avoided."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.proof.canary_keys import RENEWED, secret_of
from tests.proof.conftest import Environments
from tests.proof.crash import Tried, die, points_of, try_passing, try_points
from tests.proof.environment import HEAR_ALL, Environment, keep_keys
from tests.proof.figures import note
from tests.proof.operations import end_leases, tasks_in_a_parameter
from tests.proof.proxy import Fault
from tests.proof.scenario import REFUSED, UNSEEN, Scenario, set_step
from udts_monitor.times import iso

ONE_FAILURE = Scenario(
    steps=[{}, {"udts-a": "Failed"}],
    told=[("failed", "udts-a")],
    transitions={"udts-a": ["Syncing", "Failed"]},
    variables={},
)
# Six tasks fail, finish, recover, stop, start again, hide alone and together, and come back.
WHOLE = Scenario(
    steps=[
        {"udts-b": "Loading"},
        {"udts-a": "Failed", "udts-b": "Done", "udts-c": "Stopped", "udts-d": REFUSED, "udts-e": UNSEEN},
        {"udts-a": "Starting", "udts-c": "Starting", "udts-f": "Frobnicating"},
        {"udts-a": "Syncing", "udts-c": "Syncing", "udts-d": "Syncing", "udts-e": "Failed"},
        dict.fromkeys(("udts-a", "udts-b", "udts-c", "udts-d", "udts-e", "udts-f"), UNSEEN),
        {
            "udts-a": "Success",
            "udts-b": "Done",
            "udts-c": "Synced",
            "udts-d": "FailedUnrecoverable",
            "udts-e": "FailedUnrecoverable",
            "udts-f": "Stopped",
        },
    ],
    told=[
        ("failed", "udts-a"),
        ("finished", "udts-b"),
        ("stopped", "udts-c"),
        ("unreachable", "monitor"),  # the wrong project of d
        ("unreachable", "udts-e"),
        ("unknown_status", "udts-f"),
        ("recovered", "udts-a"),
        ("recovered", "udts-c"),
        ("cutover_ready", "udts-c"),
        ("reachable", "monitor"),
        ("reachable", "udts-e"),
        ("failed", "udts-e"),
        ("unreachable", "monitor"),  # all of them
        ("reachable", "monitor"),
        ("finished", "udts-a"),
        ("failed", "udts-d"),
        ("failed", "udts-e"),
        ("stopped", "udts-f"),
    ],
    transitions={
        "udts-a": ["Syncing", "Failed", "Starting", "Syncing", "Success"],
        "udts-b": ["Loading", "Done"],
        "udts-c": ["Syncing", "Stopped", "Starting", "Syncing", "Synced"],
        "udts-d": ["Syncing", "FailedUnrecoverable"],
        "udts-e": ["Syncing", "Failed", "FailedUnrecoverable"],
        "udts-f": ["Syncing", "Frobnicating", "Stopped"],
    },
    variables={
        "unreachable_after_checks": 2,
        "recovered_after_checks": 2,
        "stopped_grace_minutes": 0,
        # One after the other, so that what goes to programs in one call is the same in every world.
        "max_concurrency": 1,
    },
    together=4,
)


# More at once than people are told one by one.
STORM_TASKS = tuple(f"udts-{letter}" for letter in "abcdefg")
STORM = Scenario(
    steps=[{}, dict.fromkeys(STORM_TASKS, "Failed")],
    told=[("failed", task) for task in STORM_TASKS],
    transitions={task: ["Syncing", "Failed"] for task in STORM_TASKS},
    # One after the other, so that the oldest of a digest is the same in every world.
    variables={"digest_above": 5, "max_concurrency": 1},
    digests=True,
)


def _fails_and_its_run_dies(environment: Environment) -> None:
    """What the dead run saved is for others to claim."""
    set_step(environment, {"udts-a": "Failed"})
    die(environment, "TransactWriteItems save STATE -/udts-a", executed=True)


CLAIMED = replace(ONE_FAILURE, steps=[{}, _fails_and_its_run_dies])


def _fails_and_sns_refuses(environment: Environment) -> None:
    set_step(environment, {"udts-a": "Failed"})
    environment.proxy.rule("Publish failed alerts", Fault(error="AuthorizationError", status=403))


# The last step is the second attempt, a minute after the first.
NOT_ACCEPTED = replace(ONE_FAILURE, steps=[{}, _fails_and_sns_refuses, end_leases], red={1})


def _silence_begins(environment: Environment) -> None:
    environment.silence("all", minutes=60)
    set_step(environment, {"udts-a": "Failed", "udts-b": "Failed"})


def _leases_end(environment: Environment) -> None:
    environment.wait_for_leases()


def _silence_ends(environment: Environment) -> None:
    """Its time has passed: nobody asks for the end, so a run has to see to it."""
    environment.aws.client("dynamodb").update_item(
        TableName=environment.table,
        Key={"pk": {"S": "OUTBOX"}, "sk": {"S": "SILENCE#all"}},
        UpdateExpression="SET #until = :now",
        ExpressionAttributeNames={"#until": "until"},
        ExpressionAttributeValues={":now": {"S": iso(datetime.now(UTC))}},
    )
    environment.wait_for_leases()


# One task recovers in the silence: of that people hear at its end, and not of the failure before it.
SILENCED = Scenario(
    steps=[{}, _silence_begins, {"udts-a": "Syncing"}, _leases_end, _silence_ends],
    told=[
        ("silenced", "monitor"),
        ("failed", "udts-a"),
        ("failed", "udts-b"),
        ("recovered", "udts-a"),
        ("silence_ended", "monitor"),
    ],
    transitions={"udts-a": ["Syncing", "Failed", "Syncing"], "udts-b": ["Syncing", "Failed"]},
    variables={"recovered_after_checks": 2, "max_concurrency": 1},
    withheld={("failed", "udts-a")},
    digests=True,
    # What the runs in the silence leave has to be claimed after it.
    seconds=8.0,
)


ROLL_CALL = replace(
    ONE_FAILURE, told=[("roll_call", "monitor"), *ONE_FAILURE.told], variables={"roll_call": "weekly"}
)


# Two shards, one of them of two tasks; the story of one failure, and of a finish beside it.
SHARDS = Scenario(
    steps=[{}, {"udts-a": "Failed", "udts-c": "Done"}],
    told=[("failed", "udts-a"), ("finished", "udts-c")],
    transitions={"udts-a": ["Syncing", "Failed"], "udts-b": ["Syncing"], "udts-c": ["Syncing", "Done"]},
    variables={"shard_tasks": 2},
)


def _time_runs_out(environment: Environment) -> None:
    """The check of the second task takes all the time the run has for checks."""
    set_step(environment, {"udts-a": "Failed", "udts-c": "Done"})
    environment.proxy.rule("GetUDTSTaskStatus udts-b", Fault(hang=True))


LEFT_OFF = Scenario(
    steps=[{}, _time_runs_out],
    told=[("failed", "udts-a"), ("finished", "udts-c")],
    transitions={"udts-a": ["Syncing", "Failed"], "udts-b": ["Syncing"], "udts-c": ["Syncing", "Done"]},
    variables={"max_concurrency": 1},
    slow={"udts-b"},
    seconds=6.0,
)


def _tasks_and_keys_of_its_own(environment: Environment) -> None:
    tasks_in_a_parameter(environment)
    environment.variables["UCLOUD_SECRET_ARN"] = keep_keys(environment.aws)


def _keys_are_renewed(environment: Environment) -> None:
    """The first run has just read the old keys when they are exchanged; so UCloud rejects them."""
    set_step(environment, {"udts-a": "Failed"})
    secret = environment.variables["UCLOUD_SECRET_ARN"]

    def renew() -> None:
        environment.aws.client("secretsmanager").put_secret_value(
            SecretId=secret, SecretString=secret_of(RENEWED)
        )
        environment.ucloud.set_keys(RENEWED.public_key, RENEWED.private_key)

    environment.proxy.rule("GetSecretValue", Fault(delay_seconds=0.01, act=renew), count=1)


RENEWED_KEYS = replace(
    ONE_FAILURE, steps=[_tasks_and_keys_of_its_own, _keys_are_renewed], variables={"renewal_pause_seconds": 0}
)


def _holds(tried: list[Tried]) -> None:
    """What has to be true of every point."""
    assert [str(found.point) for found in tried if not found.reached] == []
    assert {str(found.point): found.verdict.lost for found in tried if found.verdict.lost} == {}
    assert {str(found.point): found.verdict.wrong for found in tried if found.verdict.wrong} == {}
    assert {str(found.point): found.stolen for found in tried if found.stolen} == {}
    # Of programs several may go in one call, which is accepted or marked as a whole.
    repeats = {str(found.point): bool(found.verdict.repeated) for found in tried}
    assert repeats == {str(found.point): found.point.may_repeat for found in tried}


def _figures(tried: list[Tried], began: float) -> dict[str, float]:
    return {
        "points": len(tried),
        "lost": sum(len(found.verdict.lost) for found in tried),
        "repeated": sum(len(found.verdict.repeated) for found in tried),
        "may_repeat": sum(found.point.may_repeat for found in tried),
        "seconds": round(time.monotonic() - began, 1),
    }


def _try(
    environments: Environments, proof: str, scenario: Scenario, steps: Iterable[int], *, at: str = ""
) -> list[Tried]:
    """Kill at every call of these steps whose name begins so, note the figures, see that all of it holds."""
    began = time.monotonic()
    points = [point for point in points_of(environments, scenario, steps) if point.call.startswith(at)]
    tried = try_points(environments, scenario, points)
    note(f"crash-{proof}", _figures(tried, began))
    _holds(tried)
    return tried


def _calls(tried: Iterable[Tried]) -> set[str]:
    return {found.point.call for found in tried}


def test_a_failure_is_told_wherever_the_run_is_killed(environments: Environments) -> None:
    """Before and after each call of the run that sees it; the whole scenario is for `make soak`."""
    assert len(_try(environments, "one-failure", ONE_FAILURE, steps=[1])) >= 2 * 10


def test_a_failure_that_only_the_killed_run_saw_is_told_once_it_is_saved(environments: Environments) -> None:
    """UCloud says something else to the next run: what was saved is told, and of the rest nobody can know."""
    points = [point for point in points_of(environments, ONE_FAILURE, [1]) if point.run == 0]
    passed = try_passing(environments, points)
    lost = [str(found.point) for found in passed if found.kept and not found.told]
    made_up = [str(found.point) for found in passed if found.told and not found.kept]
    repeated = [found.point for found in passed if found.told > 1]
    assert (lost, made_up) == ([], [])
    assert all(point.may_repeat for point in repeated)
    assert {found.kept for found in passed} == {True, False}
    figures = {"points": len(passed), "saved": sum(found.kept for found in passed), "lost": len(lost)}
    note("crash-passing", {**figures, "repeated": len(repeated)})


def test_what_a_dead_run_left_is_told_wherever_the_next_is_killed(environments: Environments) -> None:
    """The run that claims it dies at a claim as well; its other calls are for `make soak`."""
    tried = _try(environments, "claims", CLAIMED, steps=[1], at="UpdateItem OUTBOX")
    assert _calls(tried) == {f"UpdateItem OUTBOX -/udts-a/failed {topic}" for topic in HEAR_ALL}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_what_a_dead_run_left_is_told_wherever_a_run_is_killed(environments: Environments) -> None:
    """The same at every call."""
    _try(environments, "claimed", CLAIMED, steps=[1])


def test_what_shards_see_is_told_wherever_the_run_that_sends_them_is_killed(
    environments: Environments,
) -> None:
    """They are on the queue twice then, or not at all; the other calls are for `make soak`."""
    assert _calls(_try(environments, "shards-sent", SHARDS, steps=[1], at="SendMessageBatch"))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_what_shards_see_is_told_wherever_they_or_the_run_are_killed(environments: Environments) -> None:
    """At every call of the run and of both shards; a dead shard's message comes again."""
    calls = _calls(_try(environments, "shards", SHARDS, steps=[1]))
    assert {"SendMessageBatch", "UpdateItem MONITOR RUN", "GetUDTSTaskStatus udts-b"} <= calls
    assert "TransactWriteItems save STATE -/udts-a" in calls


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("step", range(len(WHOLE.steps)))
def test_a_story_is_told_wherever_a_run_is_killed(environments: Environments, step: int) -> None:
    """Six tasks that fail, finish, recover, stop and hide, killed at every call of every run."""
    assert len(_try(environments, f"whole-scenario-step-{step}", WHOLE, steps=[step])) >= 2 * 2 * 10


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_storm_is_told_wherever_the_run_is_killed(environments: Environments) -> None:
    """Seven tasks fail at once: no digest swallows a task, and one that comes again has the same id."""
    _try(environments, "storm", STORM, steps=[1])


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_what_sns_refuses_is_told_wherever_the_run_is_killed(environments: Environments) -> None:
    """At the attempt that fails, while it waits, and at the one that succeeds."""
    tried = _try(environments, "not-accepted", NOT_ACCEPTED, steps=[1, 2])
    noted = "UpdateItem OUTBOX -/udts-a/failed alerts"
    assert noted in _calls(found for found in tried if found.point.step == 1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_silence_is_settled_wherever_the_run_is_killed(environments: Environments) -> None:
    """In it what is no longer news is withheld; at its end people get one message, and it is forgotten."""
    calls = _calls(_try(environments, "silence-over", SILENCED, steps=[3, 4]))
    assert "TransactWriteItems withhold OUTBOX -/udts-a/failed alerts" in calls
    assert "TransactWriteItems claim OUTBOX -/udts-b/failed alerts" in calls
    assert "Publish digest alerts monitor" in calls
    assert "TransactWriteItems end OUTBOX SILENCE#all" in calls


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_roll_is_called_once_wherever_the_run_is_killed(environments: Environments) -> None:
    """By the first run of all, or by the one after it."""
    calls = _calls(_try(environments, "roll-call", ROLL_CALL, steps=[0]))
    assert "TransactWriteItems roll call MONITOR RUN" in calls


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_tasks_left_off_are_told_wherever_the_run_is_killed(environments: Environments) -> None:
    """A run too short for all tasks says in the monitor's item where the next is to begin."""
    assert "UpdateItem MONITOR RUN" in _calls(_try(environments, "left-off", LEFT_OFF, steps=[1]))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_renewed_keys_are_taken_wherever_the_run_is_killed(environments: Environments) -> None:
    """The list of tasks in a parameter, the keys exchanged while they are read: the failure is told."""
    calls = _calls(_try(environments, "renewed-keys", RENEWED_KEYS, steps=[1]))
    assert {"GetParameter", "GetSecretValue", "GetSecretValue (2)", "GetUDTSTaskStatus udts-a (2)"} <= calls
