"""SNS away: for an hour, and without ever answering."""

import json
import time
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config

from local.inbox import Inbox
from tests.proof.conftest import Environments
from tests.proof.environment import HEAR_ALL, USUAL_SECONDS, SharedAws
from tests.proof.figures import note
from tests.proof.proxy import Fault, proxy_running
from tests.table import aws_client, create_table
from tests.world import World
from udts_monitor.adapters.publisher import Publisher
from udts_monitor.adapters.store import Store
from udts_monitor.outbox.notification import Topic

# A status for eight minutes each: what the first task goes through while nobody can be told.
COURSE = ("Failed", "Syncing", "Done", "Starting", "Failed", "Syncing", "Done", "Done")
FIRST = ["failed", "recovered", "finished", "failed", "recovered", "finished"]
TO_TELL = {"udts-1": FIRST, "udts-2": ["failed"]}
# Tried in the minutes 0, 1, 3, 7, 12, 17 and so on after it came up; what follows it is not tried.
ATTEMPTS = {"udts-1": 14, "udts-2": 8}
# A failed attempt waits five minutes at most, and what follows goes out in the same run.
RUNS_AFTERWARDS = 6


def _world(aws: SharedAws, endpoint: str) -> tuple[World, str, dict[Topic, Inbox]]:
    """A world whose table and topics are real, with SNS behind this endpoint; the table's name."""
    name = f"outage-{uuid.uuid4().hex[:8]}"
    create_table(aws.client("dynamodb"), name)
    arns = {topic: aws.client("sns").create_topic(Name=f"{name}-{topic}")["TopicArn"] for topic in HEAR_ALL}
    # One attempt each: botocore's own would only take time, an hour of it stands still.
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    sns = aws_client("sns", endpoint_url=endpoint, config=once)
    world = World(["udts-1", "udts-2"], topics=HEAR_ALL, digest_above=1000)
    real: dict[str, Any] = {
        "store": Store(aws_client("dynamodb", endpoint_url=aws.endpoint), name, timedelta(days=90)),
        "sns": Publisher(sns, arns, sleep=lambda _: None),
    }
    vars(world).update(real)
    return world, name, {topic: Inbox.subscribe(aws, arn) for topic, arn in arns.items()}


