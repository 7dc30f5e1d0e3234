"""The real template, built and deployed once, with IAM enforced, watching a simulated UCloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import sam
from local.aws import local_aws
from local.inbox import Inbox
from local.simulator.serving import simulator_running
from local.simulator.simulator import Simulator
from local.stack_inputs import keep_secret
from tests.e2e.stack import PARAMETERS, SCENARIO, Stack
from tests.proof.canary_keys import MARKED


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam build` makes of the template, for this machine's processor."""
    return sam.build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """A UCloud that knows the marked keys, and in which every test has a task of its own."""
    with simulator_running(SCENARIO, public_key=MARKED.public_key, private_key=MARKED.private_key) as running:
        yield running


@pytest.fixture(scope="session")
def stack(built: Path, simulator: Simulator) -> Iterator[Stack]:
    """The deployed stack: policies are enforced, the schedule is off."""
    with local_aws(auth=True) as aws:
        keys = {"public_key": MARKED.public_key, "private_key": MARKED.private_key}
        secret = keep_secret(aws.client("secretsmanager"), keys)
        parameters = {**PARAMETERS, "UcloudSecretArn": secret, "UcloudBaseUrl": simulator.url}
        outputs = aws.deploy(built, parameters)
        yield Stack(
            aws=aws,
            outputs=outputs,
            secret=secret,
            alerts=Inbox.subscribe(aws, outputs["AlertsTopicArn"]),
            events=Inbox.subscribe(aws, outputs["EventsTopicArn"]),
        )
