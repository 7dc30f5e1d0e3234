"""Slack and Teams: what exists for which parameters, and that nobody gets rights through a chat channel."""

import re
from typing import Any

import pytest

CHANNELS = {
    "SlackChannel": "AWS::Chatbot::SlackChannelConfiguration",
    "TeamsChannel": "AWS::Chatbot::MicrosoftTeamsChannelConfiguration",
}
SLACK = {"SlackWorkspaceId": "T012AB3CD", "SlackChannelId": "C0123ABCDEF"}
TEAMS = {
    "TeamsTenantId": "12345678-abcd-abcd-abcd-1234567890ab",
    "TeamsTeamId": "12345678-ABCD-abcd-abcd-1234567890ab",
    "TeamsChannelId": "19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2",
}
CHAT = {"ChatTopic", "ChatTopicPolicy"}


def holds(condition: Any, template: dict[str, Any], given: dict[str, str]) -> bool:  # noqa: ANN401 - any form
    """Whether a condition holds for parameters; what is not given has its default."""
    ((function, value),) = condition.items()
    match function:
        case "Condition":
            return holds(template["Conditions"][value], template, given)
        case "Fn::And":
            return all(holds(part, template, given) for part in value)
        case "Fn::Or":
            return any(holds(part, template, given) for part in value)
        case "Fn::Not":
            return not holds(value[0], template, given)
        case "Fn::Equals":
            left, right = (_value(part, template, given) for part in value)
            return left == right
    raise AssertionError(function)


def _value(part: Any, template: dict[str, Any], given: dict[str, str]) -> str:  # noqa: ANN401 - text or Ref
    if isinstance(part, str):
        return part
    default = str(template["Parameters"][part["Ref"]].get("Default", ""))
    return given.get(part["Ref"], default)


def existing(template: dict[str, Any], given: dict[str, str]) -> set[str]:
    """The resources that a deployment with these parameters has only because of them."""
    return {
        name
        for name, resource in template["Resources"].items()
        if "Condition" in resource and holds({"Condition": resource["Condition"]}, template, given)
    }


@pytest.mark.parametrize(
    ("given", "made"),
    [
        pytest.param({}, set(), id="nothing by default"),
        pytest.param({"EnableChat": "true"}, CHAT, id="only the topic, to connect by hand"),
        pytest.param(SLACK, {*CHAT, "ChatRole", "SlackChannel"}, id="Slack brings the topic"),
        pytest.param(TEAMS, {*CHAT, "ChatRole", "TeamsChannel"}, id="Teams brings the topic"),
        pytest.param({**SLACK, **TEAMS}, {*CHAT, "ChatRole", *CHANNELS}, id="both"),
    ],
)
def test_a_channel_brings_all_it_needs(
    template: dict[str, Any], given: dict[str, str], made: set[str]
) -> None:
    """Naming the channel is enough; without one nothing of it exists."""
    # On by default, whatever else there is.
    assert existing(template, given) == {"Dashboard", *made}


@pytest.mark.parametrize("whole", [SLACK, TEAMS], ids=["Slack", "Teams"])
def test_half_a_channel_is_refused_before_anything_is_deployed(
    template: dict[str, Any], whole: dict[str, str]
) -> None:
    """Any part alone is a mistake that would otherwise end in silence."""
    assertions = [found for rule in template["Rules"].values() for found in rule["Assertions"]]

    def accepted(given: dict[str, str]) -> bool:
        return all(holds(found["Assert"], template, given) for found in assertions)

    assert accepted({})
    assert accepted(whole)
    for name, value in whole.items():
        assert not accepted({name: value})
        assert not accepted({**whole, name: ""})
    assert all(found["AssertDescription"] for found in assertions)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_shows_the_chat_topic_and_gives_no_rights(translated: dict[str, Any], channel: str) -> None:
    """Without an explicit guardrail AWS takes AdministratorAccess as the limit of what a channel may do."""
    resource = translated["Resources"][channel]
    properties = resource["Properties"]
    assert resource["Type"] == CHANNELS[channel]
    assert properties["SnsTopicArns"] == [{"Ref": "ChatTopic"}]
    assert properties["IamRoleArn"] == {"Fn::GetAtt": ["ChatRole", "Arn"]}
    assert properties["GuardrailPolicies"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSDenyAll"}
    ]
    assert properties["UserRoleRequired"] is False
    assert properties["LoggingLevel"] == "ERROR"


def test_the_role_of_the_channels_may_do_nothing(translated: dict[str, Any]) -> None:
    """It exists because Amazon Q Developer insists on one."""
    role = translated["Resources"]["ChatRole"]["Properties"]
    assert not {"Policies", "ManagedPolicyArns"} & role.keys()
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"


def test_the_ids_go_where_they_belong(translated: dict[str, Any]) -> None:
    """Five ids that look alike are easily mixed up."""
    slack = translated["Resources"]["SlackChannel"]["Properties"]
    teams = translated["Resources"]["TeamsChannel"]["Properties"]
    assert {name: slack[name] for name in SLACK} == {name: {"Ref": name} for name in SLACK}
    assert [teams[name] for name in ("TeamsTenantId", "TeamId", "TeamsChannelId")] == [
        {"Ref": name} for name in TEAMS
    ]


def test_chat_parameters_take_no_room_in_the_functions_environment(translated: dict[str, Any]) -> None:
    """The function knows the topic, not who subscribes to it."""
    variables = translated["Resources"]["CheckTasksFunction"]["Properties"]["Environment"]["Variables"]
    assert not [name for name in (*SLACK, *TEAMS) if f"'{name}'" in str(variables)]


@pytest.mark.parametrize(("name", "value"), [*SLACK.items(), *TEAMS.items()])
def test_a_pattern_admits_an_id(template: dict[str, Any], name: str, value: str) -> None:
    """As the consoles show it, and empty."""
    pattern = template["Parameters"][name]["AllowedPattern"]
    assert re.search(pattern, value)
    assert re.search(pattern, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SlackWorkspaceId", "my-team"),
        ("SlackWorkspaceId", "https://my-team.slack.com"),
        ("SlackChannelId", "#alerts"),
        ("SlackChannelId", "c0123abcdef"),
        ("TeamsTenantId", "contoso.onmicrosoft.com"),
        ("TeamsTeamId", "12345678abcdabcdabcd1234567890ab"),
        ("TeamsTeamId", "Operations"),
        ("TeamsChannelId", "19:b6ef35dc342d56ba5654e6fc6d25a071@thread.tacv2"),
        ("TeamsChannelId", "General"),
    ],
)
def test_a_pattern_refuses_what_is_no_id(template: dict[str, Any], name: str, value: str) -> None:
    """Names and links look like ids to a person in a hurry."""
    assert not re.search(template["Parameters"][name]["AllowedPattern"], value)


def test_a_topic_without_a_subscription_is_told(translated: dict[str, Any]) -> None:
    """Counted hourly, so judged by the hour; an hour without a count changes nothing."""
    alarm = translated["Resources"]["NoSubscriptionAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("UdtsMonitor", "Subscribers")
    assert alarm["Dimensions"] == translated["Resources"]["NoRunsAlarm"]["Properties"]["Dimensions"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["Period"] == 3600
    assert alarm["TreatMissingData"] == "ignore"
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"] == 2