def test_an_hour_without_sns_loses_nothing_and_tells_in_order(shared_aws: SharedAws) -> None:
    """The outbox waits with its attempts and its last error; afterwards all is told within six runs."""
    with proxy_running(aws=shared_aws.endpoint) as proxy:
        world, table, inboxes = _world(shared_aws, proxy.url)
        proxy.rule(lambda call: call.service == "sns", Fault(error="ServiceUnavailable", status=503))
        red: list[tuple[str, ...]] = []
        for minute in range(60):
            world.ucloud.set(udts_1=COURSE[minute // 8], udts_2="Failed" if minute >= 30 else "Syncing")
            summary = world.run()
            red += [summary.errors] if summary.errors else []
        assert 58 * 60 < summary.outbox.oldest_pending_seconds < 60 * 60
        waiting = shared_aws.items(table, "OUTBOX")
        assert len(waiting) == summary.outbox.pending == len(HEAR_ALL) * sum(map(len, TO_TELL.values()))
        # The oldest of each task on each topic, for which the others wait.
        first = {(found["task_key"], found["topic"]): found for found in reversed(waiting)}
        attempts = {way: found["attempts"] for way, found in first.items()}
        assert attempts == {
            (f"-/{task}", topic): times for task, times in ATTEMPTS.items() for topic in HEAR_ALL
        }
        assert sum(found["attempts"] for found in waiting) == sum(attempts.values())
        assert all("ServiceUnavailable" in found["last_error"] for found in first.values())
        assert not any(found.get("permanent") for found in waiting)
        assert red
        assert all("ServiceUnavailable" in error for errors in red for error in errors)
        proxy.clear()
        runs = 0
        while vars(world)["store"].outbox().pending:
            runs += 1
            assert world.run().errors == ()
        assert runs <= RUNS_AFTERWARDS
        lost, repeated = 0, 0
        for topic, inbox in inboxes.items():
            told = [(message.attributes["task_id"], message.attributes["event"]) for message in inbox.take()]
            wanted = [(task, kind) for task, kinds in TO_TELL.items() for kind in kinds]
            lost += (Counter(wanted) - Counter(told)).total()
            repeated += (Counter(told) - Counter(wanted)).total()
            assert sorted(told, key=lambda message: message[0]) == wanted, topic
    note(
        "sns-outage",
        {
            "minutes": 60,
            "notifications": len(waiting),
            "attempts": int(sum(attempts.values())),
            "red runs": len(red),
            "runs until all is told": runs,
            "lost": lost,
            "repeated": repeated,
        },
    )


def test_what_is_told_late_says_when_it_happened(shared_aws: SharedAws) -> None:
    """The time in a message is that of the event, not of its delivery."""
    with proxy_running(aws=shared_aws.endpoint) as proxy:
        world, _, inboxes = _world(shared_aws, proxy.url)
        proxy.rule(lambda call: call.service == "sns", Fault(error="ServiceUnavailable", status=503), count=9)
        world.ucloud.set(udts_1="Failed")
        happened = world.clock()
        for _ in range(20):
            world.run()
        (message,) = inboxes[Topic.EVENTS].take()
        assert json.loads(message.text)["time"].startswith(f"{happened:%Y-%m-%dT%H:%M}")


def test_a_slow_sns_leaves_the_rest_to_the_next_run(environments: Environments) -> None:
    """More to tell than fits into a run: it stops in time, with everything that it told marked."""
    tasks = [f"udts-{number}" for number in range(8)]
    seconds = 9.0
    with environments(tasks=tasks) as environment:
        environment.run()
        for task in tasks:
            environment.ucloud.set_status(task, "Failed")
        environment.proxy.rule("Publish", Fault(delay_seconds=0.5))
        began = time.monotonic()
        ended = environment.run(seconds=seconds)
        took = time.monotonic() - began
        assert not ended.error, ended.error
        assert took < seconds
        left = environment.waiting()
        assert ended.summary is not None
        assert 0 < len(left) == ended.summary["pending"] < len(HEAR_ALL) * len(tasks)
        environment.proxy.clear()
        environment.runs_until_quiet()
        for topic in HEAR_ALL:
            told = [message.attributes["task_id"] for message in environment.messages(topic)]
            assert sorted(told) == tasks, topic
    note("sns-slow", {"seconds": round(took, 1), "of": seconds, "left to the next run": len(left)})


@pytest.mark.soak
@pytest.mark.parametrize("first", [False, True], ids=["later run", "first run"])
def test_an_sns_that_never_answers_does_not_cost_the_run_its_end(
    environments: Environments, *, first: bool
) -> None:
    """Four tasks to tell and every call to SNS hangs: the run still ends by itself, with everything noted."""
    tasks = ["udts-a", "udts-b", "udts-c", "udts-d"]
    with environments(tasks=tasks) as environment:
        # The first run of all would also ask SNS who listens.
        if not first:
            environment.run()
        for task in tasks:
            environment.ucloud.set_status(task, "Failed")
        environment.proxy.rule(lambda call: call.service == "sns", Fault(hang=True))
        began = time.monotonic()
        ended = environment.run(seconds=USUAL_SECONDS)
        seconds = time.monotonic() - began
        note("sns-hangs", {"seconds": round(seconds, 1), "of": USUAL_SECONDS})
        assert ended.error.startswith("RunError")
        assert len(environment.waiting()) == len(HEAR_ALL) * len(tasks)
        assert any(found["attempts"] for found in environment.waiting())
        (heartbeat,) = environment.items("MONITOR")[-1:]
        assert heartbeat["pending"] == len(HEAR_ALL) * len(tasks)
        assert seconds < USUAL_SECONDS
