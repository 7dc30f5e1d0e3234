"""Template parameter, environment variable and Settings field are one thing under three names."""

import re
from importlib.resources import files
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from local.template import TEMPLATE
from udts_monitor.adapters.config import Settings
from udts_monitor.decision.event import Kind

# Local use only: on AWS the keys live in Secrets Manager.
KEYS = {"UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY"}
FROM_RESOURCES: dict[str, Any] = {
    "TABLE_NAME": {"Ref": "Table"},
    "ALERTS_TOPIC_ARN": {"Ref": "AlertsTopic"},
    "EVENTS_TOPIC_ARN": {"Ref": "EventsTopic"},
    "PAGER_TOPIC_ARN": {"Fn::If": ["HasPager", {"Ref": "PagerTopic"}, ""]},
    "CHAT_TOPIC_ARN": {"Fn::If": ["HasChat", {"Ref": "ChatTopic"}, ""]},
    "SHARD_QUEUE_URL": {"Fn::If": ["HasShards", {"Ref": "ShardQueue"}, ""]},
}
REQUIRED = {
    "UDTS_TASKS": "udts-abc123",
    "UCLOUD_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts-monitor-AbCdEf",
    "TABLE_NAME": "table",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    # Of a stack whose ShardTasks is above 0.
    "SHARD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/shards",
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


def admits(template: dict[str, Any], parameter: str, value: str) -> bool:
    """Whether CloudFormation takes a value: the pattern has to match all of it."""
    return re.fullmatch(template["Parameters"][parameter]["AllowedPattern"], value, re.ASCII) is not None


def takes(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> bool:
    """Whether the settings take a value."""
    try:
        settings(monkeypatch, **{variable: value})
    except ValidationError:
        return False
    return True


GOOD = [
    ("UDTS_TASKS", "udts-abc123"),
    ("UDTS_TASKS", "orders=org-hiny12/udts-ixdp441:transfer, udts-abc123"),
    ("UDTS_TASKS", "udts-1\nudts-2\n"),
    ("UDTS_TASKS", '[{"id": "udts-1", "name": "orders [db], old"}]\n'),
    ("UDTS_TASKS", "ssm:/udts-monitor/tasks"),
    ("UDTS_TASKS", "ssm:/udts-monitor/"),
    ("UCLOUD_PROJECT_ID", "org-hiny12"),
    ("UCLOUD_BASE_URL", "https://api.ucloud.cn/"),
    ("UCLOUD_BASE_URL", "https://api.example.com:8443/v1/"),
    ("UCLOUD_BASE_URL", "http://api.service.ucloud.cn"),
    ("UCLOUD_BASE_URL", "http://127.0.0.1:8080"),
    ("NOTIFY_ON", "all"),
    ("NOTIFY_ON", "failed,finished , recovered"),
    ("NOTIFY_ON", ", ".join(Kind)),
    ("DISPLAY_TIMEZONE", "America/Argentina/Buenos_Aires"),
    ("DISPLAY_TIMEZONE", "Etc/GMT+8"),
    ("DISPLAY_LANGUAGE", "zh"),
]
BAD = [
    ("UDTS_TASKS", "udts-users,"),
    ("UDTS_TASKS", " "),
    ("UDTS_TASKS", ","),
    ("UDTS_TASKS", "ssm:"),
    ("UDTS_TASKS", "[{"),
    ("UCLOUD_PROJECT_ID", "-org"),
    ("UCLOUD_PROJECT_ID", "org/hiny12"),
    ("UCLOUD_PROJECT_ID", "o" * 129),
    ("UCLOUD_BASE_URL", "api.ucloud.cn"),
    ("UCLOUD_BASE_URL", "https://api.ucloud.cn/?Action=x"),
    ("UCLOUD_BASE_URL", "https://user@api.ucloud.cn"),
    ("UCLOUD_BASE_URL", "http://api.ucloud.cn"),
    ("UCLOUD_BASE_URL", "http://127.0.0.1.example.com"),
    ("NOTIFY_ON", "failure"),
    ("NOTIFY_ON", "failed finished"),
    ("NOTIFY_ON", ","),
    ("DISPLAY_TIMEZONE", "Berlin time"),
    ("DISPLAY_TIMEZONE", "UTC+8"),
    ("DISPLAY_TIMEZONE", "Asia/"),
    ("DISPLAY_TIMEZONE", "../UTC"),
    ("DISPLAY_LANGUAGE", "de"),
]
# What a pattern cannot know: the first run names it.
ONLY_THE_SETTINGS_REFUSE = [
    ("UDTS_TASKS", "orders=udts/1/2"),
    ("UDTS_TASKS", "udts-1, udts-1"),
    ("DISPLAY_TIMEZONE", "Asia/Beijing"),
]
# What would widen a right, and what only looks different.
ONLY_THE_TEMPLATE_REFUSES = [
    ("UDTS_TASKS", '[{"id": "udts-abc", "name": "ssm:*ssm:"}]'),
    ("UDTS_TASKS", '[{"id": "udts-abc", "name": "ssm:/team/tasks"}]'),
    ("UDTS_TASKS", "ssm:/team/tasks ssm:/other"),
    ("UDTS_TASKS", "ssm:/team/*"),
    ("UDTS_TASKS", "ssm:tasks with spaces"),
    ("UDTS_TASKS", " udts-users"),
    ("UCLOUD_BASE_URL", "HTTPS://api.ucloud.cn"),
    ("UCLOUD_BASE_URL", "https://[2001:db8::1]"),
    ("NOTIFY_ON", "Failed"),
]


@pytest.mark.parametrize(
    ("variable", "value", "admitted", "taken"),
    [
        *((*example, True, True) for example in GOOD),
        *((*example, False, False) for example in BAD),
        *((*example, True, False) for example in ONLY_THE_SETTINGS_REFUSE),
        *((*example, False, True) for example in ONLY_THE_TEMPLATE_REFUSES),
    ],
)
def test_a_pattern_is_as_strict_as_the_settings(  # noqa: PLR0913, PLR0917 - a row of the tables
    template: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    admitted: bool,  # noqa: FBT001 - a column
    taken: bool,  # noqa: FBT001 - a column
) -> None:
    """A mistake is told before anything is deployed, and nothing that works is refused."""
    assert (admits(template, parameter_name(variable), value), takes(monkeypatch, variable, value)) == (
        admitted,
        taken,
    )


def test_the_pattern_for_addresses_is_that_of_the_settings(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Part by part: where keys may travel is decided twice, so it has to be decided alike."""
    schemes = ("https://", "http://", "ftp://", "https:/", "")
    hosts = (
        *("api.ucloud.cn", "api.service.ucloud.cn", "localhost", "LOCALHOST", "a_b-c", ""),
        *("127.0.0.1", "127.255.0.249", "127.0.0.256", "127.0.1", "128.0.0.1", "[::1]", "a b", "a@b", "é.cn"),
    )
    ports = ("", ":", ":0", ":1", ":8080", ":65535", ":65536", ":70000", ":x")
    rests = ("", "/", "/v1/x", "?a=b", "/?a", "/#a", "\\", "/a b")
    # What follows the port is read by itself: it needs no more than one way to be right and one to be wrong.
    ways = {*product(schemes, hosts, ports, ("", "/")), *product(schemes, hosts[:3], ("", ":0"), rests)}
    for scheme, host, port, rest in ways:
        if (scheme, host) in {("https://", "[::1]"), ("http://", "LOCALHOST")}:
            # Nobody needs them, so the pattern leaves them out.
            continue
        address = f"{scheme}{host}{port}{rest}"
        if address:
            assert admits(template, "UcloudBaseUrl", address) == takes(
                monkeypatch, "UCLOUD_BASE_URL", address
            ), address


def test_the_pattern_for_kinds_names_all_of_them_and_no_other(template: dict[str, Any]) -> None:
    """A kind that is new, or gone, changes the template too."""
    pattern = template["Parameters"]["NotifyOn"]["AllowedPattern"]
    assert set(re.findall(r"[a-z_]{2,}", pattern)) == {"all", *Kind}


def test_the_pattern_for_zones_admits_every_zone(template: dict[str, Any]) -> None:
    """Those that the function ships."""
    zones = files("tzdata").joinpath("zones").read_text().split()
    assert len(zones) > 500
    assert not [zone for zone in zones if not admits(template, "DisplayTimezone", zone)]


def test_only_the_start_of_the_task_list_becomes_part_of_a_right(template: dict[str, Any]) -> None:
    """What follows ssm: names the parameter that the run may read: one, without wildcards."""
    for name in ("*", "?", "/*", "x", "/team/tasks"):
        for around in ('[{{"id": "udts-1", "name": "{}"}}]', "{}", "a={}", "udts-1, {}", "udts-1\n{}"):
            for text in (around.format(f"ssm:{name}"), around.format(f"ssm:{name}ssm:")):
                assert admits(template, "UdtsTasks", text) == (text == "ssm:/team/tasks"), text


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("UcloudSecretArn", "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/udts-keys-AbCdEf"),
        ("AlertEmail", "on-call+udts@example.co.uk"),
        ("ScheduleExpression", "rate(5 minutes)"),
        ("ScheduleExpression", "cron(0/5 * * * ? *)"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
        ("SecretKmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("SecretKmsKeyArn", ""),
    ],
)
def test_a_pattern_admits_what_is_right(template: dict[str, Any], parameter: str, value: str) -> None:
    """What AWS itself would take is not refused."""
    assert admits(template, parameter, value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("UdtsTasks", ""),
        ("UcloudSecretArn", ""),
        ("UcloudSecretArn", "udts-monitor"),
        ("UcloudSecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts-monitor"),
        ("AlertEmail", "on-call"),
        ("ScheduleExpression", "1 minute"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:alias/udts"),
        ("SecretKmsKeyArn", "alias/aws/secretsmanager"),
    ],
)
def test_a_pattern_refuses_what_cannot_work(template: dict[str, Any], parameter: str, value: str) -> None:
    """The mistake is told before anything is deployed."""
    assert not admits(template, parameter, value)


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
