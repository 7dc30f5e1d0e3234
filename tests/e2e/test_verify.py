"""`make verify` and `udts-monitor doctor` on the deployed stack: they work, and leave nothing behind."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.aws import REGION
from tests.e2e.stack import Stack
from udts_monitor.run.doctor import Finding
from udts_monitor_cli import doctor, verify
from udts_monitor_cli.finding import Try, findings
from udts_monitor_cli.stack import Stack as Deployed
from udts_monitor_cli.stack import open_stack


@pytest.fixture
def opened(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The stack, found by its name as the command line finds it."""
    for name, value in {**stack.aws.environment, "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    return open_stack("udts-monitor", None, None)


def left(stack: Stack) -> tuple[list[str], int, int]:
    """Queues, subscriptions and topics."""
    sqs, sns = stack.aws.client("sqs"), stack.aws.client("sns")
    return (
        sorted(sqs.list_queues().get("QueueUrls", [])),
        len(sns.list_subscriptions()["Subscriptions"]),
        len(sns.list_topics()["Topics"]),
    )


def found(opened: Deployed, *tries: Try) -> Iterator[Finding]:
    """What they find."""
    return findings(opened, tries)


def test_what_verify_tries_works_and_is_gone_afterwards(stack: Stack, opened: Deployed) -> None:
    """Outputs, a message at each topic, a subject beyond ASCII, an alarm, the roles, the status function."""
    before = left(stack)
    tried = list(
        found(
            opened,
            verify.outputs,
            verify.messages,
            verify.utf8_subject,
            verify.alarm,
            verify.roles,
            verify.status_function,
        )
    )
    assert [one for one in tried if one.ok is False] == []
    assert {"outputs", "alerts", "events", "UTF-8 subject", "alarm", "roles"} <= {one.check for one in tried}
    assert left(stack) == before


def test_the_next_run_is_seen_in_the_monitors_item(stack: Stack, opened: Deployed) -> None:
    """Whoever started it."""
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(lambda: list(verify.next_run(opened)))
        while not looking.done():
            stack.run()
            time.sleep(1)
    assert [one.ok for one in looking.result()] == [True]


def test_the_doctor_finds_what_is_so(stack: Stack, opened: Deployed) -> None:
    """The schedule of this stack is off, and it says so; UCloud answers the function."""
    stack.run()
    tried = {
        one.check: one for one in found(opened, doctor.table, doctor.schedule, doctor.last_run, doctor.ucloud)
    }
    assert (tried["schedule"].ok, tried["schedule"].do) == (False, "deploy with ScheduleState=ENABLED")
    assert [tried[check].ok for check in ("last run", "secret", "keys", "address", "projects")] == [True] * 5
