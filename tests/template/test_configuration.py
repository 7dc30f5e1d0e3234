"""Template parameter, environment variable and Settings field are one thing under three names."""

import re
from typing import Any

import pytest

from local.template import TEMPLATE
from udts_monitor.config import Settings
from udts_monitor.event import Kind

# Local use only: on AWS the keys live in Secrets Manager.
KEYS = {"UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY"}
FROM_RESOURCES: dict[str, Any] = {
    "TABLE_NAME": {"Ref": "Table"},
    "ALERTS_TOPIC_ARN": {"Ref": "AlertsTopic"},
    "EVENTS_TOPIC_ARN": {"Ref": "EventsTopic"},
    "CHAT_TOPIC_ARN": {"Fn::If": ["HasChat", {"Ref": "ChatTopic"}, ""]},
}
REQUIRED = {
    "UDTS_TASKS": "udts-abc123",
    "UCLOUD_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts-monitor-AbCdEf",
    "TABLE_NAME": "table",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
}
FIELDS = {field.upper() for field in Settings.model_fields}
FROM_PARAMETERS = sorted(FIELDS - KEYS - FROM_RESOURCES.keys())
OPTIONAL = sorted(set(FROM_PARAMETERS) - REQUIRED.keys())


def parameter_name(variable: str) -> str:
    """UDTS_TASKS is UdtsTasks."""
    return "".join(word.capitalize() for word in variable.split("_"))


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    """The settings of an environment with the required variables and the given ones."""
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**REQUIRED, **variables}.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def variables(template: dict[str, Any]) -> dict[str, Any]:
    """The environment variables of the function."""
    environment: dict[str, Any] = template["Resources"]["CheckTasksFunction"]["Properties"]["Environment"]
    return dict(environment["Variables"])


def test_the_function_gets_every_variable_of_the_settings_but_the_keys(variables: dict[str, Any]) -> None:
    """A setting without a variable could not be set on AWS, a variable without a setting would do nothing."""
    assert set(variables) == FIELDS - KEYS


@pytest.mark.parametrize("variable", FROM_PARAMETERS)
def test_a_variable_comes_from_the_parameter_of_its_name(
    template: dict[str, Any], variables: dict[str, Any], variable: str
) -> None:
    """Who knows the variable knows the parameter."""
    assert variables[variable] == {"Ref": parameter_name(variable)}
    assert parameter_name(variable) in template["Parameters"]


@pytest.mark.parametrize("variable", FROM_RESOURCES)
def test_a_name_that_the_stack_makes_comes_from_its_resource(
    variables: dict[str, Any], variable: str
) -> None:
    """Nobody has to copy an ARN of the stack into its own parameters."""
    assert variables[variable] == FROM_RESOURCES[variable]


