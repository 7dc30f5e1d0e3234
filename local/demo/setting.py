"""Sets the stage: local AWS, simulated UCloud, the template built and deployed, a queue at each topic."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local import sam
from local.aws import LocalAws, local_aws
from local.demo.limit import within
from local.demo.play import Play
from local.demo.screen import Screen
from local.demo.stage import Stage
from local.demo.story import DISCOVERED, THRESHOLDS
from local.simulator import Scenario, Simulator, load_scenario, simulator_running
from local.stack_inputs import keep_secret

SCENARIO = Path(__file__).parent / "scenario.yaml"
_DEPLOY_SECONDS = 60


@contextmanager
def stage_set(screen: Screen) -> Iterator[Play]:
    """Everything that runs, until the block ends: then no process and no folder of it is left.

    Raises:
        LocalAwsError: The local AWS did not start.
        SamError: The template could not be built or deployed.
        TooLateError: Deploying takes too long.
    """
    scenario = load_scenario(SCENARIO)
    with ExitStack() as running:
        with screen.step("Local AWS and simulated UCloud") as step:
            aws = running.enter_context(local_aws())
            simulator = running.enter_context(simulator_running(scenario))
            step.note = f"{aws.endpoint}, {simulator.url}"
        with screen.step("sam build", beginning="sam build: fetches and packs the dependencies") as step:
            # In the private folder: `make up` may be building too, and nothing is left behind.
            built = sam.build(aws.folder / "build")
            step.note = "template.yaml, for this machine's processor"
        with (
            screen.step("sam deploy", beginning="sam deploy") as step,
            within(_DEPLOY_SECONDS, "not deployed"),
        ):
            stage = Stage(aws, _deploy(aws, built, scenario, simulator))
            step.note = "keys in a secret, schedule enabled, a queue at each topic"
        yield Play(stage=stage, simulator=simulator, screen=screen)


def _deploy(aws: LocalAws, built: Path, scenario: Scenario, simulator: Simulator) -> dict[str, str]:
    keys = {"public_key": simulator.public_key, "private_key": simulator.private_key}
    secret = keep_secret(aws.client("secretsmanager"), keys)
    parameters = {
        "UcloudSecretArn": secret,
        "UcloudBaseUrl": simulator.url,
        "UdtsTasks": task_list(scenario),
        # Whose metrics are read: lag, remaining data, rates.
        "UcloudRegion": scenario.region,
        # So that the short story shows points of progress.
        "SampleMinutes": "0.5",
    }
    return aws.deploy(built, parameters)


def task_list(scenario: Scenario) -> str:
    """Return UDTS_TASKS in its JSON form: tasks with their own thresholds, and a project as a whole."""
    entries: list[dict[str, object]] = []
    for plan in scenario.tasks:
        named = {"id": plan.id, "project": plan.project, "type": plan.service_type, "name": plan.name}
        if plan.id == DISCOVERED:
            named = {"id": "*", "project": plan.project}
        given = {name: value for name, value in named.items() if value}
        entries.append({**given, **THRESHOLDS.get(plan.id, {})})
    return json.dumps(entries)
