"""`doctor`: everything the monitor depends on, tried; one line each, with what to do."""

from argparse import Namespace
from collections.abc import Iterator

from udts_monitor.query.overview import overview
from udts_monitor.run.doctor import Finding
from udts_monitor_cli.codes import Code
from udts_monitor_cli.finding import Try, findings, render
from udts_monitor_cli.inbox import temporary_inbox
from udts_monitor_cli.look import now
from udts_monitor_cli.screen import Screen, ago
from udts_monitor_cli.stack import Stack

_TOPIC_OUTPUTS = {
    "alerts": "AlertsTopicArn",
    "pager": "PagerTopicArn",
    "chat": "ChatTopicArn",
    "events": "EventsTopicArn",
}
# Fewer free executions than this, and a busy neighbour may keep the run from starting.
_FREE_EXECUTIONS = 10
_ARRIVES_WITHIN_SECONDS = 20.0


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """Each finding as soon as it is there; the slow ones last."""
    tries: list[Try] = [table, schedule, last_run, alarms, failure_queue, topics, quota, ucloud]
    return render(findings(stack, [*tries, *([] if given.quiet else [test_message])]), screen)


def table(stack: Stack) -> Iterator[Finding]:
    """It is there, and its history expires."""
    name = stack.output("TableName")
    client = stack.client("dynamodb")
    status = client.describe_table(TableName=name)["Table"]["TableStatus"]
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
    if status != "ACTIVE":
        yield Finding(
            check="table", ok=False, says=f"{name} is {status}", do="wait, or look at it in the console"
        )
    elif expiry not in {"ENABLED", "ENABLING"}:
        do = "switch it on for expires_at: otherwise the history grows for ever"
        yield Finding(check="table", ok=False, says="nothing expires", do=do)
    else:
        yield Finding(check="table", ok=True, says=f"{name} is active, its history expires")


def schedule(stack: Stack) -> Iterator[Finding]:
    """It is on."""
    found = stack.client("scheduler").get_schedule(Name=f"{stack.name}-check-tasks")
    every = found["ScheduleExpression"]
    if found["State"] == "ENABLED":
        yield Finding(check="schedule", ok=True, says=f"is on: {every}")
    else:
        do = "deploy with ScheduleState=ENABLED"
        yield Finding(check="schedule", ok=False, says="is off: nothing is checked", do=do)


def last_run(stack: Stack) -> Iterator[Finding]:
    """It came to its end, and the next one is not late."""
    seen = overview(stack.reader().stored(), now())
    last = seen.last_run
    if last is None:
        do = "wait a minute; then read the function's log"
        yield Finding(check="last run", ok=False, says="none has come to its end yet", do=do)
        return
    counts = f"{last.checked} checked, {last.no_answer} without an answer"
    counts = f"{last.shards} shards" if last.shards else counts
    says = f"{ago(last.ran_at, seen.now)} ago in {last.seconds:g} s: {counts}"
    if seen.is_late:
        do = "read the failure queue and the function's log"
        yield Finding(check="last run", ok=False, says=f"{says}; the next one is late", do=do)
    elif last.errors:
        yield Finding(
            check="last run", ok=False, says=f"{says}; {last.errors[0]}", do="the next run repeats it"
        )
    else:
        yield Finding(check="last run", ok=True, says=says)


def alarms(stack: Stack) -> Iterator[Finding]:
    """None sounds."""
    pages = (
        stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack.name}-")
    )
    states = {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page["MetricAlarms"]}
    loud = sorted(name for name, state in states.items() if state == "ALARM")
    waiting = sorted(name for name, state in states.items() if state not in {"ALARM", "OK"})
    if not states:
        yield Finding(check="alarms", ok=False, says="there are none", do="deploy the stack again")
    elif loud:
        do = "docs/operating.md says what each means"
        yield Finding(check="alarms", ok=False, says=f"in alarm: {', '.join(loud)}", do=do)
    elif waiting:
        yield Finding(
            check="alarms", ok=True, says=f"none of {len(states)} in alarm; {len(waiting)} have no data yet"
        )
    else:
        yield Finding(check="alarms", ok=True, says=f"all {len(states)} are OK")


def failure_queue(stack: Stack) -> Iterator[Finding]:
    """No run failed or could not start."""
    name = "ApproximateNumberOfMessages"
    found = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.output("FailureQueueUrl"), AttributeNames=[name]
    )
    number = int(found["Attributes"][name])
    do = "read why, then purge the queue" if number else ""
    says = f"{number} runs failed or could not start" if number else "is empty"
    yield Finding(check="failure queue", ok=not number, says=says, do=do)


def topics(stack: Stack) -> Iterator[Finding]:
    """Somebody hears each one for people."""
    for topic, output in _TOPIC_OUTPUTS.items():
        if output not in stack.outputs:
            yield Finding(check=topic, ok=None, says="is off")
            continue
        found = stack.client("sns").get_topic_attributes(TopicArn=stack.outputs[output])["Attributes"]
        confirmed, pending = (int(found.get(f"Subscriptions{name}", 0)) for name in ("Confirmed", "Pending"))
        says = f"{confirmed} subscribed" + (f", {pending} not confirmed" if pending else "")
        # Programs are optional; a topic for people that nobody hears is a mistake.
        ok = True if confirmed else None if topic == "events" and not pending else False
        do = "confirm the mail of SNS" if pending else "" if confirmed else _WHOM[topic]
        yield Finding(check=topic, ok=ok, says=says, do=do)


_WHOM = {
    "alerts": "subscribe an address: the output SubscribeEmailCommand",
    "pager": "subscribe a number or a paging service",
    "chat": "connect the channel in Amazon Q Developer",
    "events": "subscribe a program, if one should hear",
}


def quota(stack: Stack) -> Iterator[Finding]:
    """The account leaves room for the run to start."""
    found = stack.client("lambda").get_account_settings()
    free, limit = (
        int(found["AccountLimit"][name])
        for name in ("UnreservedConcurrentExecutions", "ConcurrentExecutions")
    )
    ok = free >= _FREE_EXECUTIONS
    do = "" if ok else "ask AWS for more concurrent executions, or reserve some for the function"
    yield Finding(
        check="quota", ok=ok, says=f"{free} of {limit} concurrent executions are free to share", do=do
    )


def ucloud(stack: Stack) -> Iterator[Finding]:
    """What the function finds at UCloud, from its own address and with its own keys."""
    for found in stack.ask({"command": "doctor"}).get("findings", []):
        yield Finding(check=found["check"], ok=found["ok"], says=found["says"], do=found["do"])


def test_message(stack: Stack) -> Iterator[Finding]:
    """It arrives at a queue of our own, by the way of every other message."""
    with temporary_inbox(stack, stack.output("EventsTopicArn")) as inbox:
        answer = stack.ask({"command": "test"})
        arrived = inbox.wait_for(_ARRIVES_WITHIN_SECONDS, event="test")
    if arrived is None:
        do = "look for `not published` in the function's log, and at the topic's policy"
        says = f"none arrived within {_ARRIVES_WITHIN_SECONDS:g} s"
        yield Finding(check="test message", ok=False, says=says, do=do)
    else:
        says = f"arrived after {arrived.seconds:.1f} s; SNS took {answer.get('published', 0)}"
        yield Finding(check="test message", ok=True, says=says)
