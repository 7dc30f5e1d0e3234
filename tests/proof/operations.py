"""Every operation of the monitor on AWS, and how a environment gets to the run in which it happens."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tests.proof.environment import USUAL_SECONDS, Environment
from tests.proof.proxy import Fault
from tests.proof.scenario import REFUSED, Scenario, set_step
from udts_monitor.times import iso

# The second news of a task shows whether it is told in order, whatever became of the first.
NEWS = Scenario(
    steps=[{}, {"udts-a": "Failed", "udts-b": "Done"}, {"udts-a": "Done"}],
    told=[("failed", "udts-a"), ("finished", "udts-b"), ("finished", "udts-a")],
    transitions={"udts-a": ["Syncing", "Failed", "Done"], "udts-b": ["Syncing", "Done"]},
    variables={},
)
NEWS_AND_OUTAGE = Scenario(
    steps=NEWS.steps,
    told=[*NEWS.told, ("unreachable", "monitor"), ("reachable", "monitor")],
    transitions=NEWS.transitions,
    variables={},
)
# Long enough for two runs on a busy machine.
_SILENCE = timedelta(seconds=6)


def healthy(environment: Environment) -> None:
    """A run in which nothing goes wrong."""
    ended = environment.run()
    assert not ended.error, ended.error


def begun(environment: Environment) -> None:
    """Two healthy tasks, seen once; then both change."""
    healthy(environment)
    set_step(environment, NEWS.steps[1])


def end_leases(environment: Environment) -> None:
    """As if time had passed: all that waits may be claimed, and is due. No run may be alive."""
    for found in environment.waiting():
        environment.aws.client("dynamodb").update_item(
            TableName=environment.table,
            Key={"pk": {"S": found["pk"]}, "sk": {"S": found["sk"]}},
            UpdateExpression="SET lease_until = :now",
            ExpressionAttributeValues={":now": {"S": iso(datetime.now(UTC))}},
        )


def news(environment: Environment) -> None:
    """All that is new, each seen by a run in which nothing goes wrong."""
    for step in NEWS.steps[1:]:
        set_step(environment, step)
        healthy(environment)


def _outage_and_news(environment: Environment) -> None:
    # Of an outage that ends before a run could note it nobody knows.
    healthy(environment)
    news(environment)


def _left_by_a_dead_run(environment: Environment) -> None:
    begun(environment)
    environment.proxy.rule("Query OUTBOX", Fault(error="ValidationException"))
    assert environment.run().error
    environment.proxy.clear()
    assert len(environment.waiting()) == 2 * len(environment.topics)
    end_leases(environment)


def _sns_refuses(environment: Environment) -> None:
    begun(environment)
    environment.proxy.rule("Publish failed alerts udts-a", Fault(error="ServiceUnavailable", status=503))


def _ucloud_hangs(environment: Environment) -> None:
    begun(environment)
    environment.ucloud.inject(hang=True)


def _ucloud_refuses(environment: Environment) -> None:
    healthy(environment)
    set_step(environment, {"udts-a": REFUSED, "udts-b": REFUSED})


def _outage_is_over(environment: Environment) -> None:
    _ucloud_refuses(environment)
    healthy(environment)
    set_step(environment, NEWS.steps[1])


def _silence_is_over(environment: Environment) -> None:
    healthy(environment)
    until = datetime.now(UTC) + _SILENCE
    ended = environment.run(
        event={"command": "silence", "scope": "all", "by": "a person", "until": until.isoformat()}
    )
    assert not ended.error, ended.error
    news(environment)
    assert datetime.now(UTC) < until, "the machine was too busy for the silence"
    time.sleep((until - datetime.now(UTC)).total_seconds())


def tasks_in_a_parameter(environment: Environment) -> None:
    """The same list of tasks, in Parameter Store from now on."""
    name, tasks = f"/{environment.table}/tasks", environment.variables["UDTS_TASKS"]
    environment.aws.client("ssm").put_parameter(Name=name, Value=tasks, Type="String")
    environment.variables["UDTS_TASKS"] = f"ssm:{name}"


def _begun_with_a_parameter(environment: Environment) -> None:
    tasks_in_a_parameter(environment)
    begun(environment)


def _nothing(_: Environment) -> None:
    """It is the first run of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What surrounds the run in which something goes wrong.

    Attributes:
        before: leads a environment to that run.
        after: what happens and is seen when all works again.
        scenario: what has to be told in the end.
        variables: of the environment.
        seconds: what the run is given.
    """

    before: Callable[[Environment], object] = begun
    after: Callable[[Environment], object] = news
    scenario: Scenario = NEWS
    variables: Mapping[str, object] = field(default_factory=dict)
    seconds: float = USUAL_SECONDS


_AFTER_A_SILENCE = Scene(
    before=_silence_is_over, after=healthy, scenario=replace(NEWS, withheld={("failed", "udts-a")})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A call that the run of its scene makes.

    Attributes:
        call: the beginning of its name, as the proxy knows it.
        skip: so many calls of that name come first.
    """

    call: str
    scene: Scene = field(default_factory=Scene)
    skip: int = 0


# Those of nearly every run that has news.
USUAL = {
    "read states": Operation(call="Query STATE"),
    "read keys": Operation(call="GetSecretValue"),
    "save": Operation(call="TransactWriteItems save STATE -/udts-a"),
    "read outbox": Operation(call="Query OUTBOX"),
    "publish": Operation(call="Publish failed alerts udts-a"),
    "mark published": Operation(call="TransactWriteItems mark OUTBOX -/udts-a/failed alerts"),
    "heartbeat": Operation(call="UpdateItem MONITOR RUN"),
}
OPERATIONS = {
    **USUAL,
    "claim": Operation(
        call="UpdateItem OUTBOX -/udts-a/failed alerts", scene=Scene(before=_left_by_a_dead_run)
    ),
    "mark failed": Operation(
        call="UpdateItem OUTBOX -/udts-a/failed alerts", scene=Scene(before=_sns_refuses)
    ),
    "mark left off": Operation(
        call="UpdateItem STATE -/udts-b",
        scene=Scene(before=_ucloud_hangs, variables={"max_concurrency": 1}, seconds=12.0),
    ),
    "read outages": Operation(
        call="Query MONITOR",
        scene=Scene(before=_ucloud_refuses, after=_outage_and_news, scenario=NEWS_AND_OUTAGE),
    ),
    "open outage": Operation(
        call="TransactWriteItems outage MONITOR RUN",
        scene=Scene(before=_ucloud_refuses, after=_outage_and_news, scenario=NEWS_AND_OUTAGE),
    ),
    "close outage": Operation(
        call="TransactWriteItems outage MONITOR RUN",
        scene=Scene(before=_outage_is_over, scenario=NEWS_AND_OUTAGE),
    ),
    "withhold": Operation(
        call="TransactWriteItems withhold OUTBOX -/udts-a/failed alerts", scene=_AFTER_A_SILENCE
    ),
    "end silence": Operation(call="DeleteItem", scene=_AFTER_A_SILENCE),
    "count listeners": Operation(call="GetTopicAttributes", scene=Scene(before=_nothing)),
    "second heartbeat": Operation(call="UpdateItem MONITOR RUN", skip=1, scene=Scene(before=_nothing)),
    "begin digest": Operation(
        call="TransactWriteItems bind OUTBOX",
        scene=Scene(scenario=replace(NEWS, digests=True), variables={"digest_above": 1}),
    ),
    "read tasks": Operation(call="GetParameter", scene=Scene(before=_begun_with_a_parameter)),
}