@pytest.mark.parametrize("variable", OPTIONAL)
def test_the_default_of_a_parameter_is_the_default_of_the_setting(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The console, the README and the code say the same."""
    default = str(template["Parameters"][parameter_name(variable)]["Default"])
    assert settings(monkeypatch, **{variable: default}) == settings(monkeypatch)


@pytest.mark.parametrize("variable", ["UDTS_TASKS", "UCLOUD_SECRET_ARN"])
def test_a_required_parameter_has_no_default(template: dict[str, Any], variable: str) -> None:
    """`sam deploy --guided` asks for it, and nothing deploys without it."""
    assert "Default" not in template["Parameters"][parameter_name(variable)]


def test_everything_else_has_a_default(template: dict[str, Any]) -> None:
    """Two answers are all a deployment needs."""
    without = {name for name, parameter in template["Parameters"].items() if "Default" not in parameter}
    assert without == {"UdtsTasks", "UcloudSecretArn"}


@pytest.mark.parametrize("variable", OPTIONAL)
def test_an_empty_value_means_the_default(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Who clears a field in the console gets the default, not an error and not something third."""
    parameter = template["Parameters"][parameter_name(variable)]
    if parameter["Type"] == "String":
        assert re.search(parameter["AllowedPattern"], "")
    assert settings(monkeypatch, **{variable: ""}) == settings(monkeypatch)


@pytest.mark.parametrize("variable", OPTIONAL)
def test_the_bounds_of_a_number_are_accepted_by_the_settings(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What CloudFormation lets pass does not fail the first run."""
    parameter = template["Parameters"][parameter_name(variable)]
    if parameter["Type"] != "Number":
        return
    for bound in (parameter["MinValue"], parameter["MaxValue"]):
        assert getattr(settings(monkeypatch, **{variable: str(bound)}), variable.lower()) == bound


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("UdtsTasks", "udts-abc123"),
        ("UdtsTasks", "orders=org-hiny12/udts-ixdp441:transfer, udts-abc123"),
        ("UdtsTasks", "udts-1\nudts-2"),
        ("UdtsTasks", '[{"id": "udts-1", "name": "orders db"}]'),
        ("UdtsTasks", "ssm:/udts-monitor/tasks"),
        ("UdtsTasks", "*"),
        ("UcloudSecretArn", "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/udts-keys-AbCdEf"),
        ("UcloudBaseUrl", "https://api.ucloud.cn/"),
        ("UcloudBaseUrl", "http://api.service.ucloud.cn"),
        ("UcloudBaseUrl", "http://127.0.0.1:8080"),
        ("AlertEmail", "on-call+udts@example.co.uk"),
        ("NotifyOn", "all"),
        ("NotifyOn", ", ".join(Kind)),
        ("ScheduleExpression", "rate(5 minutes)"),
        ("ScheduleExpression", "cron(0/5 * * * ? *)"),
        ("DisplayTimezone", "America/Argentina/Buenos_Aires"),
        ("DisplayTimezone", "Etc/GMT+8"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
    ],
)
def test_a_pattern_admits_what_is_right(template: dict[str, Any], parameter: str, value: str) -> None:
    """CloudFormation refuses nothing that the code would take."""
    assert re.search(template["Parameters"][parameter]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("UdtsTasks", ""),
        ("UdtsTasks", " "),
        ("UdtsTasks", "ssm:tasks with spaces"),
        ("UdtsTasks", "ssm:"),
        ("UcloudSecretArn", ""),
        ("UcloudSecretArn", "udts-monitor"),
        ("UcloudSecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts-monitor"),
        ("UcloudBaseUrl", "api.ucloud.cn"),
        ("UcloudBaseUrl", "https://api.ucloud.cn/?Action=x"),
        ("AlertEmail", "on-call"),
        ("NotifyOn", "Failed"),
        ("ScheduleExpression", "1 minute"),
        ("DisplayTimezone", "Berlin time"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:alias/udts"),
    ],
)
def test_a_pattern_refuses_what_cannot_work(template: dict[str, Any], parameter: str, value: str) -> None:
    """The mistake is told before anything is deployed."""
    assert not re.search(template["Parameters"][parameter]["AllowedPattern"], value)


def test_every_parameter_is_explained_and_has_its_place_in_the_console(template: dict[str, Any]) -> None:
    """A person in the console finds groups, names, explanations and rules, not a flat list of identifiers."""
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert set(interface["ParameterLabels"]) == set(template["Parameters"])
    for name, parameter in template["Parameters"].items():
        assert len(parameter["Description"].split()) >= 4, name
        bounded = "AllowedValues" in parameter or {"MinValue", "MaxValue"} <= parameter.keys()
        assert bounded or parameter["ConstraintDescription"], name


def test_the_template_knows_no_key() -> None:
    """Keys stay in Secrets Manager: resolved into the environment they would be readable, and stale."""
    text = TEMPLATE.read_text()
    assert "resolve:" not in text
    assert "NoEcho" not in text
    assert not any(key in text for key in KEYS)
