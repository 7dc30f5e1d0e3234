"""What is measured, in a process of its own: the handler, bare requests, UCloud's official SDK, or the page.

Run by its path, so that PYTHONPATH decides whose handler it is: nothing here is imported from the repository.
"""

import hashlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi

PUBLIC_KEY, PRIVATE_KEY = "bench-public-key", "bench-private-key"


def handler(
    tasks: list[str], threads: int, environment: dict[str, Any], seconds: float = 600
) -> Callable[[], object]:
    """A run of the handler; the first one saves all states, those after it find nothing new."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": environment["aws"],
        "UCLOUD_PUBLIC_KEY": PUBLIC_KEY,
        "UCLOUD_PRIVATE_KEY": PRIVATE_KEY,
        "UCLOUD_BASE_URL": environment["ucloud"],
        "UDTS_TASKS": ",".join(tasks),
        "TABLE_NAME": environment["table"],
        "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
        "MAX_CONCURRENCY": str(threads),
        **environment.get("variables", {}),
    }
    from functions.check_tasks import app  # noqa: PLC0415 - only this subject imports it

    class Context(SimpleNamespace):
        def get_remaining_time_in_millis(self) -> int:
            return int(1_000 * seconds)

    context: Any = Context(
        function_name="check-tasks",
        memory_limit_in_mb=256,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:check-tasks",
        aws_request_id="bench",
    )

    def run() -> object:
        answer = app.lambda_handler({}, context)
        assert not answer["no_answer"], answer
        assert answer["checked"] + answer["skipped"] == len(tasks), answer
        return answer

    return run


def bare(tasks: list[str], threads: int, environment: dict[str, Any]) -> Callable[[], object]:
    """What anybody would write: one pooled session, sign, post, decode."""
    import requests  # noqa: PLC0415 - each subject pays for its own imports

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=threads))

    def ask(task: str) -> None:
        form = {"Action": "GetUDTSTaskStatus", "TaskId": task, "PublicKey": PUBLIC_KEY}
        text = "".join(name + form[name] for name in sorted(form)) + PRIVATE_KEY
        form["Signature"] = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        assert session.post(environment["ucloud"], data=form, timeout=10).json()["Data"]["Status"]

    def run() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, tasks))

    return run


def sdk(tasks: list[str], threads: int, environment: dict[str, Any]) -> Callable[[], object]:
    """UCloud's official SDK, a client for each thread."""
    import logging  # noqa: PLC0415 - each subject pays for its own imports

    from ucloud.client import Client  # type: ignore[import-untyped] # noqa: PLC0415

    # Its log of every request is a choice of its own, not the price of a check.
    logging.getLogger("ucloud").setLevel(logging.WARNING)
    kept = threading.local()
    keys = {"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY}

    def ask(task: str) -> None:
        if not hasattr(kept, "client"):
            kept.client = Client({"base_url": environment["ucloud"], "region": "cn-bj2", **keys}).udts()
        assert kept.client.get_udts_task_status({"TaskId": task})["Data"]["Status"]

    def run() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, tasks))

    return run


def storm(tasks: list[str], threads: int, environment: dict[str, Any]) -> list[dict[str, float]]:
    """Runs of a minute each, a minute apart, until one has nothing left to tell; or a single long one."""
    run = handler(tasks, threads, environment, seconds=60 if environment["until_told"] else 600)
    runs = []
    while True:
        began, processor = time.monotonic(), time.process_time()
        try:
            answer: Any = run()
        except Exception as error:  # noqa: BLE001 - a red run, whatever made it red
            answer = {"pending": 1, "red": str(error)[:300]}
        wall, processor = time.monotonic() - began, time.process_time() - processor
        red = answer.get("red", "")
        runs.append({"wall_seconds": wall, "processor_seconds": processor, "red": red, "answer": answer})
        if not environment["until_told"] or not (answer["pending"] or red or answer.get("skipped")):
            return runs
        time.sleep(max(0, 60 - wall))


def page(tasks: list[str], threads: int, environment: dict[str, Any]) -> Callable[[], object]:
    """The status page over its address, of tasks with a day of changes behind them."""
    handler(tasks, threads, environment)()
    import boto3  # noqa: PLC0415 - not before the handler has set the environment

    client = boto3.client("dynamodb")
    for task in tasks:
        asked = {":pk": {"S": f"TASK#-/{task}"}}
        found = client.query(
            TableName=environment["table"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=asked,
        )
        items: Any = found["Items"]
        (seen,) = [item for item in items if item["what"]["S"] == "transition"]
        first = datetime.fromisoformat(seen["sk"]["S"].partition("#")[0])
        for number in range(1, environment["changes"]):
            at = first - timedelta(hours=24 * number / environment["changes"])
            change = {"sk": {"S": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}#transition"}}
            status = {"status": {"S": ["Syncing", "Synced"][number % 2]}, "outcome": {"S": "syncing"}}
            client.put_item(TableName=environment["table"], Item=seen | change | status)
    from functions.task_status import app  # noqa: PLC0415 - only this subject imports it

    context: Any = SimpleNamespace(
        function_name="udts-monitor-task-status",
        memory_limit_in_mb=1769,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:udts-monitor-task-status",
        aws_request_id="bench",
    )
    by_right = {"iam": {"accountId": "123456789012"}}
    reader = {"http": {"method": "GET"}, "domainName": "status.example.com", "authorizer": by_right}

    def run() -> None:
        answer: Any = app.lambda_handler({"rawPath": "/", "requestContext": reader}, context)
        assert answer["statusCode"] == 200, answer
        assert answer["body"].count("<svg") >= len(tasks)

    return run


SUBJECTS = {"handler": handler, "bare": bare, "sdk": sdk, "page": page}


def main(name: str, asked: dict[str, Any], result: Path) -> None:
    """Run twice to warm up, measure the third run, and write what it took.

    The first run of the handler saves all states, the second is the first to read them.
    """
    certifi.where = lambda: asked["certificate"]
    os.environ["REQUESTS_CA_BUNDLE"] = asked["certificate"]
    tasks = [f"udts-{number:05}" for number in range(asked["tasks"])]
    if name == "storm":
        result.write_text(json.dumps(storm(tasks, asked["threads"], asked)))
        return
    run = SUBJECTS[name](tasks, asked["threads"], asked)
    run()
    run()
    wall, processor = time.monotonic(), time.process_time()
    run()
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    taken = {"wall_seconds": wall, "processor_seconds": processor, "peak_megabytes": peak_megabytes()}
    result.write_text(json.dumps(taken))


def peak_megabytes() -> float:
    """Of this process; what getrusage says of a new one begins with the size of its parent."""
    status = Path("/proc/self/status")
    if not status.exists():  # on macOS, where it says bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
