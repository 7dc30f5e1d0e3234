"""What goes into the local stack: keys and configuration, of the simulator or of the real UCloud."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.background import Background
from local.lifetime import StackError
from local.simulator.scenario import Scenario
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY
from local.template import load
from udts_monitor.adapters.config import read_settings
from udts_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET = "udts-monitor"  # noqa: S105 - its name
_REAL = ("UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY", "UDTS_TASKS")
# Of those that the template or the running stack fills in, for the time before either is there.
_ANY_VALUE = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackInputs:
    """Whose tasks are watched, and with which configuration."""

    real: bool
    keys: Mapping[str, str]
    parameters: Mapping[str, str]
    """Of the template; all but those that only the running stack knows."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "StackInputs":
        """Watch the real UCloud when its keys and the tasks are given, else the simulator.

        Every other variable of the configuration that is set counts too.

        Raises:
            StackError: Some of the three are missing, or a run would refuse the configuration.
        """
        missing = [name for name in _REAL if not environment.get(name)]
        if missing and len(missing) < len(_REAL):
            raise StackError(
                f"{', '.join(_REAL)} together watch the real UCloud, and none of them the simulator; "
                f"missing: {', '.join(missing)}."
            )
        public, private = environment.get(_REAL[0], ""), environment.get(_REAL[1], "")
        parameters = _parameters(environment)
        _validate(parameters)
        return cls(
            real=not missing,
            keys={"public_key": public or TEST_PUBLIC_KEY, "private_key": private or TEST_PRIVATE_KEY},
            parameters=parameters,
        )

    def parameters_for(self, background: Background, scenario: Scenario) -> dict[str, str]:
        """Return all parameters for the deployment to a running stack, but the secret's."""
        if self.real:
            return dict(self.parameters)
        simulated = {"UcloudBaseUrl": background.simulator_url, "UdtsTasks": task_list(scenario)}
        return {**self.parameters, **simulated}

    def changed_since(self, background: Background, scenario: Scenario, stack: str) -> tuple[str, ...]:
        """Return what differs from what a running stack was deployed with, by the parameters' names."""
        description = background.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        deployed = {each["ParameterKey"]: each["ParameterValue"] for each in description["Parameters"]}
        wanted = self.parameters_for(background, scenario)
        secret = background.aws.client("secretsmanager").get_secret_value(SecretId=SECRET)
        keys = () if json.loads(secret["SecretString"]) == self.keys else ("the keys",)
        return (*(name for name, value in wanted.items() if deployed.get(name, value) != value), *keys)


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
    parameters = {
        name: str(parameter["Default"])
        for name, parameter in load()["Parameters"].items()
        if "Default" in parameter
    }
    # This machine's, whatever the default.
    del parameters["Architecture"]
    # Nobody has a channel or a pager here, but everybody may look at the cards and texts.
    parameters |= {"EnableChat": "true", "EnablePager": "true"}
    given = {parameter: environment.get(name, "") for name, parameter in _variables().items() if parameter}
    return parameters | {parameter: value for parameter, value in given.items() if value}


def _variables() -> dict[str, str]:
    """The function's variables, each with the parameter it comes from; empty where it comes from none."""
    template = load()
    function: dict[str, Any] = template["Resources"]["CheckTasksFunction"]["Properties"]
    sources = {name: source.get("Ref", "") for name, source in function["Environment"]["Variables"].items()}
    return {name: ref if ref in template["Parameters"] else "" for name, ref in sources.items()}


def _validate(parameters: Mapping[str, str]) -> None:
    """Read the configuration as a run will: what it would refuse minutes later is said now, in its words.

    Raises:
        StackError: It is wrong; the text names everything that is.
    """
    variables = {name: parameters.get(parameter, _ANY_VALUE) for name, parameter in _variables().items()}
    with _environment(variables):
        try:
            read_settings()
        except ConfigurationError as error:
            raise StackError(str(error)) from error


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
