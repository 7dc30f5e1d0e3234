"""The status page in front of the deployed function, as `make up` serves it and a dashboard asks for it."""

import json

import requests

from local.page import page_running
from tests.e2e.stack import TASKS, Stack
from tests.proof.canary_keys import found_in
from udts_monitor.page.style import CONTENT_SECURITY_POLICY


def test_the_page_of_the_deployed_function_is_served_to_this_machine(stack: Stack) -> None:
    """With its policy; a page that comes by another name, as a foreign one would, gets nothing."""
    stack.summary()
    with page_running(stack.aws, stack.outputs["StatusFunctionName"]) as address:
        page = requests.get(address, timeout=30)
        assert page.status_code == 200
        assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert all(f">{task.removeprefix('udts-')}-db</a>" in page.text for task in TASKS)
        one = requests.get(f"{address}task/-/{TASKS[0]}", timeout=30)
        assert (one.status_code, "../../" in one.text) == (200, True)
        # The deployed stack works with marked keys.
        assert found_in(page.text + one.text, TASKS) == set()
        foreign = requests.get(address, headers={"Host": "status.example.com"}, timeout=30)
        assert (foreign.status_code, "-db" in foreign.text) == (403, False)
        assert requests.post(address, timeout=30).status_code == 501


def test_a_page_before_the_function_is_there_says_so(stack: Stack) -> None:
    """`make up` names the address while it still deploys."""
    with page_running(stack.aws, "not-deployed") as address:
        answer = requests.get(address, timeout=30)
        assert (answer.status_code, "not deployed yet" in answer.text) == (503, True)


def test_the_deployed_function_is_a_widget(stack: Stack) -> None:
    """The dashboard names it and asks it as CloudWatch does."""
    stack.summary()
    answer = stack.aws.client("lambda").invoke(
        FunctionName=stack.outputs["StatusFunctionName"],
        Payload=json.dumps({"most": 3, "widgetContext": {"theme": "dark"}}).encode(),
    )
    shown = json.loads(answer["Payload"].read())
    assert shown.count("<cwdb-action") == 3
    assert stack.outputs["DashboardName"] == "udts-monitor"
