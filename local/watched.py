"""What the local stack watches: the simulator, or the real UCloud when keys and tasks are given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.background import Background, StackError
from local.simulator.scenario import Scenario
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY
from local.template import load

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET = "udts-monitor"  # noqa: S105 - its name
_REAL = ("UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "UDTS_TASKS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Whose tasks are watched, and with which configuration."""

    real: bool
    keys: Mapping[str, str]
    parameters: Mapping[str, str]
    """Of the template; all but those that only the running stack knows."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Watched":
        """Watch the real UCloud when its keys and the tasks are given, else the simulator.

        Every other variable of the configuration that is set counts too.

        Raises:
            StackError: Some of the three are missing.
        """
        missing = [name for name in _REAL if not environment.get(name)]
        if missing and len(missing) < len(_REAL):
            raise StackError(
                f"{', '.join(_REAL)} together watch the real UCloud, and none of them the simulator; "
                f"missing: {', '.join(missing)}."
            )
        public, private = environment.get(_REAL[0], ""), environment.get(_REAL[1], "")
        return cls(
            real=not missing,
            keys={"public_key": public or TEST_PUBLIC_KEY, "private_key": private or TEST_PRIVATE_KEY},
            parameters=_parameters(environment),
        )

    def parameters_for(self, background: Background, scenario: Scenario) -> dict[str, str]:
        """Return all parameters for the deployment to a running stack; the keys are in its secret then."""
        secret = keep_secret(background.aws.client("secretsmanager"), self.keys)
        parameters = {**self.parameters, "UcloudSecretArn": secret}
        if not self.real:
            parameters |= {"UcloudBaseUrl": background.simulator_url, "UdtsTasks": task_list(scenario)}
        return parameters


def keep_secret(client: "SecretsManagerClient", keys: Mapping[str, str]) -> str:
    """Put the key pair into the secret, which may exist already, and return its ARN."""
    text = json.dumps(dict(keys))
    try:
        return client.create_secret(Name=SECRET, SecretString=text)["ARN"]
    except client.exceptions.ResourceExistsException:
        return client.put_secret_value(SecretId=SECRET, SecretString=text)["ARN"]


def task_list(scenario: Scenario) -> str:
    """Return UDTS_TASKS for all tasks of a scenario."""
    entries = []
    for plan in scenario.tasks:
        name = f"{plan.name}=" if plan.name else ""
        project = f"{plan.project}/" if plan.project else ""
        entries.append(f"{name}{project}{plan.id}:{plan.service_type}")
    return ", ".join(entries)


def _parameters(environment: Mapping[str, str]) -> dict[str, str]:
    # All of them, with their defaults: a stack that is updated keeps the values that are not given.
    template = load()
    parameters = {
        name: str(parameter["Default"])
        for name, parameter in template["Parameters"].items()
        if "Default" in parameter
    }
    variables: dict[str, Any] = template["Resources"]["CheckTasksFunction"]["Properties"]["Environment"]
    for name, source in variables["Variables"].items():
        if "Ref" in source and source["Ref"] in template["Parameters"] and environment.get(name):
            parameters[source["Ref"]] = environment[name]
    return parameters
