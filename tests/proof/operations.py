"""Every operation of the monitor on AWS, and how a environment gets to the run in which it happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

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


def _with_shards(environment: Environment) -> None:
    """A run in which nothing goes wrong, and what is on the queue by then."""
    healthy(environment)
    while environment.has_shards:
        healthy(environment)


def _begun_with_shards(environment: Environment) -> None:
    _with_shards(environment)
    set_step(environment, NEWS.steps[1])


def _news_with_shards(environment: Environment) -> None:
    for step in NEWS.steps[1:]:
        set_step(environment, step)
        _with_shards(environment)
    # What lay there first was seen by shards of the run before.
    _with_shards(environment)


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


def _ucloud_refuses(environment: Environment) -> None:
    healthy(environment)
    set_step(environment, {"udts-a": REFUSED, "udts-b": REFUSED})


def _outage_is_over(environment: Environment) -> None:
    _ucloud_refuses(environment)
    healthy(environment)
    set_step(environment, NEWS.steps[1])


def _silent(environment: Environment) -> None:
    """Nobody is told of the first news; those who saw them are gone."""
    healthy(environment)
    environment.silence("all", minutes=60)
    set_step(environment, NEWS.steps[1])
    healthy(environment)
    end_leases(environment)
    set_step(environment, NEWS.steps[2])


def _end_silence(environment: Environment) -> None:
    environment.silence("all", minutes=0)
    end_leases(environment)


def _silence_is_over(environment: Environment) -> None:
    _silent(environment)
    healthy(environment)
    _end_silence(environment)


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


# What a task went through in the silence is told with its end; the latest of it is what people hear.
_SILENCED = replace(
    NEWS,
    told=[*NEWS.told, ("silenced", "monitor"), ("silenced", "monitor"), ("silence_ended", "monitor")],
    withheld={("failed", "udts-a")},
    digests=True,
)
_FIRST_RUN = Scene(
    before=_nothing,
    scenario=replace(NEWS, told=[*NEWS.told, ("roll_call", "monitor")]),
    variables={"roll_call": "weekly"},
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
    "read monitor": Operation(call="GetItem MONITOR RUN"),
    "read keys": Operation(call="GetSecretValue"),
    "save": Operation(call="TransactWriteItems save STATE -/udts-a"),
    "read outbox": Operation(call="Query OUTBOX"),
    "publish": Operation(call="Publish failed alerts udts-a"),
    "mark published": Operation(call="TransactWriteItems mark OUTBOX -/udts-a/failed alerts"),
    "write monitor": Operation(call="UpdateItem MONITOR RUN"),
}
OPERATIONS = {
    **USUAL,
    "claim": Operation(
        call="UpdateItem OUTBOX -/udts-a/failed alerts", scene=Scene(before=_left_by_a_dead_run)
    ),
    "mark failed": Operation(
        call="UpdateItem OUTBOX -/udts-a/failed alerts", scene=Scene(before=_sns_refuses)
    ),
    "open outage": Operation(
        call="TransactWriteItems outage MONITOR RUN",
        scene=Scene(before=_ucloud_refuses, after=_outage_and_news, scenario=NEWS_AND_OUTAGE),
    ),
    "close outage": Operation(
        call="TransactWriteItems outage MONITOR RUN",
        scene=Scene(before=_outage_is_over, scenario=NEWS_AND_OUTAGE),
    ),
    "look again": Operation(
        call="Query STATE", skip=1, scene=Scene(before=_outage_is_over, scenario=NEWS_AND_OUTAGE)
    ),
    "withhold": Operation(
        call="TransactWriteItems withhold OUTBOX -/udts-a/failed alerts",
        scene=Scene(before=_silent, after=_end_silence, scenario=_SILENCED),
    ),
    "end silence": Operation(
        call="TransactWriteItems end OUTBOX SILENCE#all",
        scene=Scene(before=_silence_is_over, after=healthy, scenario=_SILENCED),
    ),
    "count subscribers": Operation(call="GetTopicAttributes", scene=_FIRST_RUN),
    "call the roll": Operation(call="TransactWriteItems roll call MONITOR RUN", scene=_FIRST_RUN),
    "begin digest": Operation(
        call="TransactWriteItems bind OUTBOX",
        scene=Scene(scenario=replace(NEWS, digests=True), variables={"digest_above": 1}),
    ),
    "send shards": Operation(
        call="SendMessageBatch",
        scene=Scene(
            before=_begun_with_shards,
            after=_news_with_shards,
            scenario=replace(NEWS, variables={"shard_tasks": 1}),
            variables={"shard_tasks": 1},
        ),
    ),
    "read tasks": Operation(call="GetParameter", scene=Scene(before=_begun_with_a_parameter)),
}
