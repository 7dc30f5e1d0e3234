"""`make verify STACK=name`: tries a deployed stack as it is. What it makes on the way it takes away again.

It sends one test notification and lets one alarm sound and end: whoever is subscribed hears both.
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.run.doctor import Finding
from udts_monitor_cli.codes import CommandLineError
from udts_monitor_cli.finding import Try, findings, render
from udts_monitor_cli.inbox import temporary_inbox
from udts_monitor_cli.parser import PROGRAM
from udts_monitor_cli.screen import Screen
from udts_monitor_cli.stack import Stack, open_stack

_OUTPUTS = (
    "AlertsTopicArn",
    "EventsTopicArn",
    "FailureQueueUrl",
    "FunctionName",
    "LogGroupName",
    "TableName",
)
_TOPICS = ("AlertsTopicArn", "PagerTopicArn", "ChatTopicArn", "EventsTopicArn")
_UTF8_SUBJECT = "[TEST] udts: \u6d4b\u8bd5 \u2013 \u0416"
_PATIENCE_SECONDS = 30.0
_NEXT_RUN_SECONDS = 200.0
_ALARM = "failure-queue"
# Role, action, output that names the resource (empty: any), and whether it may.
_RIGHTS = (
    ("CheckTasksRole", "dynamodb:Query", "Table", True),
    ("CheckTasksRole", "dynamodb:DeleteTable", "Table", False),
    ("CheckTasksRole", "dynamodb:Scan", "Table", False),
    ("CheckTasksRole", "sns:Publish", "AlertsTopic", True),
    ("CheckTasksRole", "sns:Subscribe", "AlertsTopic", False),
    ("CheckTasksRole", "iam:CreateUser", "", False),
    ("TaskStatusRole", "dynamodb:Query", "Table", True),
    ("TaskStatusRole", "dynamodb:PutItem", "Table", False),
    ("ScheduleRole", "lambda:InvokeFunction", "CheckTasksFunction", True),
    ("ScheduleRole", "dynamodb:Query", "Table", False),
)


def main() -> int:
    """One line for each thing that was tried."""
    parser = argparse.ArgumentParser(prog="make verify STACK=name", description=__doc__)
    parser.add_argument("--stack", default=PROGRAM)
    parser.add_argument("--region")
    parser.add_argument("--profile")
    given = parser.parse_args()
    screen = Screen()
    tries: tuple[Try, ...] = (outputs, messages, utf8_subject, alarm, roles, next_run, status_function)
    try:
        stack = open_stack(given.stack, given.region, given.profile)
        return render(findings(stack, tries), screen)
    except CommandLineError as error:
        sys.stderr.write(f"verify: {error}\n")
        return error.code


def outputs(stack: Stack) -> Iterator[Finding]:
    """What programs and commands rely on."""
    missing = [name for name in _OUTPUTS if name not in stack.outputs]
    says = f"missing: {', '.join(missing)}" if missing else f"all {len(_OUTPUTS)} are there"
    yield Finding(check="outputs", ok=not missing, says=says)


def messages(stack: Stack) -> Iterator[Finding]:
    """One test notification arrives at each topic, with attributes that filters work on."""
    with ExitStack() as stays:
        inboxes = {
            output: stays.enter_context(temporary_inbox(stack, stack.outputs[output]))
            for output in _TOPICS
            if output in stack.outputs
        }
        stack.ask({"command": "test"})
        for output, inbox in inboxes.items():
            topic = output.removesuffix("TopicArn").lower()
            if topic == "pager":
                # A test is not critical, so nobody is paged.
                yield Finding(check=topic, ok=None, says="is for critical events, which a test is not")
                continue
            arrived = inbox.wait_for(_PATIENCE_SECONDS, event="test")
            says = (
                f"the test notification arrived after {arrived.seconds:.1f} s"
                if arrived
                else "nothing arrived"
            )
            yield Finding(check=topic, ok=arrived is not None, says=says)


def utf8_subject(stack: Stack) -> Iterator[Finding]:
    """SNS delivers subjects beyond ASCII; tried on a topic of our own, so that nobody is mailed."""
    sns = stack.client("sns")
    with _temporary_topic(stack) as arn, temporary_inbox(stack, arn) as inbox:
        try:
            sns.publish(TopicArn=arn, Subject=_UTF8_SUBJECT, Message="subject")
        except (BotoCoreError, ClientError) as error:
            says = f"SNS refuses it ({type(error).__name__}): subjects go out in ASCII in a second attempt"
            yield Finding(check="UTF-8 subject", ok=False, says=says)
            return
        arrived = inbox.wait_for(_PATIENCE_SECONDS, word="subject")
    whole = arrived is not None and arrived.subject == _UTF8_SUBJECT
    said = (
        "arrived as it was sent"
        if whole
        else f"arrived as {arrived.subject!r}"
        if arrived
        else "did not arrive"
    )
    yield Finding(check="UTF-8 subject", ok=whole, says=said)


def alarm(stack: Stack) -> Iterator[Finding]:
    """An alarm reaches the alerts topic; it is set back at once."""
    cloudwatch, name = stack.client("cloudwatch"), f"{stack.name}-{_ALARM}"
    before = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not before:
        yield Finding(check="alarm", ok=False, says=f"there is no alarm {name}")
        return
    with temporary_inbox(stack, stack.output("AlertsTopicArn")) as inbox:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried by make verify")
        try:
            arrived = inbox.wait_for(_PATIENCE_SECONDS, word=name)
        finally:
            cloudwatch.set_alarm_state(
                AlarmName=name,
                StateValue=before[0]["StateValue"],
                StateReason="tried by make verify, and over",
            )
    says = f"arrived after {arrived.seconds:.1f} s" if arrived else "did not reach the alerts topic"
    yield Finding(check="alarm", ok=arrived is not None, says=f"{name} {says}")


def roles(stack: Stack) -> Iterator[Finding]:
    """What each role may and may not, by the simulation of its policies."""
    resources = _resources(stack)
    iam, wrong, tried = stack.client("iam"), [], 0
    for role, action, resource, may in _RIGHTS:
        if role not in resources:
            continue
        source = iam.get_role(RoleName=resources[role])["Role"]["Arn"]
        answer = iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=[action], ResourceArns=[_arn(stack, resource, resources)]
        )
        allowed = answer["EvaluationResults"][0]["EvalDecision"] == "allowed"
        tried += 1
        wrong += [] if allowed is may else [f"{role} may {'' if allowed else 'not '}{action}"]
    yield Finding(
        check="roles", ok=not wrong, says="; ".join(wrong) or f"{tried} rights are as they should be"
    )


def next_run(stack: Stack) -> Iterator[Finding]:
    """The schedule starts a run, and that run comes to its end."""
    reader = stack.reader()
    known = reader.stored().last_run
    began = time.monotonic()
    while time.monotonic() - began < _NEXT_RUN_SECONDS:
        last = reader.stored().last_run
        if last and (known is None or last.ran_at > known.ran_at):
            says = f"a run of the schedule was seen after {time.monotonic() - began:.0f} s"
            yield Finding(check="schedule", ok=True, says=says)
            return
        time.sleep(2)
    yield Finding(check="schedule", ok=False, says=f"no run within {_NEXT_RUN_SECONDS:g} s: is it on?")


def status_function(stack: Stack) -> Iterator[Finding]:
    """The page's function answers by hand, and a dashboard's widget."""
    name = stack.outputs.get("StatusFunctionName", "")
    if not name:
        yield Finding(check="status", ok=None, says="the stack has no output StatusFunctionName")
        return
    for check, payload, word in (
        ("status", {"command": "status"}, "watched"),
        ("widget", {"widgetContext": {"theme": "light"}}, "<"),
    ):
        answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload).encode())
        text = answer["Payload"].read().decode()
        ok = "FunctionError" not in answer and word in text
        yield Finding(check=check, ok=ok, says=f"{len(text):,} characters" if ok else "does not answer")


def _resources(stack: Stack) -> dict[str, str]:
    found = stack.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]
    return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found}


def _arn(stack: Stack, resource: str, resources: dict[str, str]) -> str:
    identity = stack.client("sts").get_caller_identity()
    account, partition = identity["Account"], identity["Arn"].split(":")[1]
    match resource:
        case "":
            return "*"
        case "Table":
            return f"arn:{partition}:dynamodb:{stack.region}:{account}:table/{resources[resource]}"
        case "CheckTasksFunction":
            return f"arn:{partition}:lambda:{stack.region}:{account}:function:{resources[resource]}"
        case _:
            return resources[resource]


@contextmanager
def _temporary_topic(stack: Stack) -> Iterator[str]:
    sns = stack.client("sns")
    arn = sns.create_topic(Name=f"{stack.name[:40]}-test-{uuid.uuid4().hex[:12]}")["TopicArn"]
    try:
        yield arn
    finally:
        sns.delete_topic(TopicArn=arn)


if __name__ == "__main__":
    sys.exit(main())
